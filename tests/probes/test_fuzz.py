from __future__ import annotations

import ast
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_supercharger.domain import Probe, Stub, StubKind
from pytest_supercharger.probes import from_signature, from_test, mutate


def stub(signature: str, kind: StubKind = StubKind.FUNCTION, qualname: str = "f") -> Stub:
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


def probes(*calls: str, target: Stub) -> tuple[Probe, ...]:
    body = "".join(f"    assert {call} == 1\n" for call in calls)
    return from_test(f"from m import f\ndef test_it():\n{body}", target)


def mutants(call: str, signature: str, *, limit: int = 60, seed: int = 1) -> list[str]:
    target = stub(signature)
    return [p.expression for p in mutate(probes(call, target=target), limit=limit, rng=Random(seed), stub=target)]


def test_numbers_become_zero_negative_one_and_once_large() -> None:
    found = mutants("f(12)", "def f(n: int) -> int")
    assert {"f(0)", "f(-12)", "f(1)", "f(10000019)"} <= set(found)


def test_texts_become_empty_one_character_and_odd() -> None:
    found = mutants("f('abc')", "def f(s: str) -> str")
    assert {"f('')", "f('a')", "f('abc\\n')"} <= set(found)


def test_sequences_become_empty_single_reversed_and_repeated() -> None:
    found = mutants("f([1, 2, 3])", "def f(xs: list[int]) -> int")
    assert {"f([])", "f([1])", "f([3, 2, 1])"} <= set(found)
    assert any(len(ast.literal_eval(text[2:-1])) == 4 for text in found if "*" not in text)


def test_only_one_probe_of_a_batch_is_large() -> None:
    target = stub("def f(a: int, b: str, c: list[int]) -> int")
    known = probes("f(1, 'a', [1])", "f(2, 'b', [2])", target=target)
    found = mutate(known, limit=200, rng=Random(5), stub=target)
    assert sum("10000019" in p.expression or "* 1000" in p.expression for p in found) == 1


def test_none_comes_only_where_the_parameter_may_be_none() -> None:
    assert "f(None)" not in mutants("f(1)", "def f(n: int) -> int")
    assert "f(None)" in mutants("f(1)", "def f(n: int | None) -> int")
    assert "f(None)" in mutants("f(1)", "def f(n: Optional[int] = None) -> int")
    assert "f(None)" in mutants("f(1)", "def f(n: 'int | None') -> int")


def test_only_members_of_a_literal_type_are_tried() -> None:
    assert mutants("f('up')", "def f(s: Literal['up', 'down']) -> str") == ["f('down')"]


def test_floats_come_where_floats_are_wanted() -> None:
    assert "f(0.5)" in mutants("f(1)", "def f(n: float) -> float")
    assert "f(0.5)" not in mutants("f(1)", "def f(n: int) -> float")


def test_keywords_and_dictionaries_are_mutated() -> None:
    found = mutants("f(1, table={'a': 1, 'b': 2})", "def f(n: int, *, table: dict[str, int]) -> int")
    assert "f(1, table={})" in found
    assert "f(1, table={'b': 2, 'a': 1})" in found


def test_the_setup_is_changed_where_the_call_has_no_literals() -> None:
    target = stub("def total(self) -> int", StubKind.METHOD, "Cart.total")
    source = "from m import Cart\ndef test_it():\n    c = Cart()\n    c.add('a', 2)\n    assert c.total() == 2\n"
    found = mutate(from_test(source, target), limit=30, rng=Random(1), stub=target)
    assert "c = Cart()\nc.add('a', 0)" in {p.setup for p in found}
    assert {p.expression for p in found} == {"c.total()"}


def test_an_empty_container_is_filled_from_its_annotation() -> None:
    assert any(text not in {"f([])", "f(())"} for text in mutants("f([])", "def f(xs: list[int]) -> int", seed=3))


def test_mutants_are_new_distinct_within_the_limit_and_repeatable() -> None:
    target = stub("def f(a: int, b: str) -> int")
    known = probes("f(1, 'a')", "f(0, 'a')", target=target)
    found = mutate(known, limit=15, rng=Random(9), stub=target)
    assert len(found) == 15
    assert len({p.id for p in found} | {p.id for p in known}) == 17
    assert found == mutate(known, limit=15, rng=Random(9), stub=target)


def test_without_a_stub_the_outermost_call_is_mutated() -> None:
    known = probes("f(12)", target=stub("def f(n)"))
    assert "f(0)" in {p.expression for p in mutate(known, limit=5, rng=Random(1))}


def test_no_probes_no_mutants() -> None:
    assert mutate((), limit=5, rng=Random(1)) == ()


@given(
    st.recursive(
        st.integers() | st.text(max_size=5) | st.none() | st.booleans() | st.floats(allow_nan=False),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    ),
    st.integers(0, 99),
)
def test_every_mutant_parses(value: object, seed: int) -> None:
    target = stub("def f(x)")
    for probe in mutate(probes(f"f({value!r})", target=target), limit=20, rng=Random(seed), stub=target):
        ast.parse(probe.expression, mode="eval")


@pytest.mark.parametrize(
    "signature",
    [
        "def f(a: list[tuple[int, str]], /, b: dict[str, float] | None = None, *, c: 'set[int]') -> int",
        "def f(a: Iterable[bytes], b: Literal['x', 'y'], c=3) -> int",
        "async def f(a: tuple[int, ...], b: Optional[bool]) -> int",
    ],
)
def test_a_signature_of_simple_types_gives_calls(signature: str) -> None:
    found = from_signature(stub(signature), Random(4), 8)
    assert 4 < len(found) <= 8
    for probe in found:
        assert probe.imports == "from m import f"
        tree = ast.parse(probe.expression, mode="eval").body
        assert isinstance(tree, ast.Await) == signature.startswith("async")
    assert found == from_signature(stub(signature), Random(4), 8)


@pytest.mark.parametrize("signature", ["def f(a)", "def f(a: Callable[[int], int])", "def f(a: Cart, b: int)"])
def test_a_signature_with_unknown_types_gives_none(signature: str) -> None:
    assert from_signature(stub(signature), Random(4), 8) == ()


def test_methods_have_no_calls_from_the_signature_alone() -> None:
    assert from_signature(stub("def f(self, a: int) -> int", StubKind.METHOD, "C.f"), Random(1), 8) == ()
    (first, *_) = from_signature(stub("def f(cls, a: int) -> int", StubKind.CLASS_METHOD, "C.f"), Random(1), 8)
    assert first.expression.startswith("C.f(a=")
