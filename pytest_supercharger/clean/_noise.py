"""Moves for lines that are no code: prose, fences, comments of other languages."""

from __future__ import annotations

import keyword
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
        yield dropped(fault.row, fault.row, 0.9 if is_sentence(line) else 1.6, "a sentence taken out")
        end = fault.row
        while end + 1 < len(rows.lines) and _reads(rows.lines[end + 1].strip() or line):
            end += 1
        if end > fault.row:
            yield dropped(fault.row, end, 1.2, "sentences taken out")


def is_sentence(line: str) -> bool:
    """Tell whether the line is a sentence with its end."""
    line = line.strip()
    return line.endswith((".", ":", "!", "?")) and _reads(line)


def _reads(line: str) -> bool:
    """Tell whether the line reads like a sentence; a line of code is never one, however broken."""
    if looks_like_code(line) or not re.match(r"[A-Za-z*\-\d>]", line):
        return False
    plain = re.sub(r"`[^`]*`|\*\*|\([\w ]+\)$", "", line)
    words = re.findall(r"[^\W\d_]+(?:['\u2019-]\w+)*", plain)
    if re.search(r"\w[(\[]| [-+*/%<>=!]?=|[(\[{,\\]$|\w\.\w+\(", plain) or not words:
        return False
    if keyword.iskeyword(words[0]) and len(words) < 7:
        return False
    if len(words) < 3:
        title = re.fullmatch(r"[A-Z]\w+(?: \w+)?[:!]", plain) is not None
        return title and not keyword.iskeyword(words[0].lower())
    signs = sum(plain.count(sign) for sign in "()[]{}=<>+/%|&^@_~") + len(re.findall(r"\w\.\w", plain))
    return signs * 4 <= len(words)
