"""Take the marker's import out of a file once no marker is left that needs it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_supercharger import source
from pytest_supercharger.domain import Marks
from pytest_supercharger.writeback.page import Edit, Page, is_blank

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

__all__ = ["Removal", "edits", "imports"]

_PACKAGE = "pytest_supercharger"
_BLOCKS = ("body", "orelse", "finalbody")


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Names of one import statement that nothing uses any more."""

    statement: ast.Import | ast.ImportFrom
    aliases: tuple[ast.alias, ...]
    is_only_statement: bool  # of its block; the module itself needs none

    @property
    def is_whole(self) -> bool:
        """Whether no name of the statement is left."""
        return len(self.aliases) == len(self.statement.names)


def imports(
    tree: ast.Module, markers: Sequence[ast.expr], new_code: Sequence[str], marks: Marks | None = None
) -> list[Removal]:
    """Return the imports that only these markers used; those inside `try` stay, they have a fallback beside them.

    So do names that other modules take from this one, and imports of the project's own modules under their own name:
    what they do when they are imported is not only to bring the marker.
    """
    marks = marks or Marks()
    roots = {_root(marker) for marker in markers} - _used(tree, markers, marks.taken) - marks.lent
    for code in new_code:
        roots -= {node.id for node in ast.walk(source.parse(code, name="the new code")) if isinstance(node, ast.Name)}
    found = []
    for statement, is_only in _imports(tree, in_try=False, in_module=True):
        gone = tuple(
            alias for alias in statement.names if _bound(alias) in roots and _is_ours(statement, alias, marks.taken)
        )
        if gone:
            found.append(Removal(statement=statement, aliases=gone, is_only_statement=is_only))
    return found


def edits(page: Page, tree: ast.Module, removals: Sequence[Removal], insertions: Sequence[int]) -> Iterator[Edit]:
    """Yield the edits for the removals; `insertions` are the indexes at which new imports will stand."""
    for removal in removals:
        if removal.is_whole:
            yield _without_statement(page, tree, removal, insertions)
        else:
            yield from _without_names(page, removal)


def _root(marker: ast.expr) -> str:
    node = marker.func if isinstance(marker, ast.Call) else marker
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _is_ours(statement: ast.Import | ast.ImportFrom, alias: ast.alias, taken: Collection[str]) -> bool:
    if isinstance(statement, ast.ImportFrom) and _bound(alias) in taken:
        return True
    module = alias.name if isinstance(statement, ast.Import) else "." * statement.level + (statement.module or "")
    return module.partition(".")[0] == _PACKAGE


def _used(tree: ast.Module, markers: Sequence[ast.expr], taken: Collection[str]) -> set[str]:
    """Return the names that something but these markers reads, binds a second time, or exports."""
    own = {id(node.func if isinstance(node, ast.Call) else node) for node in markers}
    used: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name):
            used.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            used.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            used |= {_bound(alias) for alias in node.names if not _is_ours(node, alias, taken)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            used.add(node.value)  # in __all__, or an annotation in quotes
        waiting += [child for child in ast.iter_child_nodes(node) if id(child) not in own]
    return used


def _imports(
    parent: ast.AST, *, in_try: bool, in_module: bool = False
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    blocks = [getattr(parent, name, None) for name in _BLOCKS]
    for block in blocks:
        for node in block if isinstance(block, list) else ():
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                if not in_try:
                    yield node, len(block or ()) == 1 and not in_module
            elif isinstance(node, ast.stmt):
                yield from _imports(node, in_try=in_try or type(node).__name__ in ("Try", "TryStar"))


def _without_statement(page: Page, tree: ast.Module, removal: Removal, insertions: Sequence[int]) -> Edit:
    statement = removal.statement
    start, end = page.span(statement)
    if removal.is_only_statement:
        return Edit(start=start, end=end, text="pass")
    line = page.line_of(statement.lineno)
    whole = page.text[page.start(line.first) : page.start(line.last + 1)]
    if any(token.string == ";" for token in line.tokens):
        return _between_semicolons(page, start, end)
    first, last = page.start(line.first), page.start(line.first) + len(whole)
    if statement in tree.body and not any(first <= index <= last for index in insertions):
        above, below = _blanks(page, line.first - 1, -1), _blanks(page, line.last + 1, 1)
        at_top = line.first - above == 1
        # A paragraph of its own goes with one of the two gaps around it, the smaller one.
        if above and below and above <= below and not at_top:
            first = page.start(line.first - above)
        elif below and (at_top or above):
            last = page.start(line.last + 1 + below)
    return Edit(start=first, end=last, text="")


def _blanks(page: Page, row: int, step: int) -> int:
    count = 0
    # A form feed is blank to the parser, but someone put it there.
    while 1 <= row <= len(page.rows) and is_blank(page.rows[row - 1]) and "\f" not in page.rows[row - 1]:
        count, row = count + 1, row + step
    return count


def _between_semicolons(page: Page, start: int, end: int) -> Edit:
    after = page.text[end:].lstrip(" \t\f")
    if after.startswith(";"):
        rest = after[1:]
        follows = rest.lstrip(" \t\f")
        if follows[:1] not in ("", "\r", "\n", "#"):
            return Edit(start=start, end=len(page.text) - len(follows), text="")
    # The last of its line: the semicolon before it goes too.
    return Edit(start=page.text.rindex(";", 0, start), end=end, text="")


def _without_names(page: Page, removal: Removal) -> Iterator[Edit]:
    names = removal.statement.names
    kept = [alias for alias in names if alias not in removal.aliases]
    in_brackets = page.text[: page.span(removal.statement)[1]].endswith(")")
    for alias in removal.aliases:
        index = names.index(alias)
        start, end = page.span_of(alias)
        after = index + 1 < len(names)
        comma = page.text.index(",", end) + 1 if after else _trailing_comma(page, end)
        row_start, row_end = page.start(alias.lineno), page.start(alias.lineno + 1)
        rest = page.text[comma:row_end].partition("#")[0]
        if in_brackets and comma <= row_end and is_blank(page.text[row_start:start] + rest):
            yield Edit(start=row_start, end=row_end, text="")
        elif after:
            yield Edit(start=start, end=page.span_of(names[index + 1])[0], text="")
        else:
            previous = page.span_of(kept[-1])[1] if kept else start
            gap = page.text[previous:start]
            # A comment between the two would be lost, and a comma before it is legal where there are brackets.
            yield Edit(start=start if "#" in gap else previous, end=comma if "#" in gap else end, text="")


def _trailing_comma(page: Page, index: int) -> int:
    rest = page.text[index:].lstrip(" \t\f")
    return len(page.text) - len(rest) + 1 if rest.startswith(",") else index
