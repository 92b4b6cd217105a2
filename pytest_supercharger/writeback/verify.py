"""Prove of a filled file that nothing but the declared parts changed; shares no code with the edits it checks."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections import Counter
from typing import TYPE_CHECKING

from pytest_supercharger import parsing, source, stubs
from pytest_supercharger.errors import SourceError
from pytest_supercharger.writeback import verify_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pytest_supercharger.domain import Candidate, Marks, Stub
    from pytest_supercharger.marks import Function

__all__ = ["verify"]

_PACKAGE = "pytest_supercharger"
_LOWER_BOUND = re.compile(r"(?:>=|~=|===?|>)\s*3\.(\d+)")


def verify(
    old: bytes, new: bytes, fillings: Sequence[tuple[Stub, Candidate]], *, requires_python: str | None = None
) -> None:
    """Raise `SourceError` unless `new` is `old` with these stubs filled and nothing else changed.

    The old bytes minus markers, their unused import and stub bodies, plus the candidates' bodies, imports and
    definitions must be the new bytes; the file must compile, and parse for the lowest Python of `requires_python`.
    """
    if not fillings:
        if old != new:
            raise SourceError("a file without filled stubs would change; nothing was written; report this as a bug")
        return
    name = fillings[0][0].relpath
    before, after = source.decode(old, name=name), source.decode(new, name=name)
    if (before.encoding, before.bom) != (after.encoding, after.bom):
        raise _refusal(name, f"its encoding would change from {before.encoding} to {after.encoding}")
    _check_compiles(after.text, name, requires_python)
    old_tree, new_tree = source.parse(before.text, name=name), source.parse(after.text, name=name)
    pairs = [(_paired(old_tree, new_tree, stub), candidate) for stub, candidate in fillings]
    marks = fillings[0][0].marks
    markers = [marker for (node, _), _ in pairs for marker in stubs.marker_decorators(old_tree, node, marks)]
    gone = _dropped(old_tree, new_tree, marks, name)
    verify_rows.check(
        verify_rows.Side(name=name, data=old, text=before.text),
        verify_rows.Side(name=name, data=new, text=after.text),
        [pair for pair, _ in pairs],
        [*markers, *(node for node in ast.walk(old_tree) if isinstance(node, ast.stmt) and _drops(node, gone, marks))],
        [text for _, candidate in pairs for text in (candidate.body, *candidate.helpers, *candidate.imports)],
        list(_joined(old_tree, new_tree, [candidate for _, candidate in pairs], name)),
    )
    # Last, for it takes the trees apart.
    try:
        _check_trees(old_tree, new_tree, pairs, markers, marks, name)
    except RecursionError as error:
        raise _refusal(name, "its code is nested too deeply to be compared") from error


def _refusal(name: str, problem: str) -> SourceError:
    return SourceError(f"{name}: {problem}; it was not written; ask for another candidate")


def _check_compiles(text: str, name: str, requires_python: str | None) -> None:
    bounds = [int(minor) for minor in _LOWER_BOUND.findall(requires_python or "")]
    lowest = max(bounds, default=sys.version_info.minor)
    version = (3, min(max(lowest, 7), sys.version_info.minor))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsing.module(text, feature_version=version)
            compile(text, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        reason = getattr(error, "msg", None) or str(error) or type(error).__name__
        raise _refusal(name, f"it would not compile for Python {version[0]}.{version[1]} ({reason})") from error


def _paired(old_tree: ast.Module, new_tree: ast.Module, stub: Stub) -> tuple[Function, Function]:
    """Return the stub and what became of it: the same place among the definitions of that name."""
    wanted = stubs.locate(old_tree, stub)
    old_nodes = [node for qualname, node in _functions(old_tree) if qualname == stub.qualname]
    new_nodes = [node for qualname, node in _functions(new_tree) if qualname == stub.qualname]
    if len(old_nodes) != len(new_nodes) or wanted not in old_nodes:
        raise _refusal(stub.relpath, f"{stub.qualname} would be defined {len(new_nodes)} times")
    return wanted, new_nodes[old_nodes.index(wanted)]


def _functions(parent: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")
        elif not isinstance(node, ast.expr):
            yield from _functions(node, prefix)


def _check_trees(
    old_tree: ast.Module,
    new_tree: ast.Module,
    pairs: Sequence[tuple[tuple[Function, Function], Candidate]],
    markers: Sequence[ast.expr],
    marks: Marks,
    name: str,
) -> None:
    """Turn every filled function back into its stub and take out what was added: the old tree must be left."""
    for (old_node, new_node), candidate in pairs:
        _check_function(old_node, new_node, candidate, markers, name)
        new_node.body, new_node.decorator_list = old_node.body, old_node.decorator_list
    known = {ast.dump(item) for item in _single(old_tree.body)}
    added: set[str] = set()
    for _, candidate in pairs:
        for code in (*candidate.helpers, *candidate.imports):
            added |= {ast.dump(item) for item in _single(source.parse(code, name=name).body)}
    _check_brought(new_tree, [candidate for _, candidate in pairs], name)
    new_tree.body = [item for item in _single(new_tree.body) if ast.dump(item) not in added - known]
    for tree in (old_tree, new_tree):
        _strip(tree, marks)
    if ast.dump(old_tree) != ast.dump(new_tree):
        raise _refusal(name, "code outside of the filled stubs would change")


def _check_function(
    old_node: Function, new_node: Function, candidate: Candidate, markers: Sequence[ast.expr], name: str
) -> None:
    docstring = ast.get_docstring(old_node, clean=False)
    if ast.get_docstring(new_node, clean=False) != docstring:
        raise _refusal(name, f"the docstring of {old_node.name} would change")
    body = new_node.body if docstring is None else new_node.body[1:]
    wanted = source.parse(candidate.body, name=f"{name}: the new body of {old_node.name}").body
    if not wanted or [ast.dump(item) for item in body] != [ast.dump(item) for item in wanted]:
        raise _refusal(name, f"the body of {old_node.name} would not be that of the candidate")
    kept = [ast.dump(item) for item in old_node.decorator_list if not any(item is marker for marker in markers)]
    if kept != [ast.dump(item) for item in new_node.decorator_list]:
        raise _refusal(name, f"the decorators of {old_node.name} would change beside the marker")


def _check_brought(new_tree: ast.Module, candidates: Sequence[Candidate], name: str) -> None:
    present = {ast.dump(item) for item in new_tree.body}
    bound = {_bound(alias) for node in ast.walk(new_tree) for alias in _aliases(node)}
    for candidate in candidates:
        for code in candidate.helpers:
            if not {ast.dump(item) for item in source.parse(code, name=name).body} <= present:
                raise _refusal(name, f"the definition {code.splitlines()[0]!r} would be missing")
        for code in candidate.imports:
            for node in source.parse(code, name=name).body:
                is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
                if not is_future and not {_bound(alias) for alias in _aliases(node)} <= bound:
                    raise _refusal(name, f"{code.strip()!r} would be missing")


def _dropped(old_tree: ast.Module, new_tree: ast.Module, marks: Marks, name: str) -> Counter[str]:
    """Return the marker's imports that are gone, after checking that they may be."""
    old, new = Counter(_marker_imports(old_tree, marks)), Counter(_marker_imports(new_tree, marks))
    old_tried = Counter(item for node in _tries(old_tree) for item in _marker_imports(node, marks))
    new_tried = Counter(item for node in _tries(new_tree) for item in _marker_imports(node, marks))
    if new - old or old_tried != new_tried:
        raise _refusal(name, f"an import of {_PACKAGE} would change")
    gone = old - new
    read = {node.id for node in ast.walk(new_tree) if isinstance(node, ast.Name)}
    for item in gone:
        if item not in new and (unbound := item.rpartition(" ")[2]) in read | marks.lent:
            raise _refusal(name, f"{unbound} is still used and would not be imported any more")
    return gone


def _joined(
    old_tree: ast.Module, new_tree: ast.Module, candidates: Sequence[Candidate], name: str
) -> Iterator[verify_rows.Joined]:
    """Yield the import statements that new names have joined, with what became of them."""
    modules = {
        (node.module, node.level)
        for candidate in candidates
        for code in candidate.imports
        for node in source.parse(code, name=name).body
        if isinstance(node, ast.ImportFrom)
    }
    old, new = ([*_from_imports(tree, modules)] for tree in (old_tree, new_tree))
    for node in old:
        there = {ast.dump(alias) for alias in node.names}
        grown = [other for other in new if there < {ast.dump(alias) for alias in other.names}]
        if grown and not any(ast.dump(other) == ast.dump(node) for other in new):
            yield node, grown[0]


def _from_imports(tree: ast.Module, modules: Collection[tuple[str | None, int]]) -> Iterator[ast.ImportFrom]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module, node.level) in modules:
            yield node


def _drops(node: ast.stmt, gone: Counter[str], marks: Marks) -> bool:
    return any(item in gone for item in _marker_imports_of(node, marks))


def _marker_imports(tree: ast.AST, marks: Marks) -> Iterator[str]:
    for node in ast.walk(tree):
        yield from _marker_imports_of(node, marks)


def _marker_imports_of(node: ast.AST, marks: Marks) -> Iterator[str]:
    for alias in _aliases(node):
        module = alias.name if isinstance(node, ast.Import) else getattr(node, "module", None) or ""
        level = getattr(node, "level", 0)
        is_of_package = module.partition(".")[0] == _PACKAGE and not level
        if is_of_package or (isinstance(node, ast.ImportFrom) and _bound(alias) in marks.taken):
            yield f"{'.' * level}{module} {alias.name} {_bound(alias)}"


def _tries(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the outermost `try` statements."""
    for node in ast.iter_child_nodes(tree):
        if type(node).__name__ in ("Try", "TryStar"):
            yield node
        elif not isinstance(node, ast.expr):
            yield from _tries(node)


def _aliases(node: ast.AST) -> list[ast.alias]:
    return node.names if isinstance(node, (ast.Import, ast.ImportFrom)) else []


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _single(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements with each import of several names as several imports."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (ast.Import(names=[alias]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (ast.ImportFrom(module=node.module, names=[alias], level=node.level) for alias in node.names)
        else:
            yield node


def _strip(tree: ast.AST, marks: Marks) -> None:
    """Take every import of the marker out of a tree; an empty block gets a `pass`."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list) and block:
                left = [item for item in _single(block) if not any(_marker_imports_of(item, marks))]
                setattr(node, field, left or [ast.Pass()])
