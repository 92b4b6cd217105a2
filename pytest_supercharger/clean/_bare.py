"""Code without fences: runs of lines that are Python among lines that are prose."""

from __future__ import annotations

import re
import textwrap

from pytest_supercharger.clean._lexical import Scanner
from pytest_supercharger.clean._prose import looks_like_code, starts_code
from pytest_supercharger.clean._syntax import parse

__all__ = ["runs", "spans"]

_MAX_LINES = 2_000  # far above any answer
_DEFINES = re.compile(r"(?:async\s+def|def|class|import|from)\b|@\w")
_BEHIND_PROSE = re.compile(r"^[^\n\"'#()=]{1,80}?[:.][ \t]+((?:async\s+)?def\s+\w+\s*\(.*)$", re.M)
_SPAN = re.compile(
    r"(`{1,3})(?:python|py)?[ \t]*((?:(?:async\s+)?def\s+\w+\s*\(|import\s|from\s+[\w.]+\s+import\s)[^`\n]*)\1"
)


def runs(text: str) -> list[str]:
    """Return the runs of code lines in a text without fences, each dedented; none where all is prose."""
    whole = textwrap.dedent(text)
    if any(map(_DEFINES.match, whole.split("\n"))) and parse(whole) is not None:
        return [text.strip("\n").rstrip()]  # what only looks like prose stands in a docstring
    text = _BEHIND_PROSE.sub(r"\1", text)
    lines = text.split("\n")[:_MAX_LINES]
    found: list[str] = []
    row = 0
    while row < len(lines):
        if lines[row][:1].isspace() or not starts_code(lines[row]):
            row += 1
            continue
        end = _end(lines, row)
        found.append("\n".join(lines[row:end]).rstrip())
        row = end
    indented = _indented(lines)
    if not any(_DEFINES.match(line) for run in found for line in run.split("\n")):
        found = indented or found
    return found


def _end(lines: list[str], start: int) -> int:
    """Return the row behind the run that starts here: the next line of prose in column 0."""
    scanner = Scanner()
    defined = False
    for row in range(start, len(lines)):
        line = lines[row]
        inside = scanner.in_string or bool(scanner.brackets)
        if line.strip() and not line[0].isspace() and not inside:
            if not looks_like_code(line):
                return row
            defines = bool(_DEFINES.match(line))
            # Prose that looks like a statement ("for every number: ...") must not drag the code down with it.
            if defines and not defined and row > start and parse("\n".join(lines[start:row])) is None:
                return row
            defined = defined or defines
        scanner.feed(line)
    return len(lines)


def _indented(lines: list[str]) -> list[str]:
    """Return the paragraphs of indented code: old markdown, or a body that goes on from a header of ours."""
    found: list[str] = []
    row = 0
    while row < len(lines):
        line = lines[row]
        margin = line[: len(line) - len(line.lstrip())]
        above = lines[row - 1].strip() if row else ""
        if not margin or above or not starts_code(line.lstrip()):
            row += 1
            continue
        end = row
        scanner = Scanner()
        while end < len(lines) and (scanner.in_string or not lines[end].strip() or lines[end].startswith(margin)):
            scanner.feed(lines[end])
            end += 1
        # An answer that begins so is code as it stands in a class; below prose the margin is markdown's.
        margin = margin if found or any(line.strip() for line in lines[:row]) else ""
        found.append("\n".join(each.removeprefix(margin) for each in lines[row:end]).rstrip())
        row = end
    return found


def spans(text: str) -> list[str]:
    """Return the inline code spans that hold a whole one-line statement."""
    return [match.group(2).strip() for match in _SPAN.finditer(text)]
