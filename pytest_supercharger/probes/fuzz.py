"""New inputs from known ones: type-aware mutation of the literals a call of the stub is given."""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_supercharger import parsing
from pytest_supercharger.probes.calls import Caller, parsed
from pytest_supercharger.probes.making import is_literal, rebuilt
from pytest_supercharger.probes.typed import allows, alternatives, arguments, parameters, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from pytest_supercharger.domain import Probe, Stub

__all__ = ["mutate"]

_LARGE_INT = 10_000_019  # a prime: too slow for what is quadratic, or tries every divisor more than once
_LARGE_LENGTH = 1000
# Edges first; each kind gets its turn before any gets a second one.
_KINDS = ("zero", "empty", "odd", "negative", "large", "one", "none", "float", "duplicate", "swap", "drop", "other")
_Mutant = tuple[str, str]  # kind, source of the new value


@dataclass(frozen=True, slots=True)
class _Site:
    """One literal of a probe: the n-th node of its expression or of its setup."""

    in_setup: bool
    index: int
    value: object
    annotation: ast.expr | None


def mutate(probes: Sequence[Probe], *, limit: int, rng: Random, stub: Stub | None = None) -> tuple[Probe, ...]:
    """Up to `limit` new probes, none of which is among `probes`; the same for the same state of `rng`.

    Each differs from a known probe in one literal. Annotations of the stub's signature keep the types right: `None`
    only where the parameter may be None, only the members of a `Literal`, floats where floats are wanted. At most one
    probe of the batch is large. Where the call has no literal argument, literals of the setup are changed.
    """
    by_kind: dict[str, list[tuple[Probe, _Site, str]]] = {kind: [] for kind in _KINDS}
    for probe in probes:
        for site in _sites(probe, stub):
            for kind, source in _mutants(site, rng):
                by_kind[kind].append((probe, site, source))
    for mutants in by_kind.values():
        rng.shuffle(mutants)
    known = {probe.id for probe in probes}
    found: dict[str, Probe] = {}
    while len(found) < limit and any(by_kind.values()):
        for kind in _KINDS:
            fresh = _next(by_kind[kind], known | found.keys())
            if fresh is not None and len(found) < limit:
                found[fresh.id] = fresh
        by_kind["large"].clear()
    return tuple(found.values())


def _next(mutants: list[tuple[Probe, _Site, str]], known: set[str]) -> Probe | None:
    while mutants:
        probe, site, source = mutants.pop()
        fresh = _replaced(probe, site, source)
        if fresh.id not in known:
            return fresh
    return None


def _replaced(probe: Probe, site: _Site, source: str) -> Probe:
    tree = parsing.module(probe.setup if site.in_setup else probe.expression)
    target = list(ast.walk(tree))[site.index]
    value = parsing.expression(source).body

    class Replace(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return copy.deepcopy(value) if node is target else self.generic_visit(node)

    text = ast.unparse(Replace().visit(tree))
    return (
        rebuilt(probe.imports, text, probe.expression) if site.in_setup else rebuilt(probe.imports, probe.setup, text)
    )


def _sites(probe: Probe, stub: Stub | None) -> list[_Site]:
    """The literal arguments of the stub's calls, else the literal arguments and values of the setup."""
    tree = parsed(probe.expression)
    if tree is None:
        return []
    nodes = list(ast.walk(tree))
    imports = parsed(probe.imports)
    caller = Caller.of(stub, imports.body if imports else []) if stub else None
    calls = [n for n in nodes if isinstance(n, ast.Call) and (caller is None or caller.matches(n))]
    expected = parameters(stub) if stub else []
    sites = [
        _Site(False, nodes.index(node), ast.literal_eval(node), annotation)
        for call in (calls if caller else calls[:1])
        for node, annotation in arguments(call, expected)
        if is_literal(node)
    ]
    return sites or list(_setup_sites(probe.setup))


def _setup_sites(setup: str) -> Iterator[_Site]:
    tree = parsed(setup)
    nodes = list(ast.walk(tree)) if tree else []
    for node in nodes:
        values: list[ast.expr] = []
        if isinstance(node, ast.Call):
            values = [*node.args, *(keyword.value for keyword in node.keywords)]
        elif isinstance(node, ast.Assign):
            values = [node.value]
        yield from (_Site(True, nodes.index(v), ast.literal_eval(v), None) for v in values if is_literal(v))


def _mutants(site: _Site, rng: Random) -> Iterator[_Mutant]:
    if allows(site.annotation, "Literal"):
        yield from (("other", text) for text in dict.fromkeys(value_of(site.annotation, rng) for _ in range(8)) if text)
        return
    yield from _of_value(site.value, rng)
    if site.annotation is not None and allows(site.annotation, "None"):
        yield "none", "None"
    if allows(site.annotation, "float") and not isinstance(site.value, float):
        yield from (("float", text) for text in ("0.5", "-0.25", "2.75"))
    if site.value in (None, [], {}, (), set()) and not isinstance(site.value, (int, float, str)):
        made = (value_of(member, rng) for member in alternatives(site.annotation))
        yield from (("other", text) for text in made if text is not None)


def _of_value(value: object, rng: Random) -> Iterator[_Mutant]:
    if isinstance(value, bool):
        yield "other", repr(not value)
    elif isinstance(value, int):
        yield from (("zero", "0"), ("negative", repr(-value or -1)), ("one", "1"), ("large", repr(_LARGE_INT)))
        yield from (("other", repr(number)) for number in (value + 1, value - 1, value * 2, value * 10 + 7))
    elif isinstance(value, float):
        yield from (("zero", "0.0"), ("negative", repr(-value or -1.0)), ("one", "1.0"), ("large", "1e+16"))
        yield from (("float", repr(number)) for number in (value + 0.5, value * 3, value / 7))
    elif isinstance(value, str):
        yield from _of_text(value, rng)
    elif isinstance(value, bytes):
        yield from (("empty", "b''"), ("odd", repr(value + b"\n\x00\xff")), ("other", repr(value[::-1])))
    elif isinstance(value, (list, tuple)):
        yield from _of_sequence(value, rng)
    elif isinstance(value, (set, frozenset)):
        members = sorted(value, key=repr)
        yield from ((kind, f"set({text})") for kind, text in _of_sequence(members, rng) if kind not in _SAME_SET)
    elif isinstance(value, dict):
        yield from _of_table(value, rng)


_SAME_SET = frozenset({"duplicate", "large"})  # order and repetition make no other set


def _of_text(value: str, rng: Random) -> Iterator[_Mutant]:
    yield from (("empty", "''"), ("one", repr(value[:1] or "a")), ("odd", repr(value + "\n")))
    yield from (("odd", repr(value + " \u00e9\u20ac")), ("odd", repr("\t" + value)), ("other", repr(value.swapcase())))
    yield from (("duplicate", repr(value + value)), ("other", repr(value[::-1])), ("other", repr(f" {value} ")))
    if value:
        yield "large", f"{value!r} * {_LARGE_LENGTH}"
        i = rng.randrange(len(value))
        yield "drop", repr(value[:i] + value[i + 1 :])
        yield "swap", repr(value[:i] + value[i:][::-1])
    if value.lstrip("-").isdigit():
        yield from (("zero", "'0'"), ("negative", repr("-" + value.lstrip("-"))))


def _of_sequence(value: Sequence[object], rng: Random) -> Iterator[_Mutant]:
    items = list(value)

    def text(changed: list[object]) -> str:
        return repr(tuple(changed) if isinstance(value, tuple) else changed)

    yield "empty", text([])
    if not items:
        return
    i, j = rng.randrange(len(items)), rng.randrange(len(items))
    yield from (
        ("one", text(items[:1])),
        ("duplicate", text([*items, items[i]])),
        ("drop", text(items[:i] + items[i + 1 :])),
    )
    yield from (("swap", text(items[::-1])), ("other", text([items[j], *items])))
    yield "large", f"{text(items)} * {_LARGE_LENGTH}"
    for kind, source in _of_value(items[i], rng):
        if kind != "large":
            yield kind, _with_source(value, i, source)


def _with_source(value: Sequence[object], index: int, source: str) -> str:
    parts = [repr(item) for item in value]
    parts[index] = source
    inner = ", ".join(parts)
    return f"({inner},)" if isinstance(value, tuple) else f"[{inner}]"


def _of_table(value: dict[object, object], rng: Random) -> Iterator[_Mutant]:
    yield "empty", "{}"
    if not value:
        return
    chosen = rng.choice(list(value))
    yield "one", repr({chosen: value[chosen]})
    yield "drop", repr({key: item for key, item in value.items() if key != chosen})
    yield "swap", repr(dict(reversed(value.items())))
    for kind, source in _of_value(value[chosen], rng):
        if kind != "large":
            parts = (f"{key!r}: {source if key == chosen else repr(item)}" for key, item in value.items())
            yield kind, "{" + ", ".join(parts) + "}"
