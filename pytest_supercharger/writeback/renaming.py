"""Give a name of the module level another one in a piece of code, and leave every other meaning of it alone."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_supercharger import parsing
from pytest_supercharger.source import Positions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

__all__ = ["renamed"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


class _Unclear(Exception):
    """What the name stands for somewhere cannot be told from the text."""


def renamed(code: str, names: Mapping[str, str], *, parameters: Collection[str] | None = None) -> str | None:
    """Return the code with these names of the module level replaced; None where that cannot be told from its text.

    The code stands at the module level, or is the body of a function with these parameters. The new names must be
    used nowhere. Layout and comments stay, unless a name stands where its place is not known (in an f-string).
    """
    tree = parsing.module(code)
    scopes = [_Scope()] if parameters is None else [_Scope(), _scope(tree.body, parameters)]
    search = _Search(names, scopes)
    try:
        search.visit_all(tree.body)
    except _Unclear:
        return None
    text = _edited(code, search.found, names)
    for node in search.found:
        _rename(node, names)
    if text is not None and _is(text, tree):
        return text
    return ast.unparse(tree) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    bound: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()  # global
    is_class: bool = False


class _Search(ast.NodeVisitor):
    """Finds the nodes that name something of the module level by one of these names; `scopes[0]` is the module's."""

    def __init__(self, names: Mapping[str, str], scopes: list[_Scope]) -> None:
        self.found: list[ast.AST] = []
        self._names = names
        self._scopes = scopes

    def visit_all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def _is_ours(self, name: str | None) -> bool:
        if name not in self._names:
            return False
        innermost = self._scopes[-1]
        for scope in reversed(self._scopes[1:]):
            if scope.is_class and scope is not innermost:
                continue
            if name in scope.declared:
                return True
            if name in scope.bound:
                if scope.is_class:
                    raise _Unclear  # until it is bound there, it is that of the module
                return False
        return True

    def visit_Name(self, node: ast.Name) -> None:
        if self._is_ours(node.id):
            self.found.append(node)

    def visit_Global(self, node: ast.Global) -> None:
        if not self._names.keys().isdisjoint(node.names):
            self.found.append(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and _names_in(node.value) & self._names.keys():
            raise _Unclear  # an annotation, or a name that is looked up by its text

    def visit_Expr(self, node: ast.Expr) -> None:
        if not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)):
            self.visit(node.value)

    def generic_visit(self, node: ast.AST) -> None:
        if any(map(self._is_ours, _odd_bindings(node))):
            raise _Unclear
        super().generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def _function(self, node: _Function) -> None:
        self._definition(node)
        self.visit_all(node.decorator_list)
        arguments = _arguments(node.args)
        self.visit_all([*node.args.defaults, *node.args.kw_defaults, node.returns])
        self.visit_all(argument.annotation for argument in arguments)
        self._within(_scope(node.body, [argument.arg for argument in arguments]), node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._definition(node)
        self.visit_all(node.decorator_list)
        self.visit_all([*node.bases, *(keyword.value for keyword in node.keywords)])
        scope = _scope(node.body, ())
        self._within(_Scope(bound=scope.bound, declared=scope.declared, is_class=True), node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit_all([*node.args.defaults, *node.args.kw_defaults])
        self._within(_Scope(bound=frozenset(argument.arg for argument in _arguments(node.args))), [node.body])

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self._comprehension(node, [node.elt])

    def visit_SetComp(self, node: ast.SetComp) -> None:
        self._comprehension(node, [node.elt])

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self._comprehension(node, [node.elt])

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._comprehension(node, [node.key, node.value])

    def _comprehension(self, node: _Comprehension, results: Sequence[ast.expr]) -> None:
        first, *others = node.generators
        self.visit(first.iter)
        targets = [name for part in node.generators for name in _stored(part.target)]
        inner = [part for generator in node.generators for part in (generator.target, *generator.ifs)]
        iterated = [generator.iter for generator in others]
        self._within(_Scope(bound=frozenset(targets)), [*inner, *iterated, *results])

    def _definition(self, node: _Named) -> None:
        if self._is_ours(node.name):
            self.found.append(node)
        types = getattr(node, "type_params", ())  # Python 3.12
        if not self._names.keys().isdisjoint(parameter.name for parameter in types):
            raise _Unclear
        self.visit_all(types)

    def _within(self, scope: _Scope, nodes: Iterable[ast.AST | None]) -> None:
        self._scopes.append(scope)
        self.visit_all(nodes)
        self._scopes.pop()


def _scope(body: Sequence[ast.stmt], parameters: Collection[str]) -> _Scope:
    """What a block binds, that of inner blocks left out."""
    parts = [part for statement in body for part in _own(statement)]
    declared = {name for part in parts if isinstance(part, ast.Global) for name in part.names}
    outer = {name for part in parts if isinstance(part, ast.Nonlocal) for name in part.names}
    bound = {name for part in parts for name in (*_plain_binding(part), *_odd_bindings(part))}
    return _Scope(bound=frozenset({*parameters, *bound} - declared - outer), declared=frozenset(declared))


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope; of a comprehension only what it binds outside of itself."""
    yield node
    if isinstance(node, _Comprehension):
        yield from (part for part in parsing.walked(node) if isinstance(part, ast.NamedExpr))
        yield from (part.target for part in parsing.walked(node) if isinstance(part, ast.NamedExpr))
    else:
        for child in _evaluated_outside(node) if isinstance(node, _SCOPES) else ast.iter_child_nodes(node):
            yield from _own(child)


def _evaluated_outside(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of an inner block that belong to the one around it."""
    yield from getattr(node, "decorator_list", ())
    yield from getattr(node, "bases", ())
    if isinstance(node, _Function | ast.Lambda):
        yield from (part for part in (*node.args.defaults, *node.args.kw_defaults) if part is not None)


def _plain_binding(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, _Named):
        yield node.name


def _odd_bindings(node: ast.AST) -> Iterator[str]:
    """Names that a node binds which is no name itself, nor a definition."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


def _arguments(node: ast.arguments) -> list[ast.arg]:
    one = [argument for argument in (node.vararg, node.kwarg) if argument is not None]
    return [*node.posonlyargs, *node.args, *node.kwonlyargs, *one]


def _stored(node: ast.expr) -> Iterator[str]:
    yield from (p.id for p in parsing.walked(node) if isinstance(p, ast.Name) and isinstance(p.ctx, ast.Store))


def _names_in(text: str) -> set[str]:
    """The names of a text that is an expression."""
    try:
        tree = parsing.expression(text.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {part.id for part in parsing.walked(tree) if isinstance(part, ast.Name)}


def _edited(code: str, nodes: Sequence[ast.AST], names: Mapping[str, str]) -> str | None:
    """The text with these nodes renamed; None where the place of one is not known."""
    positions = Positions(code)
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset), reverse=True):  # type: ignore[attr-defined]
        assert isinstance(node, ast.expr | ast.stmt)
        try:
            start, end = positions.span(node)
        except (ValueError, IndexError, UnicodeDecodeError):
            return None
        place = _place(node)
        found = re.compile(place).match(code, start, end)
        if found is None:
            return None
        head, rest = code[start : found.start(1)], code[found.start(1) : found.end(1)]
        new = re.sub(r"\w+", lambda word: names.get(word[0], word[0]), rest)
        code = code[:start] + head + new + code[found.end(1) :]
    return code


def _place(node: ast.AST) -> str:
    """A pattern whose group holds the names of a node, and no others."""
    if isinstance(node, ast.Name):
        return rf"({node.id})\b"
    if isinstance(node, _Named):
        return rf"(?:async\s+)?(?:def|class)\s+({node.name})\b"
    return r"global\s+([\w\s,\\]+)"


def _rename(node: ast.AST, names: Mapping[str, str]) -> None:
    if isinstance(node, ast.Name):
        node.id = names[node.id]
    elif isinstance(node, _Named):
        node.name = names[node.name]
    elif isinstance(node, ast.Global):
        node.names = [names.get(name, name) for name in node.names]


def _is(text: str, tree: ast.Module) -> bool:
    try:
        return ast.dump(parsing.module(text)) == ast.dump(tree)
    except SyntaxError:
        return False
