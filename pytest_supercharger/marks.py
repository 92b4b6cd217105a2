"""Which decorators of a module are the marker, under whatever name it was imported, and what options they carry."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_supercharger import parsing
from pytest_supercharger.marker import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

__all__ = [
    "MARKERS",
    "Definition",
    "Function",
    "decorated",
    "definitions",
    "dotted_name",
    "options",
    "statements",
    "texts",
]

Function = ast.FunctionDef | ast.AsyncFunctionDef

_PACKAGE = "pytest_supercharger"
MARKERS = frozenset({f"{_PACKAGE}.supercharge", f"{_PACKAGE}.marker.supercharge"})
_STAR = {_PACKAGE: ("supercharge",), f"{_PACKAGE}.marker": ("supercharge",)}

Names = dict[str, set[str]]  # local name -> dotted things it was imported as


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A function or class of a module, where it stands, and the decorators of it that are the marker."""

    node: Function | ast.ClassDef
    parents: tuple[Function | ast.ClassDef, ...]  # outermost first
    markers: tuple[ast.expr, ...]

    @property
    def qualname(self) -> str:
        """The dotted name as in `__qualname__`, for definitions outside of functions."""
        return ".".join(node.name for node in (*self.parents, self.node))


def definitions(tree: ast.Module, taken: Collection[str] = ()) -> Iterator[Definition]:
    """Yield every function and class in the order of the source, nested ones too.

    `taken` are decorators that are the marker by way of other modules, under names of the module level.
    """
    yield from _within(tree.body, (), [_imported(tree.body)], taken)


def options(marker: ast.expr) -> tuple[dict[str, object], list[str]]:
    """Return the literal options of a marker, and what is wrong with the others as sentences about the function."""
    values: dict[str, object] = {}
    wrong: list[str] = []
    if not isinstance(marker, ast.Call):
        return values, wrong
    if marker.args:
        wrong.append("gives the marker an option by position; give it by name")
    for keyword in marker.keywords:
        name = keyword.arg or "**"
        if name not in _READ:
            wrong.append(f"gives the marker the unknown option {name!r}; it takes {', '.join(OPTIONS)}")
            continue
        read, expected = _READ[name]
        try:
            values[name] = read(keyword.value)
        except ValueError:
            wrong.append(f"gives the marker {name}={ast.unparse(keyword.value)}; write {expected} instead")
    return values, wrong


def texts(options: Mapping[str, object]) -> dict[str, str]:
    """Return options that were read as source text; names of functions stand in quotes, so that they need not exist."""
    return {name: ast.unparse(_written(value)) for name, value in sorted(options.items())}


def decorated(name: str, options: Mapping[str, str]) -> str:
    """Return a decorator with such options.

    Raises:
        ValueError: one is no expression.
    """
    try:
        pairs = [f"{key}={ast.unparse(parsing.expression(text))}" for key, text in options.items() if key in OPTIONS]
    except SyntaxError as error:
        raise ValueError(str(error)) from error
    return f"@{name}({', '.join(pairs)})" if pairs else f"@{name}"


def _written(value: Any) -> ast.expr:
    """Return an expression for a literal; `repr` has none for infinity."""
    if isinstance(value, tuple | list):
        items = [*map(_written, value)]
        return ast.Tuple(elts=items, ctx=ast.Load()) if isinstance(value, tuple) else ast.List(items, ast.Load())
    if isinstance(value, dict):
        return ast.Dict(keys=[*map(_written, value)], values=[*map(_written, value.values())])
    if isinstance(value, set) and value:
        return ast.Set(elts=sorted(map(_written, value), key=ast.unparse))
    if isinstance(value, set):
        return ast.Call(func=ast.Name(id="set", ctx=ast.Load()), args=[], keywords=[])
    return ast.Constant(value=value)


def _within(
    body: list[ast.stmt], parents: tuple[Function | ast.ClassDef, ...], scopes: list[Names], taken: Collection[str]
) -> Iterator[Definition]:
    for node in statements(body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            markers = tuple(item for item in node.decorator_list if _is_marker(item, scopes, taken))
            yield Definition(node=node, parents=parents, markers=markers)
            yield from _within(node.body, (*parents, node), [*scopes, _imported(node.body)], taken)


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of one scope: those under `if`, `try`, `with` and the like, none of inner scopes."""
    for node in body:
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for name in ("body", "handlers", "cases", "orelse", "finalbody"):
            for child in getattr(node, name, ()):
                yield from statements([child] if isinstance(child, ast.stmt) else child.body)


def _imported(body: list[ast.stmt]) -> Names:
    names: Names = {}
    for node in statements(body):
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                names.setdefault(bound, set()).add(alias.name if alias.asname else bound)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            for alias in node.names:
                for name in _STAR.get(module, ()) if alias.name == "*" else (alias.name,):
                    names.setdefault(alias.asname or name, set()).add(f"{module}.{name}")
        elif isinstance(node, ast.Assign) and (dotted := dotted_name(node.value)):
            root, _, rest = dotted.partition(".")  # another name for something imported
            targets = [target.id for target in node.targets if isinstance(target, ast.Name) and root in names]
            for target in targets:
                found = {f"{thing}.{rest}" if rest else thing for thing in names[root]}
                names[target] = names.get(target, set()) | found
    return names


def _is_marker(decorator: ast.expr, scopes: list[Names], taken: Collection[str]) -> bool:
    dotted = dotted_name(decorator.func if isinstance(decorator, ast.Call) else decorator)
    if dotted is None:
        return False
    root, _, rest = dotted.partition(".")
    scope = next((scope for scope in reversed(scopes) if root in scope), scopes[0])
    if scope is scopes[0] and dotted in taken:
        return True
    return any((f"{target}.{rest}" if rest else target) in MARKERS for target in scope.get(root, ()))


def dotted_name(node: ast.expr) -> str | None:
    """Return "a.b.c" for names and attributes of names, None for any other expression."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        head = dotted_name(node.value)
        return None if head is None else f"{head}.{node.attr}"
    return None


def _confidence(node: ast.expr) -> float:
    value = _literal(node)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise ValueError
    return float(value)


def _samples(node: ast.expr) -> int:
    value = _literal(node)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError
    return value


def _names(node: ast.expr) -> tuple[str, ...]:
    if not isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        raise ValueError
    names = [item.value if isinstance(item, ast.Constant) else dotted_name(item) for item in node.elts]
    return tuple(_text(name) for name in names)


def _text(name: object) -> str:
    if not isinstance(name, str):
        raise ValueError
    return name


def _sequence(node: ast.expr) -> tuple[object, ...]:
    value = _literal(node)
    if not isinstance(value, (list, tuple)):
        raise ValueError
    return tuple(value)


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except (TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError(str(error)) from error


_READ: dict[str, tuple[Callable[[ast.expr], object], str]] = {
    "confidence": (_confidence, "a number above 0 and up to 1"),
    "samples": (_samples, "a whole number from 1"),
    "uses": (_names, "a list of names"),
    "examples": (_sequence, "a list of literals"),
}
