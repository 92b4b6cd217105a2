"""What the names of a module stand for, so that new ones can be claimed or refused."""

from __future__ import annotations

import ast
import builtins
from collections import defaultdict
from typing import TYPE_CHECKING

from pytest_supercharger import source
from pytest_supercharger.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_supercharger.domain import Candidate
    from pytest_supercharger.writeback.import_style import Import

__all__ = ["Names", "bindings", "check_together", "meaning"]

_BUILTINS = frozenset(dir(builtins))


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
        for name in bindings(body):
            if name in self._bound:
                raise self._refusal(name, "is already something else in this module")
            self._check_builtin(name)
        for item in body:
            self._definitions.add(ast.dump(item))
        for name in bindings(body):
            self._bound[name].add(None)
        return True

    def _is_missing(self, node: Import, alias: ast.alias) -> bool:
        if alias.name == "*":
            raise self._refusal(ast.unparse(node), "brings names that cannot be known")
        name, target = meaning(node, alias)
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
        name, target = meaning(node, alias)
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


def meaning(node: Import, alias: ast.alias) -> tuple[str, str]:
    """Return the name that is bound and the dotted thing it stands for."""
    if isinstance(node, ast.ImportFrom):
        return alias.asname or alias.name, f"{'.' * node.level}{node.module or ''}.{alias.name}"
    root = alias.name.partition(".")[0]
    return (alias.asname, alias.name) if alias.asname else (root, root)


def check_together(name: str, tree: ast.Module, candidates: Sequence[Candidate]) -> None:
    """Raise SourceError where what one candidate brings would hide a built-in that another one means."""
    there = set(bindings(tree.body))
    brought = [
        {bound for code in (*item.imports, *item.helpers) for bound in bindings(source.parse(code, name=name).body)}
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
    name, target = meaning(node, alias)
    return alias.name if isinstance(node, ast.Import) and not alias.asname else f"{target} as {name}"


def bindings(body: Sequence[ast.AST]) -> Iterator[str]:
    """Yield the names that these statements bind in their own scope."""
    for node in body:
        yield from _own_bindings(node)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (meaning(node, alias)[0] for alias in node.names)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            yield from bindings(list(ast.iter_child_nodes(node)))


def _own_bindings(node: ast.AST) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest
