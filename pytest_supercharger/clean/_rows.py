"""The lines of code that need not parse, with what the repair asks of them: statements, margins, open brackets."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from pytest_supercharger.clean._lexical import CLOSERS, OPENERS, Scanner, tokens

__all__ = ["HEADER", "Line", "Rows"]

HEADER = re.compile(r"\s*(?:async\s+)?(?:def|class|if|elif|else|for|while|with|try|except|finally|match|case)\b")
# What begins a statement even where a bracket above was left open: none of it can stand inside an expression.
_BEGINS = re.compile(
    r"\s*(?:def\s+\w+\s*\(|class\s+\w+\s*[:(]|return\b|raise\b|assert\b|import\s|from\s+\S+\s+import\b|@\w|del\s"
    r"|global\s|nonlocal\s|(?:pass|break|continue)\s*$|(?:try|finally|else)\s*:\s*$|(?:elif|except|while|with)\b.*:\s*$)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One logical line: a statement, or the header of one."""

    first: int  # row
    last: int  # row
    width: int  # of its margin
    unclosed: tuple[tuple[str, int, int], ...]  # opener, row, column of the brackets it leaves open
    opens_block: bool  # it ends with a colon


class Rows:
    """The rows of a text, counted from 0."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.inside = [False] * len(self.lines)  # the row begins inside a string
        self.comment_at = [-1] * len(self.lines)
        self.open_at = [-1] * len(self.lines)
        self.code_at = [0] * len(self.lines)
        self._read()

    def _read(self) -> None:
        scanner = Scanner()
        for row, line in enumerate(self.lines):
            self.inside[row] = scanner.in_string
            scanner.feed(line)
            self.comment_at[row] = scanner.comment_at
            self.open_at[row] = scanner.open_at
            self.code_at[row] = scanner.code_at
        self.in_string = scanner.in_string

    def code(self, row: int) -> str:
        """Return the row without its comment and trailing blanks."""
        at = self.comment_at[row]
        return (self.lines[row] if at < 0 else self.lines[row][:at]).rstrip()

    def comment(self, row: int) -> str:
        """Return the comment of the row as it is appended to code, "" when it has none."""
        at = self.comment_at[row]
        return "" if at < 0 else "  " + self.lines[row][at:]

    def width(self, row: int) -> int:
        """Return the width of the row's margin."""
        line = self.lines[row]
        return len(line) - len(line.lstrip())

    def blank(self, row: int) -> bool:
        """Tell whether nothing but a comment stands in the row."""
        return not self.inside[row] and not self.code(row).strip()

    @cached_property
    def logical(self) -> list[Line]:
        """Return the logical lines; one with a lost closing bracket ends where a statement clearly begins."""
        found: list[Line] = []
        row = 0
        while row < len(self.lines):
            if self.blank(row):
                row += 1
                continue
            line = self._line(row)
            found.append(line)
            row = line.last + 1
        return found

    def _line(self, first: int) -> Line:
        width = self.width(first)
        brackets: list[tuple[str, int, int]] = []
        row = last = first
        while True:
            last = row
            self._brackets(row, brackets)
            row += 1
            if row >= len(self.lines):
                break
            if self.inside[row]:
                continue
            if brackets and not self._begins(row, width) and not self._ends_header(first, row - 1):
                continue
            if not self.lines[row - 1].endswith("\\"):
                break
        while last > first and self.blank(last):
            last -= 1
        return Line(
            first=first,
            last=last,
            width=width,
            unclosed=tuple(brackets),
            opens_block=self.code(last).endswith(":") and not self.in_string,
        )

    def _begins(self, row: int, width: int) -> bool:
        line = self.lines[row]
        if self.blank(row):
            return False
        if self.width(row) <= width and line.lstrip()[:1] not in tuple(")]}") and not line.lstrip().startswith(":"):
            return True
        return _BEGINS.match(line) is not None

    def _ends_header(self, first: int, row: int) -> bool:
        return self.code(row).endswith(":") and HEADER.match(self.lines[first]) is not None

    def _brackets(self, row: int, brackets: list[tuple[str, int, int]]) -> None:
        for token in tokens(self.lines[row], self.code_at[row]):
            if token.text in OPENERS:
                brackets.append((token.text, row, token.start))
            elif token.text in CLOSERS and brackets and brackets[-1][0] == CLOSERS[token.text]:
                brackets.pop()

    def at(self, row: int) -> int:
        """Return the index of the logical line the row belongs to, or of the next one."""
        return next((i for i, line in enumerate(self.logical) if line.last >= row), len(self.logical) - 1)

    @cached_property
    def step(self) -> int:
        """Return by how much a block is indented in this text."""
        pairs = itertools.pairwise(line for line in self.logical if "\t" not in self.lines[line.first][: line.width])
        steps = Counter(b.width - a.width for a, b in pairs if a.opens_block and b.width > a.width)
        step = steps.most_common(1)[0][0] if steps else 4
        # A header that slid left has a body that stands too deep.
        return 4 if step == 8 and any(line.width % 8 == 4 for line in self.logical) else step

    def levels(self, index: int) -> list[int]:
        """Return the margins that the logical line `index` may have, going by those above it; widest first."""
        found: list[int] = []
        above = self.logical[:index][::-1]
        if above and above[0].opens_block:
            found.append(above[0].width + self.step)
        for line in above:
            if not found or line.width < found[-1]:
                found.append(line.width)
        return found or [0]
