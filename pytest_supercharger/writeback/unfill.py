"""Take the bodies of functions out of a file, so that they can be filled again; the way back is proved."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_supercharger import marks, source, stubs
from pytest_supercharger.domain import Candidate, SourceFile, Stub
from pytest_supercharger.errors import SourceError
from pytest_supercharger.reopening import yields
from pytest_supercharger.writeback import edits, verify
from pytest_supercharger.writeback.page import Edit, Page, apply

if TYPE_CHECKING:
    from pytest_supercharger.marks import Function
    from pytest_supercharger.writeback.import_style import ImportStyle

__all__ = ["Again", "open_again"]

Filling = tuple[Stub, Candidate]

_PLACEHOLDER = "raise NotImplementedError"
_REST = re.compile(r"[ \t\f]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")  # of a row: blanks and a comment


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A file some of whose functions are filled and are to be filled anew."""

    source: SourceFile  # as it is on the disk
    marked: SourceFile  # with those functions as stubs: what is searched in, never written
    old: Mapping[str, Filling]  # stub id -> the body it has

    def emptied(self, chosen: Collection[str]) -> bytes:
        """The file on the disk with no body in these functions: what a rewrite of them starts from."""
        return empty(self.source, [self.old[stub_id][0] for stub_id in self.old if stub_id in chosen])

    def rewritten(self, fillings: Sequence[Filling], style: ImportStyle | None = None) -> bytes:
        """The file on the disk with these bodies in it; functions that are not among them keep theirs, to the byte."""
        ours = [stub.id for stub, _ in fillings if stub.id in self.old]
        return edits.fill(self.emptied(ours), fillings, style, unmarked=ours)


def open_again(file: SourceFile, lines: Mapping[int, Mapping[str, str]]) -> Again:
    """Make stubs of the functions whose `def` stands in these lines, with the options that their markers had.

    Raises:
        SourceError: one of them cannot be a stub, or the old body could not be put back.
    """
    text = source.decode(file.data, name=file.relpath)
    page = Page(text.text, newline=text.newline, name=file.relpath)
    tree = source.parse(text.text, name=file.relpath)
    found = [node for node in _functions(tree) if node.lineno in lines]
    name = _free_name(text.text)
    changes = [*_marked(page, tree, found, name, lines), *(_emptied(page, node) for node in found)]
    marked = replace(file, data=text.encode(apply(text.text, changes)))
    old = {stub.id: (stub, _body(page, node)) for stub, node in _pairs(marked, tree, found)}
    again = Again(source=file, marked=marked, old=old)
    for stub_id, filling in old.items():
        try:
            verify.verify(again.emptied([stub_id]), file.data, [filling])
        except SourceError as error:
            raise SourceError(
                f"{stub_id} cannot be opened again ({error}); empty its body by hand, mark it @supercharge and run "
                "pytest --supercharge"
            ) from None
    return again


def empty(file: SourceFile, chosen: Sequence[Stub]) -> bytes:
    """The file with a placeholder for the body of each of these functions; every other byte stays."""
    if not chosen:
        return file.data
    text = source.decode(file.data, name=file.relpath)
    page = Page(text.text, newline=text.newline, name=file.relpath)
    tree = source.parse(text.text, name=file.relpath)
    return text.encode(apply(text.text, [_emptied(page, stubs.locate(tree, stub)) for stub in chosen]))


def _functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _pairs(marked: SourceFile, tree: ast.Module, nodes: Sequence[Function]) -> Iterator[tuple[Stub, Function]]:
    """Each definition with the stub that it becomes."""
    found = {id(stubs.locate(tree, stub)): stub for stub in stubs.find(marked)}
    for node in nodes:
        if not ast.get_docstring(node):
            problem = "has no docstring any more; describe in one what it does"
            raise SourceError(f"{marked.relpath}:{node.lineno}: {node.name} {problem}")
        if id(node) not in found:
            step = "empty its body by hand, mark it @supercharge and run pytest --supercharge"
            raise SourceError(f"{marked.relpath}:{node.lineno}: {node.name} cannot be opened again; {step}")
        yield found[id(node)], node


def _statements(node: Function) -> list[ast.stmt]:
    return node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body


def _emptied(page: Page, node: Function) -> Edit:
    """The edit that puts a placeholder in the place of the body, comments in and right behind it included."""
    statements = _statements(node)
    if not statements:
        raise SourceError(
            f"{page.name}:{node.lineno}: {node.name} has no body; mark it @supercharge and run pytest --supercharge"
        )
    start, end = page.span(statements[0])[0], page.span(statements[-1])[1]
    for decorator in getattr(statements[0], "decorator_list", [])[:1]:
        start = page.text.rindex("@", 0, page.span(decorator)[0])
    is_beside = page.line_of(node.lineno) is page.line_of(statements[0].lineno)
    rest = _REST.match(page.text, end)
    if rest is not None and not is_beside:  # beside the signature it may be a comment on that
        end = rest.end()
    end_of_generator = "; yield" if is_beside else f"{page.newline}{page.indent(statements[0].lineno)}yield"
    return Edit(start=start, end=end, text=_PLACEHOLDER + (end_of_generator if yields(node.body) else ""))


def _marked(
    page: Page, tree: ast.Module, nodes: Sequence[Function], name: str, lines: Mapping[int, Mapping[str, str]]
) -> Iterator[Edit]:
    """The edits that mark the definitions; the import stands behind those that have to come first."""
    first: list[ast.stmt] = [
        node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]
    first += tree.body[:1] if ast.get_docstring(tree, clean=False) is not None else []
    row = max((page.line_of(node.end_lineno or node.lineno).last for node in first), default=0) + 1
    text = f"from pytest_supercharger import supercharge as {name}{page.newline}"
    if not first:  # behind what Python reads as comments: coding line, licence
        row = page.logical[0].first
    yield page.insert(page.start(row), text)
    for node in nodes:
        at = page.line_of(node.lineno).first
        yield page.insert(page.start(at), page.indent(at) + _decorator(page, node, name, lines) + page.newline)


def _decorator(page: Page, node: Function, name: str, lines: Mapping[int, Mapping[str, str]]) -> str:
    try:
        return marks.decorated(name, lines[node.lineno])
    except ValueError as error:
        step = "correct `options` in its evidence"
        raise SourceError(f"{page.name}:{node.lineno}: {node.name} cannot have its options ({error}); {step}") from None


def _body(page: Page, node: Function) -> Candidate:
    """What stands there, as a candidate; the comments of it come last, where they belong to it all the same."""
    statements = _statements(node)
    last = page.line_of(statements[-1].end_lineno or statements[-1].lineno).last
    comments = [token.string for token in page.comments_in(statements[0].lineno, last)]
    text = "\n".join([*map(ast.unparse, statements), *comments]) + "\n"
    return Candidate(id="", text_id="", body=text)


def _free_name(text: str) -> str:
    name = "supercharge"
    while name in text:
        name += "_again"
    return name
