"""Bring a candidate's imports into a module, in the file's own style and without disturbing what is there."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pytest_supercharger.writeback import import_names
from pytest_supercharger.writeback.import_style import Import, ImportStyle
from pytest_supercharger.writeback.indent import unit_of
from pytest_supercharger.writeback.names import Names
from pytest_supercharger.writeback.page import Edit, Page, is_blank

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["merge"]


def merge(
    page: Page,
    tree: ast.Module,
    wanted: Sequence[str],
    leaving: Sequence[Import],
    style: ImportStyle,
    first: ast.stmt,
) -> list[Edit]:
    """Return the edits that add the wanted imports; `leaving` are statements that will not be there to stand beside.

    Names of a module that is imported from already join its statement, unless the project has one name a statement.
    What stands below `first`, the statement that needs them, is not joined: it may run too late.
    """
    if not wanted:
        return []
    names, unit = Names(page.name, tree), unit_of(page, tree, first)
    missing = [node for statement in wanted for node in names.claim_import(statement)]
    block = _block(tree)
    kept = [node for node in block if node not in leaving]
    above = [node for node in tree.body[: tree.body.index(first)] if node not in leaving]
    single = style.single_line if style.single_line is not None else _has_single_names(block)
    edits: list[Edit] = []
    places: dict[tuple[int, str], list[Import]] = {}
    for node in sorted(
        _grouped(missing, style, single=single), key=lambda node: (style.section(node), style.key(node))
    ):
        there = None if single else _statement_for(node, [*kept, *above], style)
        if there is not None:
            edits += import_names.added(page, there, node.names, style, unit)
        else:
            places.setdefault(_place(page, tree, block, kept, node, style), []).append(node)
    for (index, gaps), nodes in places.items():
        text = _text(nodes, style, before="b" in gaps, after="a" in gaps, unit=unit, newline=page.newline)
        edits.append(page.insert(index, text))
    return edits


def _has_single_names(block: Sequence[Import]) -> bool:
    """Whether a module that several names are imported from has a statement for each."""
    froms = [node for node in block if isinstance(node, ast.ImportFrom)]
    plain = [(node.level, node.module) for node in froms if len(node.names) == 1 and not node.names[0].asname]
    return len(set(plain)) < len(plain)


def _grouped(nodes: Sequence[Import], style: ImportStyle, *, single: bool) -> Iterator[Import]:
    """Yield the statements with the names of one module in one of them, or each in its own."""
    together: dict[tuple[str | None, int], list[ast.alias]] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            yield node
            continue
        for alias in node.names:
            if single or (alias.asname and not style.combine_as):
                yield ast.ImportFrom(module=node.module, names=[alias], level=node.level)
            else:
                together.setdefault((node.module, node.level), []).append(alias)
    for (module, level), names in together.items():
        names.sort(key=lambda alias: style.name_key(alias.name))
        yield ast.ImportFrom(module=module, names=names, level=level)


def _statement_for(new: Import, there: Sequence[ast.stmt], style: ImportStyle) -> ast.ImportFrom | None:
    """Return the statement that the names of a new one may join."""
    if not isinstance(new, ast.ImportFrom) or (not style.combine_as and any(alias.asname for alias in new.names)):
        return None
    same = [
        node
        for node in there
        if isinstance(node, ast.ImportFrom) and (node.module, node.level) == (new.module, new.level)
    ]
    return next((node for node in same if node.names[0].name != "*"), None)


def _place(
    page: Page, tree: ast.Module, block: list[Import], kept: list[Import], new: Import, style: ImportStyle
) -> tuple[int, str]:
    """Return the index for a new import and whether an empty row belongs before ("b") or after ("a") it."""
    if not block:
        return _place_without_imports(page, tree)
    if not kept:
        return page.start(page.line_of(block[0].lineno).first), ""
    place = style.section(new)
    section = [node for node in kept if style.section(node) == place]
    if section:
        neighbour, is_after = _neighbour(section, new, style)
        return (_below(page, neighbour) if is_after else _above(page, neighbour)), ""
    earlier = [node for node in kept if style.section(node) < place]
    if earlier:
        return _below(page, earlier[-1]), "b"
    return _above(page, kept[0]), "a"


def _neighbour(section: list[Import], new: Import, style: ImportStyle) -> tuple[Import, bool]:
    """Return the import to stand beside, and whether below it, by the order this section keeps."""
    alike = section if style.mixed else [node for node in section if type(node) is type(new)]
    if not alike:
        plain_first = isinstance(new, ast.ImportFrom)
        return (section[-1], True) if plain_first else (section[0], False)
    keys = [style.key(node) for node in alike]
    smaller = [node for node in alike if style.key(node) <= style.key(new)]
    if keys != sorted(keys):
        return alike[-1], True
    return (smaller[-1], True) if smaller else (alike[0], False)


def _place_without_imports(page: Page, tree: ast.Module) -> tuple[int, str]:
    first = tree.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        row = page.line_of(first.end_lineno or 1).last + 1
        followed = row <= len(page.rows) and is_blank(page.rows[row - 1])
        return page.start(row), "b" if followed else "ba"
    row = page.line_of(min([first.lineno, *(item.lineno for item in getattr(first, "decorator_list", []))])).first
    return page.start(row), "a"


def _below(page: Page, node: Import) -> int:
    return page.start(page.line_of(node.end_lineno or node.lineno).last + 1)


def _above(page: Page, node: Import) -> int:
    return page.start(page.line_of(node.lineno).first)


def _text(nodes: Sequence[Import], style: ImportStyle, *, before: bool, after: bool, unit: str, newline: str) -> str:
    rows = [""] if before else []
    for previous, node in zip([None, *nodes], nodes, strict=False):
        if previous is not None and style.section(previous) != style.section(node):
            rows.append("")
        rows.append(import_names.statement(node, style, unit=unit, newline=newline))
    return newline.join([*rows, *([""] if after else []), ""])


def _block(tree: ast.Module) -> list[Import]:
    found: list[Import] = []
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found.append(node)
        elif found:
            break
    return found
