"""One block of code in a dialect: transcripts, diffs, line numbers, notebooks; plain Python stays as it is."""

from __future__ import annotations

import html
import re
import textwrap
from typing import TYPE_CHECKING

from pytest_supercharger.clean._lexical import Scanner, tokens
from pytest_supercharger.clean._syntax import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["as_python"]

_TYPED = re.compile(r"\s*(?:>>>|\.\.\.)(?: (.*))?$")
_CELL = re.compile(r"\s*(?:In ?\[\d*\]:|\.{3,}:) ?(.*)$")
_NUMBERED = re.compile(r"(\s*)(\d{1,6})(\s*[|:]?)(?=\s|$)(.*)$")
_SIDE = re.compile(r"([<=>])\1{4,6}(?: \w+)?$")
_HUNK = re.compile(r"(?:@@ .*|diff --git .*|index [0-9a-f]+\.\..*|--- .*|\+\+\+ .*|\\ No newline.*)$")
_MAGIC = re.compile(r"[%!][%\w]|\?\w|\w+\?$")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|#39|#x27|nbsp);")


def as_python(code: str) -> str:
    """Return the Python that a block of another dialect stands for; a block that parses is never touched."""
    if parse(code) is not None or parse(textwrap.dedent(code)) is not None:
        return code
    for reading in _READINGS:
        read = reading(code)
        if read is not None and read.strip():
            code = read
    return code


def _transcript(code: str) -> str | None:
    """What was typed in a REPL, its output left out."""
    lines = code.split("\n")
    if not any(line.lstrip().startswith(">>> ") for line in _outside_strings(lines)):
        return None
    return "\n".join(match.group(1) or "" for line in lines if (match := _TYPED.match(line)))


def _outside_strings(lines: list[str]) -> Iterator[str]:
    """The lines that do not begin in a string: an example in a docstring is no transcript."""
    scanner = Scanner()
    for line in lines:
        if not scanner.in_string:
            yield line
        scanner.feed(line)


def _cells(code: str) -> str | None:
    """What was typed in IPython."""
    lines = code.split("\n")
    if not any(re.match(r"\s*In ?\[\d*\]:", line) for line in _outside_strings(lines)):
        return None
    return "\n".join(match.group(1) for line in lines if (match := _CELL.match(line)))


def _replacement(code: str) -> str | None:
    """The new text of search-and-replace blocks, and what stands between them."""
    kept: list[str] = []
    side = ""
    for line in code.split("\n"):
        mark = _SIDE.match(line)
        if mark is None:
            kept += [] if side == "<" else [line]
        elif (side, mark.group(1)) not in {("", "<"), ("<", "="), ("=", ">")}:
            return None
        else:
            side = "" if mark.group(1) == ">" else mark.group(1)
    return "\n".join(kept) if "<<<<<" in code and not side else None


def _patched(code: str) -> str | None:
    """The new side of a diff."""
    lines = code.split("\n")
    marked = [line for line in lines if line.strip() and not _HUNK.match(line)]
    if not any(line.startswith("+") for line in marked) or any(line[0] not in "+- \t" for line in marked):
        return None
    return "\n".join(line[1:] for line in lines if not _HUNK.match(line) and not line.startswith("-"))


def _unnumbered(code: str) -> str | None:
    """The code without the line numbers in front."""
    lines = code.split("\n")
    matches = [_NUMBERED.match(line) for line in lines]
    numbered = [match for match in matches if match]
    numbers = [int(match.group(2)) for match in numbered]
    if len(numbers) < 2 or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return None
    if any(line.strip() and not match for line, match in zip(lines, matches, strict=True)):
        return None
    # Blanks for the number keep the columns, whichever side it was aligned to.
    bare = (" " * match.start(4) + match.group(4) if match.group(4).strip() else "" for match in numbered)
    return textwrap.dedent("\n".join(bare))


def _without_magic(code: str) -> str | None:
    """The code without the commands of a notebook."""
    lines = code.split("\n")
    scanner = Scanner()
    # In a string of several rows `%d items` is text.
    kept = [line for line in lines if not (_MAGIC.match(line) and not scanner.in_string) and scanner.feed(line)]
    return "\n".join(kept) if len(kept) < len(lines) else None


def _unescaped(code: str) -> str | None:
    """The code without HTML entities, where it is one of them that keeps it from parsing."""
    if not _ENTITY.search(code) or parse(code) is not None:
        return None
    read = html.unescape(code).replace("\u00a0", " ")
    return read if parse(read) is not None or _entity_in_code(code) else None


def _entity_in_code(code: str) -> bool:
    """Tell whether an entity stands outside of strings: in one, what replaces `&` by `&amp;` may mean it."""
    scanner = Scanner()
    for line in code.split("\n"):
        scanner.feed(line)
        starts = {match.start() for match in _ENTITY.finditer(line)}
        if starts and any(token.text == "&" and token.start in starts for token in tokens(line, scanner.code_at)):
            return True
    return False


_READINGS: tuple[Callable[[str], str | None], ...] = (
    _transcript,
    _cells,
    _replacement,
    _patched,
    _unnumbered,
    _without_magic,
    _unescaped,
)
