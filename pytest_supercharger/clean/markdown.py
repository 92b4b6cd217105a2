"""Where the code is in an answer: fences of both kinds, unclosed and one-line ones, bare code, REPL transcripts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_supercharger.clean._lexical import Scanner
from pytest_supercharger.clean._prose import bare_code, has_definition, only_definitions, transcript, words

__all__ = ["Block", "blocks", "code_for", "code_for_tests", "normalise"]

_OPEN = re.compile(r"^([ \t]*(?:>[ \t]?)?[ \t]*)(`{3,}|~{3,})[ \t]*([^\s`]*)[ \t]*(.*)$")
_CODE_START = re.compile(r"(?:async\s+def|def|class|import|from|assert|return|@\w)\b")
_PYTHON = frozenset({"", "python", "python3", "py", "py3", "pycon", "python-repl", "ipython", "pytest", "code", "repl"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block; `closed` is False for a last block whose fence never ends."""

    lang: str
    code: str  # lines with "\n", no newline at the end
    closed: bool


def normalise(text: str) -> str:
    """Return `text` without byte-order mark, carriage returns and a reasoning section."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "")
    # A reasoning model thinks aloud, in fences too; only what follows is the answer.
    return text.rpartition("</think>")[2]


def blocks(text: str) -> tuple[Block, ...]:
    """Return the fenced blocks of `text` in order."""
    found: list[Block] = []
    lines = normalise(text).split("\n")
    row = 0
    while row < len(lines):
        opening = _OPEN.match(lines[row])
        if opening is None:
            row += 1
            continue
        block, row = _read(lines, row, opening)
        if block is not None:
            found.append(block)
    return tuple(found)


def _read(lines: list[str], row: int, opening: re.Match[str]) -> tuple[Block | None, int]:
    margin, fence, lang, rest = opening.groups()
    if _CODE_START.match(lang) and rest:  # ``` def f(x):   the language was left out
        lang, rest = "", f"{lang} {rest}"
    one_line = rest.rstrip()
    if one_line.endswith(fence):  # ```python def f(): return 1```
        return Block(lang=lang.lower(), code=one_line[: -len(fence)].strip(), closed=True), row + 1
    inside = _inside(lines, row + 1, margin, fence)
    first = [rest] if _CODE_START.match(rest) else []  # ```python def f(x):
    body, row, closed = inside
    code = "\n".join(first + body).strip("\n")
    if not code.strip():
        return None, row
    return Block(lang=lang.lower().strip("{}."), code=code, closed=closed), row


def _inside(lines: list[str], row: int, margin: str, fence: str) -> tuple[list[str], int, bool]:
    """Return the lines up to the closing fence, the row after it, and whether there was one."""
    body: list[str] = []
    scanner = Scanner()
    for at in range(row, len(lines)):
        line = lines[at]
        if line.startswith(margin):
            line = line[len(margin) :]
        if _closes(line, fence) and not (scanner.in_string and _string_ends(lines, at + 1, scanner, fence)):
            return body, at + 1, True
        # A fence glued to the end of the last line of code closes the block too.
        if line.rstrip().endswith(fence) and not scanner.in_string and line.strip(" \t`~"):
            stripped = line.rstrip()[: -len(fence)]
            if not Scanner().feed(stripped).in_string and "#" not in stripped:
                return [*body, stripped.rstrip()], at + 1, True
        scanner.feed(line)
        body.append(line)
    return body, len(lines), False


def _closes(line: str, fence: str) -> bool:
    stripped = line.strip()
    # Four blanks or more belong to the code (CommonMark 4.5): a fence in an indented docstring.
    indent = len(line) - len(line.lstrip())
    return indent < 4 and len(stripped) >= len(fence) and not stripped.strip(fence[0])


def _string_ends(lines: list[str], row: int, scanner: Scanner, fence: str) -> bool:
    """Tell whether the open string ends further down and a fence still follows: then this one is text in it."""
    rest = lines[row:]
    for at, line in enumerate(rest):
        if scanner.quote in line:
            return any(_closes(later, fence) for later in rest[at + 1 :])
    return False


def code_for(text: str, name: str) -> str | None:
    """Return the code of an answer that should define `name`; None when there is no code at all.

    The first parsing block that defines `name` wins; others that hold nothing but helpers and imports it uses stand
    before it.
    """
    fenced = _python(text)
    if not fenced:
        return bare_code(normalise(text))
    main = next((b for b in fenced if has_definition(b, name, must_parse=True)), None)
    main = main or next((b for b in fenced if has_definition(b, name, must_parse=False)), None)
    if main is None:
        return "\n\n".join(fenced)
    others = [b for b in fenced if b is not main and not has_definition(b, name, must_parse=False)]
    wanted = [main]
    for block in reversed(others):
        if only_definitions(block) & words("\n".join(wanted)):
            wanted.insert(0, block)
    return "\n\n".join(wanted)


def code_for_tests(text: str) -> str | None:
    """Return all Python of an answer that should hold tests, block after block; None when there is none."""
    fenced = _python(text)
    return "\n\n".join(fenced) if fenced else bare_code(normalise(text))


def _python(text: str) -> list[str]:
    found = [b for b in blocks(text) if b.lang in _PYTHON or _CODE_START.match(b.code)]
    return [transcript(b.code) for b in found]
