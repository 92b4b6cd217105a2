"""From an answer to generated tests: one check each, and complete."""

from __future__ import annotations

import pytest
from cleaned import reason, sources

from pytest_supercharger.domain import FinishReason, StubKind


def test_each_assert_becomes_a_test_of_its_own(tests_of) -> None:
    first, second = sources(tests_of("```python\ndef test_f():\n    assert f(1) == 1\n    assert f(2) == 2, 'no'\n```"))
    assert first == "from shop.maths import f\n\ndef test_0():\n    assert f(1) == 1\n"
    assert second == "from shop.maths import f\n\ndef test_1():\n    assert f(2) == 2\n"


def test_only_the_set_up_a_check_needs_stays_with_it(tests_of) -> None:
    text = "def test_f():\n    x = 1\n    r = f(x)\n    assert r == 1\n    r = f(2)\n    assert r == 2\n"
    first, second = sources(tests_of(text))
    assert "    x = 1\n    r = f(x)\n    assert r == 1\n" in first
    assert second.endswith("def test_1():\n    r = f(2)\n    assert r == 2\n")


def test_an_earlier_assert_on_the_same_object_keeps_its_effect(tests_of) -> None:
    text = (
        "def test_pop():\n    s = Stack()\n    s.push(1)\n    s.push(2)\n"
        "    assert s.pop() == 2\n    assert s.pop() == 1\n"
    )
    _, second = sources(tests_of(text, "def pop(self)", qualname="Stack.pop", kind=StubKind.METHOD))
    assert "    s.push(2)\n    s.pop() == 2\n    assert s.pop() == 1\n" in second


def test_raises_blocks_and_what_reads_their_error_stay_together(tests_of) -> None:
    text = "def test_f():\n    with pytest.raises(ValueError) as e:\n        f(-1)\n    assert 'low' in str(e.value)\n"
    first, second = sources(tests_of(text))
    assert first.startswith("import pytest\nfrom shop.maths import f\n")
    assert "f(-1)" in second
    assert "'low'" in second


def test_loops_stay_whole(tests_of) -> None:
    text = "def test_f():\n    for n, r in [(1, 1), (2, 2)]:\n        assert f(n) == r\n"
    (source,) = sources(tests_of(text))
    assert "for n, r in [(1, 1), (2, 2)]:\n        assert f(n) == r\n" in source


def test_parametrize_is_kept(tests_of) -> None:
    text = "@pytest.mark.parametrize('n, r', [(1, 1)])\ndef test_f(n, r):\n    assert f(n) == r\n"
    (source,) = sources(tests_of(text))
    assert "@pytest.mark.parametrize('n, r', [(1, 1)])\n" in source
    assert source.startswith("import pytest\n")


def test_fixtures_constants_and_helper_functions_come_along(tests_of) -> None:
    text = (
        "import pytest\nBASE = 1\nOTHER = 2\n\n@pytest.fixture\ndef number():\n    return BASE\n\n"
        "def check(n, r):\n    assert f(n) == r\n\ndef test_f(number):\n    check(number, 1)\n"
    )
    (source,) = sources(tests_of(text))
    assert "BASE = 1" in source
    assert "def check(n, r):" in source
    assert "@pytest.fixture" in source
    assert "OTHER" not in source


@pytest.mark.parametrize(
    "head",
    [
        "from your_module import f",
        "from solution import f",
        "from shop.maths import f",
        "from .maths import f",
        "from solution import *",
        "",
    ],
)
def test_wherever_the_answer_thinks_the_stub_is(tests_of, head: str) -> None:
    assert sources(tests_of(f"{head}\ndef test_f():\n    assert f(1) == 1\n")) == [
        "from shop.maths import f\n\ndef test_0():\n    assert f(1) == 1\n"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "from solution import f as g\ndef test_f():\n    assert g(1) == 1\n",
        "import solution\ndef test_f():\n    assert solution.f(1) == 1\n",
        "import shop.maths\ndef test_f():\n    assert shop.maths.f(1) == 1\n",
        "from shop import maths\ndef test_f():\n    assert maths.f(1) == 1\n",
        "import shop.maths as m\ndef test_f():\n    assert m.f(1) == 1\n",
        "def test_f():\n    from solution import f\n    assert f(1) == 1\n",
        "assert f(1) == 1\n",
        "class TestF:\n    def test_f(self):\n        assert f(1) == 1\n",
        "import unittest\nclass TestF(unittest.TestCase):\n    def test_f(self):\n        self.assertEqual(f(1), 1)\n",
    ],
)
def test_many_spellings_give_one_test(tests_of, text: str) -> None:
    assert sources(tests_of(text)) == ["from shop.maths import f\n\ndef test_0():\n    assert f(1) == 1\n"]


def test_other_names_of_the_module_are_imported(tests_of) -> None:
    (source,) = sources(tests_of("def test_f():\n    assert f(LIMIT) == math.sqrt(9)\n"))
    assert source.startswith("import math\nfrom shop.maths import LIMIT, f\n")


def test_what_the_module_imports_comes_from_where_the_module_has_it(tests_of) -> None:
    (source,) = sources(tests_of("def test_f():\n    assert f(METRE) == json.loads('1')\n"))
    assert source.startswith("import json\nfrom shop.maths import METRE, f\n")


def test_a_broken_tail_is_cut(tests_of) -> None:
    (source,) = sources(tests_of("```python\ndef test_f():\n    assert f(1) == 1\n    assert f(2) == [1,\n"))
    assert source.endswith("assert f(1) == 1\n")


def test_the_last_line_at_the_token_limit_is_not_believed(tests_of) -> None:
    text = "```python\ndef test_f():\n    assert f(1) == 1\n    assert f(5) == 12"
    (source,) = sources(tests_of(text, finish=FinishReason.LENGTH))
    assert "12" not in source


def test_async_tests_stay_async(tests_of) -> None:
    text = "async def test_f():\n    assert await f(1) == 1\n"
    (source,) = sources(tests_of(text, "async def f(n)"))
    assert "async def test_0():\n    assert await f(1) == 1\n" in source


@pytest.mark.parametrize(
    ("statement", "meant"),
    [
        ("assert f(1) == 1", "assert await f(1) == 1"),
        ("r = f(1)\n    assert r == 1", "r = await f(1)\n    assert r == 1"),
        ("with pytest.raises(ValueError):\n        f(-1)", "with pytest.raises(ValueError):\n        await f(-1)"),
    ],
)
def test_a_forgotten_await_is_added(tests_of, statement: str, meant: str) -> None:
    (source,) = sources(tests_of(f"def test_f():\n    {statement}\n", "async def f(n)"))
    assert f"async def test_0():\n    {meant}\n" in source


@pytest.mark.parametrize("call", ["asyncio.run(f(1))", "asyncio.run(asyncio.wait_for(f(1), 1))"])
def test_a_coroutine_that_is_handed_over_is_left_alone(tests_of, call: str) -> None:
    (source,) = sources(tests_of(f"def test_f():\n    assert {call} == 1\n", "async def f(n)"))
    assert f"\ndef test_0():\n    assert {call} == 1\n" in source


def test_a_method_called_like_a_function_is_called_on_its_object(tests_of) -> None:
    text = "def test_pop():\n    s = Stack()\n    assert pop(s) == 1\n"
    (source,) = sources(tests_of(text, "def pop(self)", qualname="Stack.pop", kind=StubKind.METHOD))
    assert "assert s.pop() == 1" in source


SHOWN = """Fetch all.

>>> async def fetch(name):
...     return float(len(name))
>>> LIMIT_OF_ALL = 7
>>> box = Box()
>>> await f(["milk"], fetch)
{'milk': 4.0}
"""


def test_a_name_that_the_docstrings_examples_define_means_that_definition(tests_of) -> None:
    text = "async def test_f():\n    assert await f(['tea'], fetch) == {'tea': 3.0}\n"
    (source,) = sources(tests_of(text, "async def f(names, fetch)", docstring=SHOWN))
    assert "async def fetch(name):\n    return float(len(name))\n" in source
    assert "LIMIT_OF_ALL" not in source


def test_the_answers_own_definition_wins_over_the_docstrings(tests_of) -> None:
    text = "fetch = None\nasync def test_f():\n    assert await f([], fetch) == {}\n"
    (source,) = sources(tests_of(text, "async def f(names, fetch)", docstring=SHOWN))
    assert "async def fetch" not in source


def test_an_object_of_the_docstrings_examples_is_not_guessed_at(tests_of) -> None:
    assert reason(tests_of("def test_f():\n    assert f(box) == 1\n", docstring=SHOWN)) == "undefined name"


def test_assert_and_await_in_the_wrong_order_change_places(tests_of) -> None:
    (source,) = sources(tests_of("async def test_f():\n    await assert f(1) == 1\n", "async def f(n)"))
    assert "    assert await f(1) == 1\n" in source


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("def test_f():\n    s = Stack()\n    s.size = 3\n    assert s.items == 3\n", ""),
        ("def test_f():\n    s = Stack()\n    del s.size\n    assert s.items == 3\n", ""),
        ("def test_f():\n    s = Stack()\n    Stack.size = 3\n    assert s.size == 3\n", "redefines the stub"),
        ("def test_f():\n    s = Stack()\n    type(s).size = 3\n    assert s.size == 3\n", "redefines the stub"),
    ],
)
def test_to_set_or_delete_a_property_of_an_object_is_to_run_it(tests_of, text: str, refused: str) -> None:
    options = {"qualname": "Stack.size", "kind": StubKind.PROPERTY}
    found = tests_of(text, "def size(self, value: int) -> None", **options)
    assert (reason(found) if refused else len(sources(found))) == (refused or 1)
