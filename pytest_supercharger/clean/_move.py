"""What a repair starts from and what it may try: where the parser stopped, and one edit with its price."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_supercharger.clean._rows import Rows

__all__ = ["Fault", "Move", "dropped", "replaced"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Where the parser stopped and what it said; rows and columns count from 0."""

    row: int
    column: int
    end: int  # column behind the last character it pointed at
    message: str
    margin: bool  # it is about indentation

    @classmethod
    def of(cls, error: SyntaxError, rows: Rows) -> Fault:
        """Return the fault that `error` tells of."""
        row = min(max((error.lineno or 1) - 1, 0), len(rows.lines) - 1)
        column = max((error.offset or 1) - 1, 0)
        same = error.end_lineno == error.lineno and (error.end_offset or 0) > 0
        return cls(
            row=row,
            column=column,
            end=(error.end_offset or 1) - 1 if same else max(column, len(rows.lines[row])),
            message=str(error.msg),
            margin=isinstance(error, IndentationError),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One edit: what it costs (1 is one character at the very place), what stands where, and how to say it."""

    price: float
    first: int  # row
    end: int  # the row behind the last that goes
    lines: tuple[str, ...]  # what comes in their place
    note: str

    def applied(self, rows: Rows) -> str:
        """Return the text after the edit."""
        return "\n".join([*rows.lines[: self.first], *self.lines, *rows.lines[self.end :]])


def replaced(row: int, line: str, price: float, note: str) -> Move:
    """Return the move that puts `line` in place of a row."""
    return Move(price=price, first=row, end=row + 1, lines=(line,), note=f"line {row + 1}: {note}")


def dropped(first: int, last: int, price: float, note: str) -> Move:
    """Return the move that takes the rows `first` to `last` out."""
    return Move(price=price, first=first, end=last + 1, lines=(), note=f"line {first + 1}: {note}")
