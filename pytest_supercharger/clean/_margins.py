"""Moves for indentation: one line, a run of lines or a block goes to a margin that stands open there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pytest_supercharger.clean._move import Fault, Move
from pytest_supercharger.clean._rows import Line, Rows

__all__ = ["margins"]

_CLAUSE = re.compile(r"\s*(?:else|elif|except|finally|case)\b")
_DEFINITION = re.compile(r"\s*(?:async\s+def|def|class|@)\b|\s*@")
_FUNCTION = re.compile(r"\s*(?:async\s+)?def\b")


def margins(rows: Rows, fault: Fault) -> Iterator[Move]:
    """Yield the moves that change margins around the fault."""
    if not rows.logical:
        return
    index = rows.at(fault.row)
    if "tabs" in fault.message or (fault.margin and _has_tabs(rows)):
        yield from _tabs(rows)
        return
    clause = _CLAUSE.match(rows.lines[rows.logical[index].first]) is not None
    if "expected an indented block" in fault.message:
        yield from _body(rows, index, fault)
    elif fault.margin:
        yield from _levels(rows, index)
        yield from _block(rows, index)
        yield from _above(rows, index)
        yield from _owner(rows, index)
        if "outside function" in fault.message:
            yield from _slid(rows, index)
    elif clause or "expected 'except'" in fault.message:
        yield from _levels(rows, index, base=1.1)
        yield from _above(rows, index, base=1.2)
        if index and rows.logical[index - 1].width == rows.logical[index].width:  # slid out of the clause above
            yield _moved(rows, [rows.logical[index - 1]], rows.step, 1.0)


def _has_tabs(rows: Rows) -> bool:
    return any("\t" in rows.lines[line.first][: line.width] for line in rows.logical)


def _tabs(rows: Rows) -> Iterator[Move]:
    for size in (4, 8):
        changed = list(rows.lines)
        for line in rows.logical:
            text = changed[line.first]
            changed[line.first] = text[: line.width].expandtabs(size) + text[line.width :]
        price = 0.7 + size / 100
        yield Move(price=price, first=0, end=len(changed), lines=tuple(changed), note="tabs became blanks")


def _body(rows: Rows, index: int, fault: Fault) -> Iterator[Move]:
    """The line below a header stands no deeper than the header."""
    line, above = rows.logical[index], rows.logical[index - 1] if index else None
    if above is None or not above.opens_block or line.first < fault.row:
        return
    target = above.width + rows.step
    if line.width <= above.width:
        function = _FUNCTION.match(rows.lines[above.first]) is not None
        one, many = (1.25, 1.0) if function else (1.0, 1.25)
        for price, end in _ends(rows, index):
            lines = rows.logical[index : end + 1]
            yield _moved(rows, lines, target - line.width, one if end == index else many + price)
    header = line.width - rows.step
    if 0 <= header < above.width:
        yield _moved(rows, [above], header - above.width, 1.0)
    if not _CLAUSE.match(rows.lines[line.first]) and any(map(rows.blank, range(above.last + 1, line.first))):
        at = above.last + 1
        deeper = any(rows.lines[row].strip() and rows.width(row) > above.width for row in range(at, line.first))
        note = f"line {at + 1}: `pass` under a header with nothing but a comment"
        yield Move(price=0.95 if deeper else 1.6, first=at, end=at, lines=(" " * target + "pass",), note=note)


def _ends(rows: Rows, index: int) -> list[tuple[float, int]]:
    """Return where the body that begins at a logical line may end: there, before a definition, at a dedent."""
    margin = rows.logical[index].width
    end, definition = index, 0
    for at, line in enumerate(rows.logical[index + 1 :], index + 1):
        if line.width < margin:
            break
        if not definition and line.width == margin and _DEFINITION.match(rows.lines[line.first]):
            definition = at
        end = at
    ends = {index: 0.0}
    if definition:
        ends.setdefault(definition - 1, 0.0)
    ends.setdefault(end, 0.6 if definition else 0.0)
    return [(price, at) for at, price in ends.items()]


def _levels(rows: Rows, index: int, base: float = 1.0) -> Iterator[Move]:
    """The line itself goes to one of the margins above it."""
    line = rows.logical[index]
    for width in rows.levels(index):
        if width != line.width:
            yield _moved(rows, [line], width - line.width, base)


def _block(rows: Rows, index: int) -> Iterator[Move]:
    """The line and all that stands as deep or deeper below it go to one of the margins above."""
    line = rows.logical[index]
    block = [line]
    for below in rows.logical[index + 1 :]:
        if below.width < line.width:
            break
        block.append(below)
    if len(block) > 1:
        for width in rows.levels(index):
            if width != line.width:
                yield _moved(rows, block, width - line.width, 1.15)


def _above(rows: Rows, index: int, base: float = 1.0) -> Iterator[Move]:
    """The lines just above, which all have one margin, come to the margin of this one, or a header does above it."""
    line = rows.logical[index]
    run: list[Line] = []
    for above in rows.logical[:index][::-1]:
        if above.width == line.width or (run and above.width != run[0].width):
            break
        run.insert(0, above)
    if not run:
        return
    delta = line.width - run[0].width
    for count in sorted({1, len(run)}):
        yield _moved(rows, run[-count:], delta, base + (count - 1) / 10)
    if run[-1].opens_block and line.width >= rows.step:
        yield _moved(rows, run[-1:], delta - rows.step, base)


def _owner(rows: Rows, index: int) -> Iterator[Move]:
    """A header further up slid left: its body stands deeper than this line, and it does not."""
    line = rows.logical[index]
    body = line.width
    for above in rows.logical[:index][::-1]:
        if above.width < line.width < body and above.opens_block:
            yield _moved(rows, [above], line.width - above.width, 1.0)
            return
        if above.width <= line.width:
            return
        body = above.width


def _slid(rows: Rows, index: int) -> Iterator[Move]:
    """All that stands between the function above and this line, which can only stand in one, goes into it."""
    line = rows.logical[index]
    first = index
    while first and rows.logical[first - 1].width >= line.width:
        if _FUNCTION.match(rows.lines[rows.logical[first - 1].first]):
            break
        first -= 1
    while first < index and rows.logical[first].width > line.width:
        first += 1
    if first < index:
        yield _moved(rows, rows.logical[first : index + 1], rows.step, 1.1)


def _moved(rows: Rows, lines: Sequence[Line], delta: int, price: float) -> Move:
    """Return the move that shifts whole logical lines; what stands inside strings stays, flush docstrings go along."""
    first, end = lines[0].first, lines[-1].last + 1
    changed = rows.lines[first:end]
    for line in lines:
        docstring = _docstring(rows, line)
        for row in range(line.first, line.last + 1):
            text = rows.lines[row].lstrip(" ")
            if text and (docstring or not rows.inside[row]):
                changed[row - first] = " " * max(0, rows.width(row) + delta) + text
    price += abs(delta) / 40 + 0.4 * ((lines[0].width + delta) % rows.step != 0)
    direction = "right" if delta > 0 else "left"
    note = f"line {first + 1}: moved {abs(delta)} to the {direction}"
    return Move(price=price, first=first, end=end, lines=tuple(changed), note=note)


def _docstring(rows: Rows, line: Line) -> bool:
    """Tell whether the line is nothing but a text of several rows that stands flush with its first."""
    start = rows.lines[line.first].lstrip()
    if not re.match(r"[rRuU]?(?:\"\"\"|''')", start):
        return False
    below = [rows.width(row) for row in range(line.first + 1, line.last + 1) if rows.lines[row].strip()]
    return bool(below) and min(below) == line.width
