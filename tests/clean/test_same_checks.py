"""The same check has the same id, however it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cleaned import MODULE

from pytest_supercharger.clean.tests import clean_tests
from pytest_supercharger.domain import GeneratedTest, Rejection

if TYPE_CHECKING:
    from tests.clean.conftest import MakeAnswer, MakeStub


def test_the_same_check_has_the_same_id_whatever_its_name_and_message(make_stub: MakeStub, answer: MakeAnswer) -> None:
    def only(text: str) -> GeneratedTest:
        result = clean_tests(answer(text), make_stub("def f(n)"), MODULE)
        assert not isinstance(result, Rejection)
        return result[-1]

    one = only("def test_a():\n    assert f(1) == 1\n")
    two = only(
        "def test_zero():\n    assert f(0) == 0\n\ndef test_b():\n    '''Doc.'''\n    assert f(1) == 1, 'message'\n"
    )
    assert one.id == two.id
    assert one.name != two.name


@pytest.mark.parametrize(
    "steps",
    [
        "r = f(1)\n    assert r == 1",
        "n = 1\n    assert f(n) == 1",
        "n = 1\n    expected = 1\n    got = f(n)\n    assert got == expected",
    ],
)
def test_intermediate_names_do_not_make_another_check(make_stub: MakeStub, answer: MakeAnswer, steps: str) -> None:
    def identity(text: str) -> str:
        result = clean_tests(answer(text), make_stub("def f(n)"), MODULE)
        assert not isinstance(result, Rejection)
        return result[0].id

    assert identity(f"def test_a():\n    {steps}\n") == identity("def test_a():\n    assert f(1) == 1\n")


def test_an_object_that_is_used_twice_stays_in_the_identity(make_stub: MakeStub, answer: MakeAnswer) -> None:
    def identity(text: str) -> str:
        result = clean_tests(answer(text), make_stub("def f(n)"), MODULE)
        assert not isinstance(result, Rejection)
        return result[0].id

    changed = identity("def test_a():\n    x = [2, 1]\n    f(x)\n    assert x == [1, 2]\n")
    assert changed != identity("def test_a():\n    f([2, 1])\n    assert f([2, 1]) == [1, 2]\n")


def test_probes_are_the_inputs_of_the_assertion(make_stub: MakeStub, answer: MakeAnswer) -> None:
    result = clean_tests(answer("def test_f():\n    x = 2\n    assert f(x) == 4\n"), make_stub("def f(n)"), MODULE)
    assert not isinstance(result, Rejection)
    assert result[0].probes
