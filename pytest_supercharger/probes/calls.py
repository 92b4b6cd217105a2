"""Which expressions call the stub, under the names a test knows it by."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_supercharger import parsing
from pytest_supercharger.domain import Stub, StubKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Caller", "names_in", "parsed"]

_ACCESSORS = frozenset({"fset", "fdel"})
_CONSTRUCTORS = frozenset({"__init__", "__new__", "__post_init__"})
_BUILTIN_OF = {
    "__len__": ("len",),
    "__repr__": ("repr",),
    "__str__": ("str",),
    "__bool__": ("bool",),
    "__iter__": ("iter", "list", "tuple", "sorted", "set"),
    "__next__": ("next",),
    "__reversed__": ("reversed",),
    "__hash__": ("hash",),
    "__abs__": ("abs",),
    "__int__": ("int",),
    "__float__": ("float",),
    "__round__": ("round",),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Recognises calls of one stub among the imports of one test."""

    stub: Stub
    direct: frozenset[str]  # names of the function, or of the outermost class
    modules: frozenset[str]  # names of the stub's module

    @classmethod
    def of(cls, stub: Stub, imports: Iterable[ast.stmt]) -> Caller:
        """Read the aliases off the import statements of a test."""
        last = stub.module.rpartition(".")[2]
        direct, modules = {stub.root_name}, {last, stub.module}
        for statement in imports:
            if not isinstance(statement, (ast.Import, ast.ImportFrom)):
                continue
            for alias in statement.names:
                if isinstance(statement, ast.ImportFrom) and alias.name == stub.root_name:
                    direct.add(alias.asname or alias.name)
                elif alias.name in {last, stub.module}:
                    modules.add(alias.asname or alias.name)
        return cls(stub=stub, direct=frozenset(direct), modules=frozenset(modules))

    def matches(self, node: ast.AST) -> bool:
        """Whether this very node calls the stub."""
        if self.stub.kind is StubKind.PROPERTY:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ACCESSORS:
                node = node.func.value  # as `accessor_calls` writes it
            return isinstance(node, ast.Attribute) and node.attr == self.stub.name and isinstance(node.ctx, ast.Load)
        if not isinstance(node, ast.Call):
            return False
        if self.stub.kind is StubKind.FUNCTION:
            return self._names_root(node.func)
        if self.stub.name in _CONSTRUCTORS:
            return self._names_root(node.func)
        if isinstance(node.func, ast.Name):
            return node.func.id in _BUILTIN_OF.get(self.stub.name, ())
        return isinstance(node.func, ast.Attribute) and node.func.attr == self.stub.name

    def _names_root(self, func: ast.expr) -> bool:
        if isinstance(func, ast.Name):
            return func.id in self.direct
        if not isinstance(func, ast.Attribute) or func.attr != self.stub.root_name:
            return False
        return ast.unparse(func.value) in self.modules

    def accessor_calls(self, statement: ast.stmt) -> Iterator[ast.expr]:
        """What `box.side = 3` and `del box.side` run, as calls: only calls can be inputs, and show what they change."""
        if self.stub.kind is not StubKind.PROPERTY:
            return
        targets = statement.targets if isinstance(statement, (ast.Assign, ast.Delete)) else []
        for target in targets:
            if isinstance(target, ast.Attribute) and target.attr == self.stub.name:
                of_object = parsing.copied(target.value)
                cls = ast.Call(ast.Name("type", ast.Load()), [of_object], [])
                own = ast.Attribute(cls, self.stub.name, ast.Load())
                values = [statement.value] if isinstance(statement, ast.Assign) else []
                name = "fset" if values else "fdel"
                yield ast.Call(ast.Attribute(own, name, ast.Load()), [of_object, *values], [])

    def inside(self, node: ast.AST) -> bool:
        """Whether the stub is called anywhere below this node."""
        return any(self.matches(part) for part in parsing.walked(node))

    def outermost(self, whole: ast.expr) -> Iterator[ast.expr]:
        """The largest calls of the stub in an expression, with their `await`.

        A call that cannot stand alone, because it uses names of a comprehension or is awaited further out, gives the
        whole expression.
        """
        for call, parents in self._find(whole, ()):
            awaited = bool(parents) and isinstance(parents[-1], ast.Await)
            inner = {name for parent in parents for name in _bound_by(parent)}
            if inner & names_in(call) or (self.stub.is_async and not awaited):
                yield whole
            else:
                yield parents[-1] if awaited and isinstance(parents[-1], ast.expr) else call

    def _find(self, node: ast.AST, parents: tuple[ast.AST, ...]) -> Iterator[tuple[ast.expr, tuple[ast.AST, ...]]]:
        if self.matches(node) and isinstance(node, ast.expr):
            yield node, parents
            return
        for child in ast.iter_child_nodes(node):
            yield from self._find(child, (*parents, node))


def names_in(node: ast.AST) -> set[str]:
    """Every plain name below a node."""
    return {part.id for part in parsing.walked(node) if isinstance(part, ast.Name)}


def parsed(source: str) -> ast.Module | None:
    """The tree of a source text; None where it does not parse."""
    try:
        return parsing.module(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _bound_by(node: ast.AST) -> Iterator[str]:
    """Names that a comprehension or a lambda binds for what is inside it."""
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
        for generator in node.generators:
            yield from names_in(generator.target)
    elif isinstance(node, ast.Lambda):
        yield from (argument.arg for argument in parsing.walked(node.args) if isinstance(argument, ast.arg))
