"""A line-by-line scanner that knows whether a line ends inside a string or a bracket, in code that need not parse."""

from __future__ import annotations

__all__ = ["CLOSERS", "OPENERS", "Scanner"]

OPENERS = {"(": ")", "[": "]", "{": "}"}
CLOSERS = {closer: opener for opener, closer in OPENERS.items()}


class Scanner:
    """Follows strings, comments and brackets from line to line."""

    __slots__ = ("brackets", "comment_at", "quote")

    def __init__(self) -> None:
        self.quote = ""  # of the triple-quoted string that is open, "" when none is
        self.brackets: list[str] = []  # the openers that wait for their closers
        self.comment_at = -1  # column of the comment of the last line, -1 when it had none

    @property
    def in_string(self) -> bool:
        """Tell whether a triple-quoted string is open."""
        return bool(self.quote)

    def feed(self, line: str) -> Scanner:
        """Read one line and return the scanner itself; a one-line string left open ends with its line."""
        at = 0
        self.comment_at = -1
        while at < len(line):
            if self.quote:
                at = self._string(line, at)
            elif line[at] == "#":
                self.comment_at = at
                return self
            else:
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
            return at + len(self.quote)
        if char in OPENERS:
            self.brackets.append(char)
        elif char in CLOSERS and self.brackets and self.brackets[-1] == CLOSERS[char]:
            self.brackets.pop()
        return at + 1
