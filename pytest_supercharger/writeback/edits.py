"""Put candidates into the bytes of a source file: the AST decides what changes, spans of the text are edited."""

from __future__ import annotations

import ast
import re
import tokenize
from typing import TYPE_CHECKING

from pytest_supercharger import parsing, source, stubs
from pytest_supercharger.errors import SourceError
from pytest_supercharger.writeback import imports, unmark
from pytest_supercharger.writeback.import_style import ImportStyle
from pytest_supercharger.writeback.indent import indented, unit_of
from pytest_supercharger.writeback.names import Names, check_together
from pytest_supercharger.writeback.page import Edit, Page, apply, is_blank, is_comment, is_directive

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pytest_supercharger.domain import Candidate, Marks, Stub
    from pytest_supercharger.marks import Function

__all__ = ["fill"]


_FILE_HEADER = re.compile(r"#!|#.*?coding[:=]")


def fill(
    data: bytes,
    fillings: Sequence[tuple[Stub, Candidate]],
    style: ImportStyle | None = None,
    *,
    unmarked: Collection[str] = (),
) -> bytes:
    """Return `data` with each stub's body, its marker, and the imports and definitions its candidate needs.

    Every byte outside of these stays. Imports are brought in as `style` says; `unmarked` are ids of stubs that carry no
    marker. `SourceError` where a stub is gone, a name clashes, or the encoding of the file cannot hold the new text.
    """
    if not fillings:
        return data
    name = fillings[0][0].relpath
    found = source.decode(data, name=name)
    tree = source.parse(found.text, name=name)
    page = Page(found.text, newline=found.newline, name=name)
    # In the order of the file, so that a definition two candidates share stands above both.
    found_nodes = ((_located(tree, stub, unmarked), candidate) for stub, candidate in fillings)
    pairs = sorted(found_nodes, key=lambda pair: pair[0].lineno)
    nodes, candidates = [node for node, _ in pairs], [candidate for _, candidate in pairs]
    check_together(name, tree, candidates)
    if len({id(node) for node in nodes}) < len(nodes):
        raise SourceError(f"{name}: one stub is filled twice in one write; keep one candidate a stub")
    try:
        text = apply(
            page.text, list(_edits(page, tree, nodes, candidates, style or ImportStyle(), fillings[0][0].marks))
        )
    except RecursionError as error:
        raise SourceError(f"{name}: the new code is nested too deeply; ask for another candidate") from error
    source.parse(text, name=f"{name} (filled)")
    return found.encode(text)


def _located(tree: ast.Module, stub: Stub, unmarked: Collection[str]) -> Function:
    node = stubs.locate(tree, stub)
    is_marked = stub.id in unmarked or stubs.marker_decorators(tree, node, stub.marks)
    if stubs.placeholders(node) is None or not is_marked:
        raise SourceError(f"{stub.relpath}:{node.lineno}: {stub.qualname} is no stub any more; run pytest again")
    return node


def _edits(
    page: Page,
    tree: ast.Module,
    nodes: Sequence[Function],
    candidates: Sequence[Candidate],
    style: ImportStyle,
    marks: Marks,
) -> Iterator[Edit]:
    markers = [marker for node in nodes for marker in stubs.marker_decorators(tree, node, marks)]
    texts = [text for item in candidates for text in (item.body, *item.helpers)]
    removals = unmark.imports(tree, markers, texts, marks)
    wanted = [statement for candidate in candidates for statement in candidate.imports]
    leaving_imports = [removal.statement for removal in removals if removal.is_whole]
    added = imports.merge(page, tree, wanted, leaving_imports, style, _top(tree, nodes[0]))
    yield from added
    yield from unmark.edits(page, tree, removals, [edit.start for edit in added])
    filled_again = {edit.start for edit in added}
    leaving = {
        row
        for removal in removals
        if removal.is_whole and page.start(removal.statement.lineno) not in filled_again
        for row in range(removal.statement.lineno, (removal.statement.end_lineno or 0) + 1)
    }
    yield from _helpers(page, tree, nodes, candidates, leaving)
    for marker in markers:
        yield _without_marker(page, marker)
    for node, candidate in zip(nodes, candidates, strict=True):
        yield from _body(page, tree, node, candidate)


def _without_marker(page: Page, marker: ast.expr) -> Edit:
    line = page.line_of(marker.lineno)
    kept = [token.string for token in page.comments_in(line.last, line.last) if not is_directive(token.string)]
    text = "".join(page.indent(line.first) + comment + page.newline for comment in kept)
    return Edit(start=page.start(line.first), end=page.start(line.last + 1), text=text)


def _body(page: Page, tree: ast.Module, node: Function, candidate: Candidate) -> Iterator[Edit]:
    unit = unit_of(page, tree, node)
    header = page.line_of(node.lineno)
    in_one_line = page.line_of(node.body[0].lineno) is header
    indent = page.indent(header.first) + unit if in_one_line else page.indent(page.line_of(node.body[0].lineno).first)
    code = _normal(candidate.body)
    if not source.parse(code, name=f"{page.name}: the new body of {node.name}").body:
        raise SourceError(f"{page.name}:{node.lineno}: the new body of {node.name} is empty; ask for another candidate")
    body = indented(code, indent=indent, unit=unit, newline=page.newline)
    if in_one_line:
        yield _opened(page, node, indent, body)
    else:
        yield from _replaced(page, node, indent, body)


def _docstring(node: Function) -> ast.stmt | None:
    return node.body[0] if ast.get_docstring(node, clean=False) is not None else None


def _opened(page: Page, node: Function, indent: str, body: str) -> Edit:
    """Return the edit that turns `def f(): ...` into a definition of several lines."""
    line = page.line_of(node.lineno)
    colon = _colon(page, node)
    comments = page.comments_in(colon.end[0], line.last)
    beside = comments[:1] if comments and comments[0].start[0] == colon.end[0] else []
    parts = [f"  {token.string}" for token in beside] + [page.newline]
    docstring = _docstring(node)
    if docstring is not None:
        start, end = page.span(docstring)
        parts += [indent, page.text[start:end], page.newline]
    parts += [indent + token.string + page.newline for token in comments[len(beside) :]]
    start, end = page.positions.line_start(colon.end[0]) + colon.end[1], page.start(line.last + 1)
    return _to_the_end(page, start, end, "".join([*parts, body]))


def _colon(page: Page, node: Function) -> tokenize.TokenInfo:
    """Return the colon that ends the signature: the last one outside brackets before the body."""
    depth, found = 0, None
    body_at = page.span(node.body[0])[0]
    for token in page.line_of(node.lineno).tokens:
        if page.start(token.start[0]) + token.start[1] >= body_at:
            break
        depth += (token.string in "([{") - (token.string in ")]}") if token.type == tokenize.OP else 0
        if token.type == tokenize.OP and token.string == ":" and depth == 0:
            found = token
    if found is None:
        raise SourceError(f"{page.name}:{node.lineno}: the end of the signature is not found; write it on one line")
    return found


def _replaced(page: Page, node: Function, indent: str, body: str) -> Iterator[Edit]:
    """Yield the edits that put `body` after the docstring and the comments, in the place of the old statements."""
    docstring = _docstring(node)
    first = page.line_of(node.lineno if docstring is None else docstring.lineno).last + 1
    if docstring is not None and any(statement.lineno == first - 1 for statement in node.body[1:]):
        yield _cut_after(page, docstring, first - 1)
    gone = {
        row
        for statement in node.body[0 if docstring is None else 1 :]
        for row in range(page.line_of(statement.lineno).first, page.line_of(statement.end_lineno or 0).last + 1)
    }
    end = _end_of_comments(page, max([first, *(row + 1 for row in gone)]), indent)
    kept = [text for row in range(first, end) for text in _kept(page, row, row in gone, indent)]
    yield _to_the_end(page, page.start(first), page.start(end), "".join(kept) + body)


def _cut_after(page: Page, docstring: ast.stmt, row: int) -> Edit:
    """Return the edit that removes what follows the docstring in its own line, but for a comment."""
    end = page.start(row) + len(page.rows[row - 1].rstrip("\r\n"))
    comments = page.comments_in(row, row)
    return Edit(start=page.span(docstring)[1], end=end, text=f"  {comments[-1].string}" if comments else "")


def _kept(page: Page, row: int, gone: bool, indent: str) -> Iterator[str]:
    if not gone:
        text = page.rows[row - 1]
        yield text if text.endswith(("\r", "\n")) else text + page.newline
        return
    for token in page.comments_in(row, row):
        if not is_directive(token.string):
            yield indent + token.string + page.newline


def _end_of_comments(page: Page, row: int, indent: str) -> int:
    """Return the row after the last comment that is indented as the body is."""
    end = row
    for number in range(row, len(page.rows) + 1):
        text = page.rows[number - 1]
        if is_comment(text) and len(page.indent(number).expandtabs()) >= len(indent.expandtabs()):
            end = number + 1
        elif not is_blank(text):
            break
    return end


def _to_the_end(page: Page, start: int, end: int, text: str) -> Edit:
    if start == end:
        return page.insert(start, text)
    if end == len(page.text) and not page.text.endswith(("\r", "\n")):
        text = text.removesuffix(page.newline)
    return Edit(start=start, end=end, text=text)


def _helpers(
    page: Page, tree: ast.Module, nodes: Sequence[Function], candidates: Sequence[Candidate], leaving: set[int]
) -> Iterator[Edit]:
    if not any(candidate.helpers for candidate in candidates):
        return
    names = Names(page.name, tree)
    for statement in (statement for candidate in candidates for statement in candidate.imports):
        names.claim_import(statement)
    places: dict[int, list[str]] = {}
    for node, candidate in zip(nodes, candidates, strict=True):
        for helper in candidate.helpers:
            if names.claim_helper(_normal(helper)):
                code = indented(_normal(helper), indent="", unit=unit_of(page, tree, node), newline=page.newline)
                places.setdefault(_place_above(page, tree, node), []).append(code)
    for row, texts in places.items():
        yield Edit(start=page.start(row), end=page.start(row), text=_spaced(page, row, texts, leaving))


def _place_above(page: Page, tree: ast.Module, node: Function) -> int:
    """Return the row above the top-level statement that holds `node`, its decorators and its attached comments."""
    top = _top(tree, node)
    row = page.line_of(min([top.lineno, *(marker.lineno for marker in getattr(top, "decorator_list", []))])).first
    while row > 1 and page.rows[row - 2].startswith("#"):
        if row <= 3 and _FILE_HEADER.match(page.rows[row - 2]):
            break
        row -= 1
    return row


def _top(tree: ast.Module, node: Function) -> ast.stmt:
    return next(item for item in tree.body if item.lineno <= node.lineno <= (item.end_lineno or item.lineno))


def _spaced(page: Page, row: int, helpers: Sequence[str], leaving: set[int]) -> str:
    """Return the definitions with two empty rows around them, as far as these are not there yet."""
    above = row - 1
    while above and (above in leaving or is_blank(page.rows[above - 1])):
        above -= 1
    there = sum(number not in leaving for number in range(above + 1, row))
    parts = [page.newline * max(0, 2 - there) if above else ""]
    for index, helper in enumerate(helpers):
        last = index == len(helpers) - 1
        tight = not last and _is_plain(helper) and _is_plain(helpers[index + 1])
        parts += [helper, "" if tight else page.newline * 2]
    return "".join(parts)


def _is_plain(helper: str) -> bool:
    return not isinstance(parsing.module(helper).body[0], (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))


def _normal(code: str) -> str:
    return code.replace("\r\n", "\n").replace("\r", "\n").rstrip() + "\n"
