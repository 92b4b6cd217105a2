"""The edits a repair may try where the parser stopped, each with its price; small and plausible is cheap.

The search in `repair` knows nothing of Python; a new kind of damage is a new function here. Wordings are those of
CPython 3.10 to 3.14.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_supercharger.clean._lexical import OPENERS, Scanner
from pytest_supercharger.clean._prose import looks_like_code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["moves", "plain_characters"]

_Move = tuple[float, list[str]]

_HEADER = re.compile(r"\s*(?:async\s+)?(?:def|class|if|elif|else|for|while|with|try|except|finally|match|case)\b")
_BLANKS = dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000"), " ")
_NOTHING = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_QUOTES = {
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u2032"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u2033"), '"'),
}
_DASHES = {
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212"), "-"),
    0xFF1A: ":",
    0xFF0C: ",",
    0xFF08: "(",
    0xFF09: ")",
}


def moves(text: str, error: SyntaxError) -> Iterator[tuple[float, str]]:
    """Yield (price, changed text) for every edit that may mend `error`."""
    lines = text.split("\n")
    row = min(max((error.lineno or 1) - 1, 0), len(lines) - 1)
    for kind in _KINDS:
        for price, changed in kind(lines, row, error):
            yield price, "\n".join(changed)


def plain_characters(text: str) -> str:
    """Return the text with typographic blanks, quotes and dashes as Python knows them."""
    return text.translate({**_BLANKS, **_NOTHING, **_QUOTES, **_DASHES})


def _with(lines: list[str], row: int, line: str) -> list[str]:
    return [*lines[:row], line, *lines[row + 1 :]]


def _characters(lines: list[str], row: int, error: SyntaxError) -> Iterator[_Move]:
    line = plain_characters(lines[row])
    if line != lines[row]:
        yield 0.5, _with(lines, row, line)
    blanks = [each.translate({**_BLANKS, **_NOTHING}) for each in lines]
    if blanks != lines:
        yield 0.6, blanks


def _colon(lines: list[str], row: int, error: SyntaxError) -> Iterator[_Move]:
    if "expected ':'" not in error.msg and not _HEADER.match(lines[row]):
        return
    line = lines[row]
    at = Scanner().feed(line).comment_at
    code, comment = (line, "") if at < 0 else (line[:at], line[at:])
    if code.rstrip().endswith((":", "\\")):
        return
    yield 1.0, _with(lines, row, code.rstrip() + ":" + ("  " + comment if comment else ""))


def _indent(lines: list[str], row: int, error: SyntaxError) -> Iterator[_Move]:
    if "expected an indented block" in error.msg and lines[row].strip():
        yield 1.0, _with(lines, row, "    " + lines[row])
        margin = _width(lines[row])
        end = row
        while end < len(lines) and (not lines[end].strip() or _width(lines[end]) >= margin):
            if end > row and re.match(r"\s*(?:async\s+def|def|class|@)\b", lines[end]) and _width(lines[end]) == margin:
                break
            end += 1
        moved = [("    " + line if line.strip() else line) for line in lines[row:end]]
        yield 1.5, [*lines[:row], *moved, *lines[end:]]
    elif isinstance(error, IndentationError) and lines[row].strip():
        yield from _realign(lines, row)


def _realign(lines: list[str], row: int) -> Iterator[_Move]:
    here = _width(lines[row])
    above = [line for line in lines[:row] if line.strip()]
    widths = {_width(line) for line in above}
    if above and above[-1].rstrip().endswith(":"):
        widths.add(_width(above[-1]) + 4)
    for width in sorted(widths - {here}, key=lambda w: abs(w - here))[:4]:
        yield 1.0 + abs(width - here) / 20, _with(lines, row, " " * width + lines[row].lstrip())


def _tabs(lines: list[str], row: int, error: SyntaxError) -> Iterator[_Move]:
    if not isinstance(error, IndentationError) or not any(
        "\t" in line[: len(line) - len(line.lstrip())] for line in lines
    ):
        return
    for size in (4, 8):
        yield (
            0.7 + size / 100,
            [line[: -len(line.lstrip())].expandtabs(size) + line.lstrip() if line.strip() else "" for line in lines],
        )


def _brackets(lines: list[str], row: int, error: SyntaxError) -> Iterator[_Move]:
    column = max((error.offset or 1) - 1, 0)
    line = lines[row]
    if match := re.search(r"closing parenthesis '(.)' does not match opening parenthesis '(.)'", error.msg):
        at = line.rfind(match.group(1)) if line[column : column + 1] != match.group(1) else column
        if at >= 0:
            yield 1.0, _with(lines, row, line[:at] + OPENERS[match.group(2)] + line[at + 1 :])
            yield 1.3, _with(lines, row, line[:at] + OPENERS[match.group(2)] + line[at:])
    elif match := re.search(r"unmatched '(.)'", error.msg):
        for at in (i for i, char in enumerate(line) if char == match.group(1)):
            yield 1.0 + abs(at - column) / 100, _with(lines, row, line[:at] + line[at + 1 :])
    else:
        yield from _close(lines, row)


def _close(lines: list[str], row: int) -> Iterator[_Move]:
    """Close what stands open at the end of the line of the error, or of the lines above it."""
    scanner = Scanner()
    for at, line in enumerate(lines[: row + 3]):
        scanner.feed(line)
        if not scanner.brackets or scanner.in_string or not line.strip() or at < row - 8:
            continue
        code = line if scanner.comment_at < 0 else line[: scanner.comment_at].rstrip()
        comment = "" if scanner.comment_at < 0 else "  " + line[scanner.comment_at :]
        closer = OPENERS[scanner.brackets[-1]]
        price = 1.0 + abs(at - row) / 10
        if _HEADER.match(line) and code.rstrip().endswith(":"):  # if f(x:   the colon stays last
            yield price, _with(lines, at, code.rstrip()[:-1] + closer + ":" + comment)
        else:
            yield price, _with(lines, at, code.rstrip() + closer + comment)


def _comparison(lines: list[str], row: int, error: SyntaxError) -> Iterator[_Move]:
    if "==" not in error.msg and ":=" not in error.msg:
        return
    for match in re.finditer(r"(?<![=!<>:+\-*/%&|^])=(?!=)", lines[row]):
        yield 1.0, _with(lines, row, lines[row][: match.start()] + "==" + lines[row][match.end() :])


def _quote(lines: list[str], row: int, error: SyntaxError) -> Iterator[_Move]:
    if "unterminated string literal" not in error.msg and "EOL while scanning" not in error.msg:
        return
    line = lines[row].rstrip()
    quote = line[(error.offset or 1) - 1 : (error.offset or 1)]
    if quote not in {'"', "'"}:
        return
    yield 1.5, _with(lines, row, line + quote)
    tail = re.search(r"[)\]}:,]+$", line)
    if tail:
        for at in range(tail.start(), tail.end()):
            yield 1.4 + (at - tail.start()) / 10, _with(lines, row, line[:at] + quote + line[at:])


def _comma(lines: list[str], row: int, error: SyntaxError) -> Iterator[_Move]:
    if "forgot a comma" not in error.msg:
        return
    start, end = (error.offset or 1) - 1, (error.end_offset or 0) - 1
    for match in re.finditer(r"(?<=[\w'\")\]}])\s+(?=[\w'\"(\[{])", lines[row]):
        if start <= match.start() and (error.end_lineno != error.lineno or match.start() <= end):
            yield 1.5, _with(lines, row, lines[row][: match.start()] + "," + lines[row][match.start() :])


def _prose(lines: list[str], row: int, error: SyntaxError) -> Iterator[_Move]:
    """Drop a line that is no code: prose, a fence, a comment of another language."""
    stripped = lines[row].strip()
    if not stripped:
        return
    if stripped.startswith("//"):
        yield 0.5, _with(lines, row, lines[row].replace("//", "#", 1))
    if re.fullmatch(r"(`{3,}|~{3,})\w*", stripped):
        yield 0.5, [*lines[:row], *lines[row + 1 :]]
    elif not looks_like_code(stripped) and re.match(r"[A-Za-z*\-\d]", stripped) and " " in stripped:
        yield 2.0, [*lines[:row], *lines[row + 1 :]]
        if stripped.endswith((".", ":", "!")) and re.search(r"\w \w+ \w", stripped):
            yield 0.9, [*lines[:row], *lines[row + 1 :]]


_KINDS: tuple[Callable[[list[str], int, SyntaxError], Iterator[_Move]], ...] = (
    _characters,
    _colon,
    _indent,
    _tabs,
    _brackets,
    _comparison,
    _quote,
    _comma,
    _prose,
)


def _width(line: str) -> int:
    return len(line) - len(line.lstrip())
