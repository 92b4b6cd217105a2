"""Texts of the longest size made to stall what reads them: a pattern or loop that goes wrong here takes hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_supercharger.clean._prose import in_short
from pytest_supercharger.clean.candidate import clean
from pytest_supercharger.clean.tests import clean_tests
from pytest_supercharger.domain import GeneratedTest, Rejection

if TYPE_CHECKING:
    from tests.clean.conftest import MakeAnswer, MakeStub

MODULE = "def f(n):\n    ...\n"
TEXTS = {
    "blanks in a statement": f"a{' ' * 30_000}:{' ' * 30_000}!",
    "blanks": " " * 60_000 + "x",
    "newlines": "\n" * 60_000 + "hello",
    "dots": f"from {'.' * 60_000}x",
    "fences in a string": "```python\n" + "'''\n" + "```\n" * 14_000 + "'''\n```",
    "escaped quotes": "```python\ndef f(n):\n    x = " + "\\'" * 25_000 + "a\n```",
    "many blocks": "```python\ndef g(n):\n    return n\n```\n" * 500,
    "open tags": "<pre " * 12_000,
    "tags in a tag": f"<pre>{'<p ' * 20_000}</pre>",
    "a number of a row": f"```python\n{'1' * 5_000} x\n2 y\n```",
    "blanks before a token": f"x{' ' * 60_000}y [INST]",
}


@pytest.mark.parametrize("name", TEXTS)
def test_cleaning_comes_to_an_end(name: str, make_stub: MakeStub, answer: MakeAnswer) -> None:
    for way in (clean, clean_tests):
        result = way(answer(TEXTS[name]), make_stub("def f(n)"), MODULE)
        assert isinstance(result, Rejection)


def test_many_helpers_come_along(make_stub: MakeStub, answer: MakeAnswer) -> None:
    names = [f"a{number}" for number in range(2_500)]
    code = "".join(f"{name} = 0\n" for name in names) + f"def f(n):\n    return [{', '.join(names)}]\n"
    (candidate,) = clean(answer(f"```python\n{code}```"), make_stub("def f(n)"), MODULE)
    assert candidate.helpers == tuple(f"{name} = 0\n" for name in names)


def test_the_tests_of_an_answer_are_no_longer_together_than_some_answers(
    make_stub: MakeStub, answer: MakeAnswer
) -> None:
    asserts = "".join(f"    assert f(data) == {number}\n" for number in range(40))
    code = "def test_f():\n    data = '" + "x" * 9_000 + "'\n" + asserts
    result = clean_tests(answer(f"```python\n{code}```"), make_stub("def f(n)"), MODULE)
    assert not isinstance(result, Rejection)
    sizes = [len(test.source) for test in result if isinstance(test, GeneratedTest)]
    assert 1 < len(sizes) < 40
    assert sum(sizes) < 100_000 + 2 * sizes[0]


@pytest.mark.parametrize("line", [f"a{' ' * 60_000}: {' ' * 60_000}!", "a" * 60_000, "a " * 60_000])
def test_patterns_see_little_of_a_long_line(line: str) -> None:
    assert len(in_short(line)) <= 1_000
    assert "  " not in in_short(line)


def test_patterns_see_both_ends_of_a_long_line() -> None:
    assert in_short(f"if {'x' * 60_000}  in  y:").startswith("if xx")
    assert in_short(f"if {'x' * 60_000}  in  y:").endswith("x in y:")
