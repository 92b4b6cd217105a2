"""What a tour came to, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["details", "failed", "text"]

Row = Mapping[str, Any]
_HEAD = ("project", "stubs", "filled", "abstained", "wrong", "before", "after", "only bodies", "seconds", "note")


def failed(row: Row) -> bool:
    """Whether a replayed project is not what it has to be: all filled, as green as before, nothing else changed."""
    return bool("problem" in row or row["open"] or row["wrong"] or row["worse"] or row["outside"])


def text(rows: Mapping[str, Row]) -> str:
    """A line a project, then the reasons of what stayed open."""
    cells = [_HEAD, *(_cells(name, row) for name, row in rows.items())]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    reasons = [
        f"{name}: {stub} abstained: {reason}"
        for name, row in rows.items()
        for stub, reason in row.get("open", {}).items()
    ]
    return "\n".join([*lines, *reasons])


def details(name: str, row: Row) -> str:
    """A project that was just visited."""
    lines = [f"tour: {name}: {len(row['filled'])} of {len(row['stubs'])} filled in {row['seconds']} s"]
    lines += [f"  {stub}" for stub in row["stubs"]]
    lines += [f"  open: {stub}: {reason}" for stub, reason in row["open"].items()]
    lines += [f"  wrong: {stub}" for stub in row["wrong"]]
    lines += [f"  changed outside of the bodies: {path}" for path in row["outside"]]
    lines += [f"  passes no more: {test}" for test in row["worse"][:5]]
    lines += [f"  not chosen: {count} functions: {why}" for why, count in row["left_out"].items()]
    return "\n".join(lines)


def _cells(name: str, row: Row) -> tuple[str, ...]:
    if "problem" in row:
        return (name, *("-" for _ in _HEAD[1:-1]), row["problem"])
    counts = (len(row[key]) for key in ("stubs", "filled", "open", "wrong"))
    limited = "no" if row["outside"] else "yes"
    return (
        name,
        *map(str, counts),
        row["before"],
        row["after"] + (f" ({len(row['worse'])} worse)" if row["worse"] else ""),
        limited,
        str(row["seconds"]),
        row["note"],
    )
