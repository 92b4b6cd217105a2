"""Inputs that can be read only once."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_supercharger.domain import Probe, Stub, StubKind
from pytest_supercharger.probes import one_pass


def stub(signature, kind=StubKind.FUNCTION, qualname="f"):
    return Stub(
        module="m",
        qualname=qualname,
        path=Path("/p/m.py"),
        relpath="m.py",
        line=1,
        kind=kind,
        is_async=signature.startswith("async"),
        signature=signature,
        docstring="",
    )


def twin(expression, target, imports="from m import f", setup=""):
    found = one_pass(Probe(id="p", imports=imports, setup=setup, expression=expression), target)
    return found and found.expression


@pytest.mark.parametrize(
    ("signature", "call", "expected"),
    [
        ("def f(xs: Iterable[int]) -> int", "f([1, 2])", "f(iter([1, 2]))"),
        ("def f(xs: Iterable) -> int", "f((1, 2))", "f(iter((1, 2)))"),
        ("def f(xs: 'Iterable[int]') -> int", "f([])", "f(iter([]))"),
        ("def f(xs: Iterable[int] | None = None) -> int", "f(xs=[1])", "f(xs=iter([1]))"),
        ("def f(xs: collections.abc.Iterable[int]) -> int", "f([1])", "f(iter([1]))"),
        ("def f(n: int, xs: Iterable[int], ys: Iterable[int]) -> int", "f(1, [2], [3])", "f(1, iter([2]), iter([3]))"),
        ("async def f(xs: Iterable[int]) -> int", "asyncio.run(f([1]))", "asyncio.run(f(iter([1])))"),
        ("def f(xs: Iterable[Iterable[int]]) -> int", "f([[1], [2]])", "f(iter([[1], [2]]))"),
        ("def f(xs: Iterable[str]) -> int", "len(f(['a'])) + len([1])", "len(f(iter(['a']))) + len([1])"),
    ],
)
def test_literals_of_iterable_parameters_become_iterators(signature, call, expected):
    assert twin(call, stub(signature)) == expected


@pytest.mark.parametrize(
    ("signature", "call"),
    [
        ("def f(xs: list[int]) -> int", "f([1])"),
        ("def f(xs: Sequence[int]) -> int", "f([1])"),
        ("def f(xs) -> int", "f([1])"),
        ("def f(xs: Iterable[str]) -> int", "f('ab')"),
        ("def f(xs: Iterable[int] | None) -> int", "f(None)"),
        ("def f(xs: Iterable[int]) -> int", "f(range(3))"),
        ("def f(xs: Iterable[int]) -> int", "g([1])"),
        ("def f(xs: Iterable[int]) -> int", "f(["),
    ],
)
def test_everything_else_has_no_twin(signature, call):
    assert twin(call, stub(signature)) is None


def test_a_method_is_known_by_its_name_and_what_stands_before_it_stays():
    target = stub("def add(self, xs: Iterable[int]) -> int", StubKind.METHOD, "C.add")
    probe = Probe(id="p", imports="from m import C", setup="c = C()", expression="c.add([1])")

    found = one_pass(probe, target)

    assert (found.imports, found.setup, found.expression) == ("from m import C", "c = C()", "c.add(iter([1]))")
    assert found.id != probe.id
