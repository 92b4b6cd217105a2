"""A source text as physical rows and logical lines, and edits of its spans."""

from __future__ import annotations

import bisect
import io
import re
import tokenize
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_supercharger.errors import SourceError
from pytest_supercharger.source import Positions

if TYPE_CHECKING:
    import ast
    from collections.abc import Sequence

__all__ = ["Edit", "LogicalLine", "Page", "apply", "is_blank", "is_comment", "is_directive"]

# What ends a row for Python's parser, and nothing else: str.splitlines() also cuts at form feeds.
_ROW = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_DIRECTIVE = re.compile(
    r"#\s*(?:noqa|type:|pragma\b|pylint:|pyright:|mypy:|ruff:|flake8|nosec|fmt:|isort:|pyre-)", re.I
)
_IGNORED = frozenset({tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Put `text` in the place of the characters from `start` up to `end`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalLine:
    """The rows, from 1 and inclusive, and the tokens of one logical line; simple statements may share it."""

    first: int
    last: int
    tokens: tuple[tokenize.TokenInfo, ...] = field(repr=False)


class Page:
    """A text with the tables that answer which rows a statement takes."""

    def __init__(self, text: str, *, newline: str = "\n", name: str = "<source>") -> None:
        self.text = text
        self.newline = newline
        self.name = name
        self.rows = _ROW.findall(text)
        self.positions = Positions(text)
        self.tokens = _tokens(self.rows, name)
        self.comments = [token for token in self.tokens if token.type == tokenize.COMMENT]
        self.logical = _logical(self.tokens)
        self._firsts = [line.first for line in self.logical]

    def line_of(self, row: int) -> LogicalLine:
        """Return the logical line that row `row` is part of."""
        line = self.logical[bisect.bisect_right(self._firsts, row) - 1]
        if not line.first <= row <= line.last:
            raise SourceError(f"{self.name}:{row}: no statement stands here; report this file as a bug")
        return line

    def start(self, row: int) -> int:
        """Return the index of the first character of a row."""
        return self.positions.line_start(row)

    def indent(self, row: int) -> str:
        """Return the blanks and tabs a row begins with."""
        return _indent_of(self.rows[row - 1])

    def comments_in(self, first: int, last: int) -> list[tokenize.TokenInfo]:
        """Return the comments in these rows."""
        return [token for token in self.comments if first <= token.start[0] <= last]

    def insert(self, index: int, text: str) -> Edit:
        """Return the edit that puts whole rows at the start of a row, or after the last one."""
        if index == len(self.text) and self.rows and not self.rows[-1].endswith(("\r", "\n")):
            text = self.newline + text.removesuffix(self.newline)
        return Edit(start=index, end=index, text=text)

    def span(self, node: ast.stmt | ast.expr) -> tuple[int, int]:
        """Return the indexes where a node starts and ends."""
        return self.positions.span(node)

    def span_of(self, alias: ast.alias) -> tuple[int, int]:
        """Return the indexes where one name of an import starts and ends."""
        last, column = alias.end_lineno or alias.lineno, alias.end_col_offset or alias.col_offset
        return self.positions.index(alias.lineno, alias.col_offset), self.positions.index(last, column)


def apply(text: str, edits: Sequence[Edit]) -> str:
    """Return `text` with all edits done; where two touch, the one that was made first comes first."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < at:
            raise SourceError(f"two changes meet at character {edit.start}; fill one of these stubs at a time")
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]])


def is_blank(row: str) -> bool:
    """Say whether a row holds nothing but white space."""
    return not row.strip(" \t\f\r\n")


def is_comment(row: str) -> bool:
    """Say whether a row holds a comment only."""
    return row.lstrip(" \t\f").startswith("#")


def is_directive(comment: str) -> bool:
    """Say whether a comment speaks to a tool about its own line, and goes when that line goes."""
    return _DIRECTIVE.match(comment) is not None


def _indent_of(row: str) -> str:
    return row[: len(row) - len(row.lstrip(" \t\f"))].lstrip("\f")


def _tokens(rows: Sequence[str], name: str) -> list[tokenize.TokenInfo]:
    # tokenize knows no lone carriage return, so each row gets the end that it does know.
    text = "".join(row.rstrip("\r\n") + "\n" if row.endswith(("\r", "\n")) else row for row in rows)
    try:
        return list(tokenize.generate_tokens(io.StringIO(text, newline="\n").readline))
    except (tokenize.TokenError, SyntaxError) as error:
        raise SourceError(f"{name}: cannot be read as tokens ({error}); correct it and run again") from error


def _logical(tokens: Sequence[tokenize.TokenInfo]) -> list[LogicalLine]:
    found: list[LogicalLine] = []
    current: list[tokenize.TokenInfo] = []
    for token in tokens:
        if token.type not in _IGNORED:
            current.append(token)
        if token.type == tokenize.NEWLINE:
            found.append(LogicalLine(first=current[0].start[0], last=token.start[0], tokens=tuple(current)))
            current = []
    return found
