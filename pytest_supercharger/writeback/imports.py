"""Bring a candidate's imports and names into a module without disturbing what is there."""

from __future__ import annotations

import ast
import builtins
import sys
from collections import defaultdict
from typing import TYPE_CHECKING

from pytest_supercharger import source
from pytest_supercharger.errors import SourceError
from pytest_supercharger.writeback.page import Edit, Page, is_blank

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_supercharger.domain import Candidate

__all__ = ["Names", "check_together", "merge"]

Import = ast.Import | ast.ImportFrom

_BUILTINS = frozenset(dir(builtins))
_FUTURE, _STANDARD, _OTHER, _RELATIVE = range(4)


class Names:
    """What the names of a module stand for, so that new ones can be claimed or refused."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self._name = name
        self._bound: defaultdict[str, set[str | None]] = defaultdict(set)  # name -> what it was imported as, or None
        self._certain: set[str] = set()  # imports that always happen: neither under `if` nor for type checkers only
        self._definitions = {ast.dump(item) for item in tree.body}
        self._read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Global):
                for item in node.names:
                    self._bound[item].add(None)
        self._bind(tree.body, certain=True)

    def claim_import(self, statement: str) -> list[Import]:
        """Return the statements to add for this import: none for what the module already imports."""
        found: list[Import] = []
        for node in source.parse(statement, name=f"{self._name}: a new import").body:
            if not isinstance(node, (ast.Import, ast.ImportFrom)):
                raise self._refusal(statement.strip(), "is not an import")
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                # It would change the whole file; annotations are the only one that new code can do without.
                if any(alias.name != "annotations" for alias in node.names):
                    raise self._refusal(statement.strip(), "would change the whole file")
                continue
            missing = [alias for alias in node.names if self._is_missing(node, alias)]
            if isinstance(node, ast.ImportFrom):
                found += [ast.ImportFrom(module=node.module, names=missing, level=node.level)] if missing else []
            else:
                found += [ast.Import(names=[alias]) for alias in missing]
        return found

    def claim_helper(self, code: str) -> bool:
        """Say whether this definition is to be added; False where the same one is already there."""
        body = source.parse(code, name=f"{self._name}: a new definition").body
        if body and all(ast.dump(item) in self._definitions for item in body):
            return False
        for name in _bindings(body):
            if name in self._bound:
                raise self._refusal(name, "is already something else in this module")
            self._check_builtin(name)
        for item in body:
            self._definitions.add(ast.dump(item))
        for name in _bindings(body):
            self._bound[name].add(None)
        return True

    def _is_missing(self, node: Import, alias: ast.alias) -> bool:
        if alias.name == "*":
            raise self._refusal(ast.unparse(node), "brings names that cannot be known")
        name, target = _meaning(node, alias)
        if self._bound[name] - {target}:
            raise self._refusal(name, f"is already something else in this module than {target}")
        if _loaded(node, alias) in self._certain:
            return False
        if not self._bound[name]:
            self._check_builtin(name)
        self._add(node, alias, certain=True)
        return True

    def _check_builtin(self, name: str) -> None:
        if name in _BUILTINS and name in self._read:
            raise self._refusal(name, "is a built-in that this module uses")

    def _refusal(self, what: str, problem: str) -> SourceError:
        return SourceError(f"{self._name}: the new code needs {what!r}, which {problem}; ask for another candidate")

    def _add(self, node: Import, alias: ast.alias, *, certain: bool) -> None:
        name, target = _meaning(node, alias)
        self._bound[name].add(target)
        if certain:
            loaded = _loaded(node, alias)
            # `import a.b` also binds and loads `a`.
            self._certain |= {loaded, target} if isinstance(node, ast.Import) and not alias.asname else {loaded}

    def _bind(self, body: Sequence[ast.AST], *, certain: bool) -> None:
        for node in body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    if alias.name != "*":
                        self._add(node, alias, certain=certain)
                continue
            for name in _own_bindings(node):
                self._bound[name].add(None)
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
                branches = isinstance(node, (ast.If, ast.For, ast.While, ast.Match))
                self._bind(list(ast.iter_child_nodes(node)), certain=certain and not branches)


def merge(page: Page, tree: ast.Module, wanted: Sequence[str], leaving: Sequence[Import]) -> list[Edit]:
    """Return the edits that add the wanted imports; `leaving` are statements that will not be there to stand beside."""
    if not wanted:
        return []
    names = Names(page.name, tree)
    missing = [node for statement in wanted for node in names.claim_import(statement)]
    places: dict[tuple[int, str], list[Import]] = {}
    block = _block(tree)
    kept = [node for node in block if node not in leaving]
    for node in sorted(missing, key=lambda node: (_section(node), _key(node))):
        places.setdefault(_place(page, tree, block, kept, node), []).append(node)
    return [
        page.insert(index, _text(nodes, before="b" in gaps, after="a" in gaps, newline=page.newline))
        for (index, gaps), nodes in places.items()
    ]


def _place(page: Page, tree: ast.Module, block: list[Import], kept: list[Import], new: Import) -> tuple[int, str]:
    """Return the index for a new import and whether an empty row belongs before ("b") or after ("a") it."""
    if not block:
        return _place_without_imports(page, tree)
    if not kept:
        return page.start(page.line_of(block[0].lineno).first), ""
    section = [node for node in kept if _section(node) == _section(new)]
    if section:
        neighbour, is_after = _neighbour(section, new)
        return (_below(page, neighbour) if is_after else _above(page, neighbour)), ""
    earlier = [node for node in kept if _section(node) < _section(new)]
    if earlier:
        return _below(page, earlier[-1]), "b"
    return _above(page, kept[0]), "a"


def _neighbour(section: list[Import], new: Import) -> tuple[Import, bool]:
    """Return the import to stand beside, and whether below it, by the order this section keeps."""
    alike = [node for node in section if type(node) is type(new)]
    if not alike:
        plain_first = isinstance(new, ast.ImportFrom)
        return (section[-1], True) if plain_first else (section[0], False)
    keys = [_key(node) for node in alike]
    smaller = [node for node in alike if _key(node) <= _key(new)]
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


def _text(nodes: Sequence[Import], *, before: bool, after: bool, newline: str) -> str:
    rows = [""] if before else []
    for previous, node in zip([None, *nodes], nodes, strict=False):
        if previous is not None and _section(previous) != _section(node):
            rows.append("")
        rows.append(ast.unparse(node))
    return newline.join([*rows, *([""] if after else []), ""])


def _block(tree: ast.Module) -> list[Import]:
    found: list[Import] = []
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found.append(node)
        elif found:
            break
    return found


def _section(node: Import) -> int:
    if isinstance(node, ast.ImportFrom) and node.level:
        return _RELATIVE
    root = _key(node)[2].partition(".")[0]
    if root == "__future__":
        return _FUTURE
    return _STANDARD if root in sys.stdlib_module_names else _OTHER


def _key(node: Import) -> tuple[int, int, str]:
    if isinstance(node, ast.ImportFrom):
        relative = 1 if node.level else 0
        return relative, 1, node.module or ""
    return 0, 0, node.names[0].name


def _meaning(node: Import, alias: ast.alias) -> tuple[str, str]:
    """Return the name that is bound and the dotted thing it stands for."""
    if isinstance(node, ast.ImportFrom):
        return alias.asname or alias.name, f"{'.' * node.level}{node.module or ''}.{alias.name}"
    root = alias.name.partition(".")[0]
    return (alias.asname, alias.name) if alias.asname else (root, root)


def check_together(name: str, tree: ast.Module, candidates: Sequence[Candidate]) -> None:
    """Raise SourceError where what one candidate brings would hide a built-in that another one means."""
    there = set(_bindings(tree.body))
    brought = [
        {bound for code in (*item.imports, *item.helpers) for bound in _bindings(source.parse(code, name=name).body)}
        for item in candidates
    ]
    for item, own in zip(candidates, brought, strict=True):
        trees = [source.parse(code, name=name) for code in (item.body, *item.helpers)]
        read = {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}
        hidden = sorted((read & _BUILTINS - own - there) & set().union(*brought))
        if hidden:
            problem = f"{name}: one new function brings {hidden[0]!r} and another one means the built-in"
            raise SourceError(f"{problem}; ask for another candidate")


def _loaded(node: Import, alias: ast.alias) -> str:
    name, target = _meaning(node, alias)
    return alias.name if isinstance(node, ast.Import) and not alias.asname else f"{target} as {name}"


def _bindings(body: Sequence[ast.AST]) -> Iterator[str]:
    for node in body:
        yield from _own_bindings(node)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (_meaning(node, alias)[0] for alias in node.names)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            yield from _bindings(list(ast.iter_child_nodes(node)))


def _own_bindings(node: ast.AST) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest
