"""Inputs from a signature alone, for annotations made of builtins and the usual containers."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pytest_supercharger import parsing
from pytest_supercharger.domain import Probe, Stub, StubKind
from pytest_supercharger.probes.calls import parsed
from pytest_supercharger.probes.making import rebuilt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

__all__ = ["allows", "alternatives", "arguments", "from_signature", "parameters", "value_of"]

_SCALARS: dict[str, Sequence[str]] = {
    "int": ("0", "1", "-1", "2", "7", "10", "-12", "100", "65537"),
    "float": ("0.0", "1.0", "-1.5", "0.1", "3.14159", "1e-09", "1000000.0"),
    "complex": ("0j", "1 + 2j"),
    "bool": ("True", "False"),
    "str": ("''", "'a'", "'abc'", "'Hello, World'", "'  two  words '", "'line\\n'", "'\\xe9\\u20ac'", "'a1b2'"),
    "bytes": ("b''", "b'abc'", "b'\\x00\\xff'"),
    "None": ("None",),
    "object": ("0", "'a'", "None"),
}
_LISTS = frozenset({"list", "List", "Sequence", "MutableSequence", "Iterable", "Collection", "Iterator"})
_SETS = frozenset({"set", "Set", "frozenset", "FrozenSet", "AbstractSet", "MutableSet"})
_DICTS = frozenset({"dict", "Dict", "Mapping", "MutableMapping"})
_LENGTHS = (0, 1, 2, 3, 5)


def parameters(stub: Stub) -> list[ast.arg]:
    """The parameters of the stub in order, `self` and `cls` left out, `*args` and `**kwargs` too."""
    tree = parsed(f"{stub.signature}: ...")
    function = tree.body[0] if tree and tree.body else None
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return []
    positional = [*function.args.posonlyargs, *function.args.args]
    if stub.kind in {StubKind.METHOD, StubKind.CLASS_METHOD, StubKind.PROPERTY}:
        positional = positional[1:]
    return [*positional, *function.args.kwonlyargs]


def arguments(call: ast.Call, expected: Sequence[ast.arg]) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """The arguments of a call of the stub, each with the annotation of its parameter."""
    by_name = {parameter.arg: parameter.annotation for parameter in expected}
    for position, node in enumerate(call.args):
        yield node, expected[position].annotation if position < len(expected) else None
    for keyword in call.keywords:
        yield keyword.value, by_name.get(keyword.arg or "")


def alternatives(annotation: ast.expr | None) -> list[ast.expr]:
    """The members of a union, of `Optional` and of a quoted annotation; the annotation itself otherwise."""
    if annotation is None:
        return []
    match annotation:
        case ast.Constant(value=str() as text):
            tree = parsed(text)
            inner = tree.body[0] if tree and tree.body else None
            return alternatives(inner.value) if isinstance(inner, ast.Expr) else []
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return alternatives(left) + alternatives(right)
        case ast.Subscript(slice=inner_slice) if _name(annotation) == "Optional":
            return [*alternatives(inner_slice), ast.Constant(None)]
        case ast.Subscript(slice=ast.Tuple(elts=members)) if _name(annotation) == "Union":
            return [part for member in members for part in alternatives(member)]
    return [annotation]


def allows(annotation: ast.expr | None, name: str) -> bool:
    """Whether a member of the annotation is the type of this name."""
    return any(_name(member) == name for member in alternatives(annotation))


def value_of(annotation: ast.expr | None, rng: Random, depth: int = 0) -> str | None:
    """The source of some value of the annotated type; None where the type is not a simple one."""
    members = alternatives(annotation)
    if not members or depth > 3:
        return None
    member = rng.choice(members)
    name = _name(member)
    if name in _SCALARS:
        return rng.choice(_SCALARS[name])
    if name == "Literal" and isinstance(member, ast.Subscript):
        choices = member.slice.elts if isinstance(member.slice, ast.Tuple) else [member.slice]
        return ast.unparse(rng.choice(choices))
    inner = _arguments(member)

    def element(position: int) -> str | None:
        return value_of(inner[position], rng, depth + 1) if position < len(inner) else None

    return _container(name, inner, element, rng.choice(_LENGTHS))


def _container(name: str, inner: list[ast.expr], element: Callable[[int], str | None], length: int) -> str | None:
    if name in _DICTS and len(inner) == 2:
        return _joined("{{{}}}", [_pair(element(0), element(1)) for _ in range(length)])
    if name in {"tuple", "Tuple"} and inner:
        ellipsis = isinstance(inner[-1], ast.Constant) and inner[-1].value is ...
        positions = [0] * length if ellipsis else list(range(len(inner)))
        return _joined("tuple([{}])" if ellipsis else "({},)", [element(position) for position in positions])
    if len(inner) == 1 and name in _LISTS | _SETS:
        template = "[{}]" if name in _LISTS else "frozenset([{}])" if name.lower() == "frozenset" else "set([{}])"
        return _joined(template, [element(0) for _ in range(length)])
    return None


def _pair(key: str | None, value: str | None) -> str | None:
    return f"{key}: {value}" if key is not None and value is not None else None


def _joined(template: str, parts: list[str | None]) -> str | None:
    known = [part for part in parts if part is not None]
    return template.format(", ".join(known)) if len(known) == len(parts) else None


def _name(annotation: ast.expr) -> str:
    plain = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    if isinstance(plain, ast.Constant):
        return repr(plain.value)
    return ast.unparse(plain).rpartition(".")[2]


def _arguments(annotation: ast.expr) -> list[ast.expr]:
    if not isinstance(annotation, ast.Subscript):
        return []
    return list(annotation.slice.elts) if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]


def from_signature(stub: Stub, rng: Random, limit: int) -> tuple[Probe, ...]:
    """Up to `limit` calls of the stub with values its annotations ask for.

    Empty for methods and properties (how to make an instance is not known), and where a parameter without default
    has no annotation or not a simple one.
    """
    if stub.kind in {StubKind.METHOD, StubKind.PROPERTY}:
        return ()
    found: dict[str, Probe] = {}
    for _ in range(limit * 4):
        call = _call(stub, rng)
        if call is None or len(found) >= limit:
            break
        expression = ast.unparse(parsing.expression(f"await {call}" if stub.is_async else call))
        probe = rebuilt(f"from {stub.module} import {stub.root_name}", "", expression)
        found[probe.id] = probe
    return tuple(found.values())


def _call(stub: Stub, rng: Random) -> str | None:
    tree = parsing.module(f"{stub.signature}: ...").body[0]
    if not isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    optional = len(tree.args.defaults)
    positional = [*tree.args.posonlyargs, *tree.args.args]
    with_default = {a.arg for a in positional[len(positional) - optional :]}
    with_default |= {a.arg for a, default in zip(tree.args.kwonlyargs, tree.args.kw_defaults, strict=True) if default}
    by_position = {a.arg for a in tree.args.posonlyargs}
    parts: list[str] = []
    for parameter in parameters(stub):
        if parameter.arg in with_default and rng.random() < 0.5:
            continue
        value = value_of(parameter.annotation, rng)
        if value is None and parameter.arg not in with_default:
            return None
        if value is not None:
            parts.append(value if parameter.arg in by_position else f"{parameter.arg}={value}")
    return f"{stub.qualname}({', '.join(parts)})"
