"""Add names to a `from` import that is there, in the layout it has."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from pytest_supercharger.writeback.page import Edit, Page, is_blank

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_supercharger.writeback.import_style import ImportStyle

__all__ = ["added", "statement"]

Place = tuple[int, ast.alias]  # the index of the name that a new one stands before, and the new one


def statement(node: ast.Import | ast.ImportFrom, style: ImportStyle, *, unit: str, newline: str) -> str:
    """Return an import as text, over several rows where one would be too long."""
    text = ast.unparse(node)
    if len(text) <= style.line_length or isinstance(node, ast.Import):
        return text
    return _in_rows(node, unit=unit, newline=newline)


def _in_rows(node: ast.ImportFrom, *, unit: str, newline: str) -> str:
    header = f"from {'.' * node.level}{node.module or ''} import ("
    return newline.join([header, *(f"{unit}{ast.unparse(alias)}," for alias in node.names), ")"])


def added(page: Page, node: ast.ImportFrom, new: Sequence[ast.alias], style: ImportStyle, unit: str) -> list[Edit]:
    """Return the edits that add `new`, which are in the order of the style, to a top-level statement."""
    places = [(_place(node.names, alias, style), alias) for alias in new]
    line = page.line_of(node.lineno)
    if node.lineno == node.end_lineno:
        length = len(page.rows[node.lineno - 1].rstrip("\r\n")) + sum(len(ast.unparse(alias)) + 2 for alias in new)
        if length > style.line_length and all(token.string != ";" for token in line.tokens):
            return [_spread(page, node, places, style, unit)]
    elif all(_begins_row(page, alias) for alias in node.names):
        return list(_rows(page, node, places))
    return list(_inline(page, node.names, places, style))


def _place(names: Sequence[ast.alias], new: ast.alias, style: ImportStyle) -> int:
    """Return the index of the name that a new one stands before, by the order that they keep."""
    orders: tuple[Callable[[str], tuple[int, str]], ...] = (
        style.name_key,
        lambda name: (0, name.lower()),
        lambda name: (0, name),
    )
    for order in orders:
        keys = [order(alias.name) for alias in names]
        if keys == sorted(keys):
            return next((index for index, key in enumerate(keys) if key > order(new.name)), len(names))
    return len(names)


def _spread(page: Page, node: ast.ImportFrom, places: Sequence[Place], style: ImportStyle, unit: str) -> Edit:
    names: list[ast.alias] = []
    for index in range(len(node.names) + 1):
        names += [alias for place, alias in places if place == index]
        names += node.names[index : index + 1]
    start, end = page.span(node)
    whole = ast.ImportFrom(module=node.module, names=names, level=node.level)
    return Edit(start=start, end=end, text=_in_rows(whole, unit=unit, newline=page.newline))


def _rows(page: Page, node: ast.ImportFrom, places: Sequence[Place]) -> Iterator[Edit]:
    """Yield the edits where each name has a row: so do the new ones, below the name before them."""
    names = node.names
    indent = page.indent(names[0].lineno)
    for index, alias in places:
        if index < len(names):
            row = names[index - 1].lineno + 1 if index else _row_below_bracket(page, node)
            yield Edit(start=page.start(row), end=page.start(row), text=f"{indent}{ast.unparse(alias)},{page.newline}")
    last = [ast.unparse(alias) for index, alias in places if index == len(names)]
    if last:
        yield from _last_rows(page, names[-1], last, indent)


def _last_rows(page: Page, after: ast.alias, names: Sequence[str], indent: str) -> Iterator[Edit]:
    """Yield the edits that put rows at the end; the last of them has a comma if the one before it had."""
    end, below = page.span_of(after)[1], page.start(after.lineno + 1)
    rest = page.text[end:below].partition("#")[0].strip()
    if rest.startswith(","):
        rows = [f"{indent}{name}," for name in names]
        if ")" in rest:
            at = page.text.index(",", end) + 1
            yield Edit(start=at, end=at, text="".join(page.newline + row for row in rows))
        else:
            yield Edit(start=below, end=below, text="".join(row + page.newline for row in rows))
    elif rest.startswith(")"):
        yield Edit(start=end, end=end, text="".join(f",{page.newline}{indent}{name}" for name in names))
    else:
        yield Edit(start=end, end=end, text=",")
        yield Edit(start=below, end=below, text=indent + f",{page.newline}{indent}".join(names) + page.newline)


def _row_below_bracket(page: Page, node: ast.ImportFrom) -> int:
    bracket = next(token for token in page.line_of(node.lineno).tokens if token.string == "(")
    return bracket.start[0] + 1


def _inline(page: Page, names: Sequence[ast.alias], places: Sequence[Place], style: ImportStyle) -> Iterator[Edit]:
    """Yield the edits that put names beside others; those at the end begin a row where the last one gets too long."""
    _, end = page.span_of(names[-1])
    in_brackets = re.match(r"[\s,]*(?:#|\))", page.text[end:]) is not None
    column = page.span_of(names[0])[0] - page.start(names[0].lineno)
    length = len(page.rows[(names[-1].end_lineno or 1) - 1].rstrip("\r\n"))
    for index, alias in places:
        name = ast.unparse(alias)
        if index < len(names):
            start, _ = page.span_of(names[index])
            yield Edit(start=start, end=start, text=f"{name}, ")
        elif in_brackets and length + len(name) + 2 > style.line_length:
            length = column + len(name) + 1
            yield Edit(start=end, end=end, text=f",{page.newline}{' ' * column}{name}")
        else:
            length += len(name) + 2
            yield Edit(start=end, end=end, text=f", {name}")


def _begins_row(page: Page, alias: ast.alias) -> bool:
    start, _ = page.span_of(alias)
    return is_blank(page.text[page.start(alias.lineno) : start])
