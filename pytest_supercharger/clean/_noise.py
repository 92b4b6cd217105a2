"""Moves for lines that are no code: prose, fences, comments of other languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_supercharger.clean._move import Fault, Move, dropped, replaced
from pytest_supercharger.clean._prose import looks_like_code
from pytest_supercharger.clean._rows import Rows

__all__ = ["is_sentence", "noise"]


def noise(rows: Rows, fault: Fault) -> Iterator[Move]:
    """Yield the moves that drop what is no code in the line of the fault, or in the paragraph it begins."""
    line = rows.lines[fault.row].strip()
    if not line:
        return
    if line.startswith("//"):
        yield replaced(fault.row, rows.lines[fault.row].replace("//", "#", 1), 0.5, "a comment sign became '#'")
    if re.fullmatch(r"(`{3,}|~{3,})\w*", line):
        yield dropped(fault.row, fault.row, 0.5, "a fence taken out")
    elif _reads(line):
        yield dropped(fault.row, fault.row, 0.9 if is_sentence(line) else 2.0, "a sentence taken out")
        end = fault.row
        while end + 1 < len(rows.lines) and _reads(rows.lines[end + 1].strip() or line):
            end += 1
        if end > fault.row:
            yield dropped(fault.row, end, 1.2, "sentences taken out")


def is_sentence(line: str) -> bool:
    """Tell whether the line is a sentence with its end."""
    line = line.strip()
    return line.endswith((".", ":", "!")) and re.search(r"\w \w+ \w", line) is not None and _reads(line)


def _reads(line: str) -> bool:
    """Tell whether the line reads like a sentence, not like code."""
    return not looks_like_code(line) and re.match(r"[A-Za-z*\-\d]", line) is not None and " " in line
