"""What stands around an answer as a whole: thinking aloud, chat tokens, HTML, JSON; peeled off one after the other."""

from __future__ import annotations

import bisect
import html
import json
import re
from typing import TYPE_CHECKING

from pytest_supercharger.clean._syntax import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["normalise", "views"]

_MARKS = dict.fromkeys(map(ord, "\ufeff\x00"))
_THOUGHTS = "think|thinking|thought|thoughts|reasoning|analysis|reflection|scratchpad"
_THOUGHT = re.compile(rf"\s*<({_THOUGHTS})>", re.I)
# Alone at an end of its line: in a string of the code it is text.
_THOUGHT_ENDS = re.compile(rf"(?:^[ \t]*</(?:{_THOUGHTS})>|</(?:{_THOUGHTS})>[ \t]*$)", re.I | re.M)
_FENCE = re.compile(r"^[ \t]*(?:```[^`\n]*|~~~.*)$", re.M)
_FINAL = re.compile(r"<\|channel\|>final<\|message\|>")
_TURN_ENDS = re.compile(
    r"<\|(?:im_end|endoftext|end_of_text|eot_id|eom_id|end|eot|return|call|user|im_start\|>user)\|?>"
    r"|</s>|<eos>|<EOT>|<end_of_turn>|<\uff5cend\u2581of\u2581sentence\uff5c>|\[INST\]|^\[\|Human\|\]",
    re.M,
)
_TOKEN = re.compile(
    r"<\|im_start\|>\w*\n?|<\|[a-z_]{2,30}\|>|<\uff5c[^\uff5c\n]{2,30}\uff5c>|<s>|<pad>|<start_of_turn>\w*\n?"
    r"|\[/INST\] ?|<</?SYS>>",
)
_HTML_CODE = re.compile(r"<(pre|code)\b[^<>\n]*>")
_HTML_TAG = re.compile(r"</?(?:pre|code|span|br|div|p)\b[^<>]*>", re.I)
_JSON_START = re.compile(r"""^[ \t]*(?:```\w*\s*|<\w+>\s*)?([{\["])""", re.M)
_JSON_TRIES = 8


def normalise(text: str) -> str:
    """Return `text` with plain line ends, without byte-order marks, NUL bytes and a reasoning section."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_MARKS)
    # A reasoning model thinks aloud, in fences too; only what follows is the answer.
    while opening := _THOUGHT.match(text):
        _, closing, rest = text.partition(f"</{opening.group(1)}>")
        if not closing:
            return ""
        text = rest
    ends = [match.end() for match in _THOUGHT_ENDS.finditer(text)]
    if not ends or parse(text) is not None:
        return text
    fences = [match.start() for match in _FENCE.finditer(text)]
    # Behind one half of the fences of a block and before the other half it is text of the code.
    ends = [end for end in ends if not (bisect.bisect(fences, end) % 2 and len(fences) % 2 == 0)]
    return text[ends[-1] :] if ends else text


def views(text: str) -> Iterator[str]:
    """Yield the answer as it is, then, where they differ, with chat tokens, HTML and JSON taken off."""
    plain = normalise(text)
    yield plain
    turn = _one_turn(plain)
    if turn != plain:
        yield turn
    if unmarked := _html(turn):
        yield unmarked
    if strings := _json(turn):
        yield strings


def _one_turn(text: str) -> str:
    """Return the first turn of the answer that says anything, without the tokens of a chat."""
    text = _FINAL.split(text)[-1]
    pieces = (_TOKEN.sub("", piece) for piece in _TURN_ENDS.split(text))
    return next((piece for piece in pieces if piece.strip()), "")


def _html(text: str) -> str:
    """Return the code elements of a page, each in a fence; "" when there are none."""
    found: list[str] = []
    opening = _HTML_CODE.search(text)
    while opening is not None:
        end = text.find(f"</{opening.group(1)}>", opening.end())
        if end < 0:
            break
        found.append(_HTML_TAG.sub("", text[opening.end() : end]))
        opening = _HTML_CODE.search(text, end)
    return "\n".join(f"```\n{html.unescape(code).strip(chr(10))}\n```" for code in found if "\n" in code)


def _json(text: str) -> str:
    """Return the strings of a JSON value that look like code, each in a fence; "" when there are none."""
    for count, match in enumerate(_JSON_START.finditer(text)):
        if count == _JSON_TRIES:
            break
        try:
            value, _ = json.JSONDecoder(strict=False).raw_decode(text, match.start(1))
        except (ValueError, RecursionError):
            continue
        found = [s for s in _strings(value) if re.search(r"(?:^|\n)[ \t]*(?:async def|def|class|assert|return)\b", s)]
        if found:
            return "\n\n".join(s if "```" in s else f"````python\n{s}\n````" for s in found)
    return ""


def _strings(value: object) -> Iterator[str]:
    stack = [value]
    while stack:
        at = stack.pop()
        if isinstance(at, str):
            yield at
        elif isinstance(at, dict):
            stack.extend(reversed(at.values()))
        elif isinstance(at, list):
            stack.extend(reversed(at))
