"""From an answer to generated tests: one check each, complete, and worth running."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from pytest_supercharger.clean.tests import clean_tests
from pytest_supercharger.domain import FinishReason, GeneratedTest, Rejection, StubKind

if TYPE_CHECKING:
    from tests.clean.conftest import MakeAnswer, MakeStub

MODULE = "import json\nfrom .units import METRE\n\nLIMIT = 3\n\n\nclass Stack:\n    pass\n\n\ndef f(n):\n    ...\n"


@pytest.fixture
def tests_of(make_stub: MakeStub, answer: MakeAnswer):
    def run(text: str, signature: str = "def f(n: int) -> int", **options: object) -> list[str] | Rejection:
        finish = options.pop("finish", FinishReason.STOP)
        result = clean_tests(answer(text, finish), make_stub(signature, **options), MODULE)
        return result if isinstance(result, Rejection) else [test.source for test in result]

    return run


def sources(result: list[str] | Rejection) -> list[str]:
    assert isinstance(result, list), result
    for source in result:
        functions = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        assert len([n for n in functions if n.name.startswith("test_")]) == 1
    return result


def reason(result: list[str] | Rejection) -> str:
    assert isinstance(result, Rejection), result
    return result.reason


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


@pytest.mark.parametrize(
    "body",
    [
        "assert True",
        "assert 1 + 1 == 2",
        "assert f(1) == f(1)",
        "assert f(1) or True",
        "assert (f(1) == 2, 'text')",
        "assert callable(f)",
        "assert f",
        "f(1)",
        "x = f(1)\n    assert [1] == [1]",
        "try:\n        f(1)\n        assert False\n    except Exception:\n        pass",
        "pass",
    ],
)
def test_a_test_that_no_code_can_fail_is_refused(tests_of, body: str) -> None:
    assert reason(tests_of(f"def test_f():\n    {body}\n")) == "no assertion on the stub"


@pytest.mark.parametrize(
    "text",
    [
        "def f(n):\n    return n\n\ndef test_f():\n    assert f(1) == 1\n",
        "def test_f():\n    def f(n):\n        return n\n    assert f(1) == 1\n",
        "def test_f():\n    f = lambda n: n\n    assert f(1) == 1\n",
        "def test_f(monkeypatch):\n    monkeypatch.setattr('shop.maths.f', int)\n    assert f(1) == 1\n",
        "import shop.maths\ndef test_f():\n    shop.maths.f = int\n    assert f(1) == 1\n",
    ],
)
def test_a_test_that_replaces_the_stub_is_refused(tests_of, text: str) -> None:
    assert reason(tests_of(text)) == "redefines the stub"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import requests\ndef test_f():\n    assert f(requests.get('x')) == 1\n", "needs the network"),
        ("def test_f():\n    import socket\n    assert f(1) == 1\n", "needs the network"),
        ("def pytest_runtest_call(item):\n    pass\ndef test_f():\n    assert f(1) == 1\n", "pytest hooks"),
        ("pytest_plugins = ['x']\ndef test_f():\n    assert f(1) == 1\n", "pytest hooks"),
        ("pytest_generate_tests = lambda metafunc: None\ndef test_f():\n    assert f(1) == 1\n", "pytest hooks"),
        ("from x import y as pytest_report_header\ndef test_f():\n    assert f(1) == 1\n", "pytest hooks"),
        ("def test_f():\n    global pytest_plugins\n    assert f(1) == 1\n", "pytest hooks"),
        ("@pytest.mark.skip\ndef test_f():\n    assert f(1) == 1\n", "skipped test"),
        ("def test_f():\n    pytest.skip('no')\n    assert f(1) == 1\n", "skipped test"),
        ("def test_f(database):\n    assert f(1) == 1\n", "unknown fixture"),
        ("def test_f():\n    assert f(1) == expected\n", "undefined name"),
        ("I would test it well.", "no code"),
        ("def helper():\n    return f(1)\n", "no assertion on the stub"),
    ],
)
def test_other_refusals_have_their_reason(tests_of, text: str, why: str) -> None:
    assert reason(tests_of(text)) == why


@pytest.mark.parametrize("finish", [FinishReason.CANCELLED, FinishReason.ERROR])
def test_an_answer_that_was_stopped_gives_no_test(tests_of, finish: FinishReason) -> None:
    assert reason(tests_of("def test_f():\n    assert f(1) == 1\n", finish=finish)) == "cut off"


def test_one_bad_test_does_not_cost_the_good_ones(tests_of) -> None:
    text = "def test_a(db):\n    assert f(1) == 1\n\ndef test_b():\n    assert f(2) == 2\n"
    assert len(sources(tests_of(text))) == 1


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
