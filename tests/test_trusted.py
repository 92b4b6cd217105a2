from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pytest_supercharger.domain import GeneratedTest, Stub, StubKind
from pytest_supercharger.errors import SettingsError
from pytest_supercharger.trusted import examples


def stub(docstring: str = "", *, qualname: str = "f", is_async: bool = False, **options: object) -> Stub:
    return Stub(
        module="mod",
        qualname=qualname,
        path=Path("/p/mod.py"),
        relpath="mod.py",
        line=1,
        kind=StubKind.METHOD if "." in qualname else StubKind.FUNCTION,
        is_async=is_async,
        signature="def f(n)",
        docstring=docstring,
        options=options,
    )


def run(pytester: pytest.Pytester, module: str, tests: tuple[GeneratedTest, ...]) -> pytest.RunResult:
    pytester.makepyfile(mod=module, **{f"test_{i}": test.source for i, test in enumerate(tests)})
    return pytester.runpytest_inprocess("-p", "no:supercharger", "-p", "no:cacheprovider")


SQUARE = """Return the square.

>>> f(2)
4
>>> n = 3
>>> f(n)
9
>>> f("x")
Traceback (most recent call last):
    ...
TypeError: no number
"""
RIGHT = "def f(n):\n    if isinstance(n, str):\n        raise TypeError('no number')\n    return n * n\n"


def test_each_example_that_wants_an_output_is_a_trusted_test() -> None:
    tests = examples(stub(SQUARE))
    assert [test.name for test in tests] == [f"test_docstring_example_{i}" for i in (1, 2, 3)]
    assert all(test.trusted for test in tests)
    assert [[p.expression for p in test.probes] for test in tests] == [["f(2)"], ["f(3)"], ["f('x')"]]
    for test in tests:
        functions = [n.name for n in ast.parse(test.source).body if isinstance(n, ast.FunctionDef)]
        assert functions == [test.name]


def test_doctest_examples_pass_on_the_right_code(pytester: pytest.Pytester) -> None:
    run(pytester, RIGHT, examples(stub(SQUARE))).assert_outcomes(passed=3)


def test_a_failing_example_fails_alone_and_shows_both_values(pytester: pytest.Pytester) -> None:
    result = run(pytester, RIGHT.replace("n * n", "n + n"), examples(stub(SQUARE)))
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*gave 6, not 9*"])


def test_a_value_that_equals_everything_does_not_pass_a_doctest(pytester: pytest.Pytester) -> None:
    module = "class A:\n    def __eq__(self, other):\n        return True\ndef f(n):\n    return A()\n"
    run(pytester, module, examples(stub(SQUARE))).assert_outcomes(failed=3)


def test_leaving_the_process_is_a_failure(pytester: pytest.Pytester) -> None:
    run(pytester, "import sys\ndef f(n):\n    sys.exit(0)\n", examples(stub(SQUARE))[:1]).assert_outcomes(failed=1)


def test_names_of_the_module_are_known_to_an_example(pytester: pytest.Pytester) -> None:
    tests = examples(stub(">>> f(LIMIT)\n9\n"))
    assert [(p.imports, p.expression) for p in tests[0].probes] == [
        ("from mod import LIMIT\nfrom mod import f", "f(LIMIT)")
    ]
    run(pytester, "LIMIT = 3\n" + RIGHT, tests).assert_outcomes(passed=1)


ASYNC = """>>> async def get(n):
...     return n
>>> asyncio.run(f(2, get))
4
>>> await f(3, get)
9
"""


def test_async_examples_run_with_and_without_asyncio_run(pytester: pytest.Pytester) -> None:
    tests = examples(stub(ASYNC, is_async=True))
    assert [[p.expression for p in test.probes] for test in tests] == [["await f(2, get)"], ["await f(3, get)"]]
    run(pytester, "async def f(n, get):\n    return await get(n) * n\n", tests).assert_outcomes(passed=2)


def test_methods_are_called_on_the_object_that_earlier_examples_made() -> None:
    text = ">>> cart = Cart()\n>>> cart.total() == 0\nTrue\n>>> cart.add(2)\n>>> print(cart.total())\n2\n"
    tests = examples(stub(text, qualname="Cart.total"))
    assert [(p.setup, p.expression) for t in tests for p in t.probes] == [
        ("cart = Cart()", "cart.total()"),
        ("cart = Cart()\ncart.add(2)", "cart.total()"),
    ]


@pytest.mark.parametrize("text", [">>> f(1)  # doctest: +SKIP\n1\n", ">>> x = f(1)\n", ">>>f(1)\n1\n", "f(1) is nice"])
def test_what_judges_nothing_is_no_test(text: str) -> None:
    assert examples(stub(text)) == ()


@pytest.mark.parametrize(
    ("line", "assertion"),
    [
        ("f(2) == 4", "assert f(2) == 4"),
        ("f(2) -> 4", "assert f(2) == 4"),
        ("f(2) => 4", "assert f(2) == 4"),
        ("f(2) returns 4", "assert f(2) == 4"),
        ("Example: f(2) should return 4.", "assert f(2) == 4"),
        ("- `f([1, -2], n='a == b')` -> {'a': 1}", "assert f([1, -2], n='a == b') == {'a': 1}"),
        ("f(2) == 4  # the square", "assert f(2) == 4"),
        ("f(2) -> 0.5", "assert f(2) == pytest.approx(0.5)"),
        ("f(float('inf')) -> None", "assert f(float('inf')) == None"),
        ("f(-1) raises ValueError", "with pytest.raises(ValueError):\n        f(-1)"),
    ],
)
def test_plain_lines_are_examples(line: str, assertion: str) -> None:
    (test,) = examples(stub(f"Do it.\n\n{line}\n"))
    assert assertion in test.source
    assert len(test.probes) == 1


@pytest.mark.parametrize(
    "line",
    [
        "f(n) == 0 for every n",
        "f(x) == x",
        "f(n: int) -> int",
        "f(2) == g(2)",
        "f(2) == 4 because it squares",
        "f(2) raises an error",
        "math.f(2) == 4",
        "f(2) is 4",
    ],
)
def test_prose_is_no_example(line: str) -> None:
    assert examples(stub(line)) == ()


def test_a_plain_line_of_an_async_stub_is_run_in_a_loop(pytester: pytest.Pytester) -> None:
    tests = examples(stub("f(2) == 4", is_async=True))
    assert tests[0].probes[0].expression == "await f(2)"
    run(pytester, "async def f(n):\n    return n * n\n", tests).assert_outcomes(passed=1)


def test_the_marker_may_state_examples() -> None:
    tests = examples(stub(examples=["f(2) == 4", ">>> f(3)\n9"]))
    assert [test.name for test in tests] == ["test_stated_example_1", "test_docstring_example_2"]


@pytest.mark.parametrize("given", [["f(2) is four"], [3], 7])
def test_an_example_of_the_marker_that_is_not_understood_is_an_error(given: object) -> None:
    with pytest.raises(SettingsError, match=r"mod:f: .*example"):
        examples(stub(examples=given))


def test_the_same_example_twice_is_one_test() -> None:
    assert len(examples(stub("f(2) == 4\nf(2) == 4", examples=["f(2) == 4"]))) == 1


def test_an_example_is_shown_as_its_author_wrote_it() -> None:
    shown = [test.shown for test in examples(stub(SQUARE))]
    assert shown[0] == ">>> f(2)\n4"
    assert ">>> n = 3\n>>> f(n)\n9" in shown[1]
    (stated,) = examples(stub("f(2) == 4"))
    assert stated.shown == "assert f(2) == 4"
