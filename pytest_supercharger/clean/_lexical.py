"""A line-by-line scanner that knows whether a line ends inside a string or a bracket, in code that need not parse."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

__all__ = ["CLOSERS", "OPENERS", "Scanner", "Token", "tokens"]

OPENERS = {"(": ")", "[": "]", "{": "}"}
CLOSERS = {closer: opener for opener, closer in OPENERS.items()}

_QUOTES = frozenset("\"'")
_NEXT = re.compile(r"[\"'#()\[\]{}]")
_TOKEN = re.compile(
    r"(?P<blank>\s+)|(?P<comment>#.*)"
    r"|(?P<string>(?i:rb|br|f|fr|rf|r|b|u)?(?:'''.*?(?:'''|$)|\"\"\".*?(?:\"\"\"|$)"
    r"|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"))"
    r"|(?P<number>0[xXoObB]\w+|(?:\d[\d_]*(?:\.(?!\s*[^\W\d])[\d_]*)?|\.\d[\d_]*)(?:[eE][-+]?\d+)?[jJ]?)|(?P<name>[^\W\d]\w*)"
    r"|(?P<operator>\*\*=|//=|>>=|<<=|\.\.\.|[-+*/%&|^@=<>!:]=|\*\*|//|->|<<|>>|.)",
    re.DOTALL,
)


class Token(NamedTuple):  # made by the hundred for every text of a search: a dataclass takes twice the time
    """A piece of one line; `kind` is string, number, name or operator."""

    kind: str
    text: str
    start: int
    end: int


def tokens(line: str, start: int = 0) -> list[Token]:
    """Return the tokens of a line that begins in code, from column `start`; blanks and comments are left out."""
    found: list[Token] = []
    lost = ""  # quotes that nothing closes: to look for the end again behind each of them would take too long
    at = start
    while at < len(line):
        for match in _token(lost).finditer(line, at):
            at = match.end()
            if match.lastgroup not in {"blank", "comment"}:
                kind = "operator" if match.lastgroup == "lost" else match.lastgroup or ""
                found.append(Token(kind, match.group(), match.start(), at))
            if match.group() in _QUOTES and match.group() not in lost:
                lost += match.group()
                break
    return found


@functools.cache
def _token(lost: str) -> re.Pattern[str]:
    """Return the pattern of a token in which these quotes are signs and begin no string."""
    return re.compile(rf"(?P<lost>[{lost}])|{_TOKEN.pattern}", re.DOTALL) if lost else _TOKEN


class Scanner:
    """Follows strings, comments and brackets from line to line."""

    __slots__ = ("brackets", "code_at", "comment_at", "open_at", "quote")

    def __init__(self) -> None:
        self.quote = ""  # of the triple-quoted string that is open, "" when none is
        self.brackets: list[str] = []  # the openers that wait for their closers
        self.code_at = 0  # column where a string of an earlier line ended on the last line
        self.comment_at = -1  # column of the comment of the last line, -1 when it had none
        self.open_at = -1  # column of a one-line string that the last line left open, -1 when it had none

    @property
    def in_string(self) -> bool:
        """Tell whether a triple-quoted string is open."""
        return bool(self.quote)

    def feed(self, line: str) -> Scanner:
        """Read one line and return the scanner itself; a one-line string left open ends with its line."""
        self.comment_at = self.open_at = -1
        at = self.code_at = self._string(line, 0) if self.quote else 0
        while not self.quote and (match := _NEXT.search(line, at)):
            at = match.start()
            if line[at] == "#":
                self.comment_at = at
                break
            at = self._code(line, at)
        if len(self.quote) == 1:
            self.quote = ""
        return self

    def _string(self, line: str, at: int) -> int:
        while at < len(line):
            if line[at] == "\\":
                at += 2
            elif line.startswith(self.quote, at):
                at += len(self.quote)
                self.quote = ""
                return at
            else:
                at += 1
        return at

    def _code(self, line: str, at: int) -> int:
        char = line[at]
        if char in "\"'":
            self.quote = char * 3 if line.startswith(char * 3, at) else char
            end = self._string(line, at + len(self.quote))
            self.open_at = at if len(self.quote) == 1 else -1
            return end
        if char in OPENERS:
            self.brackets.append(char)
        elif self.brackets and self.brackets[-1] == CLOSERS[char]:
            self.brackets.pop()
        return at + 1
