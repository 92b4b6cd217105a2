"""`benchmarks/tour` without an index or a container: stubs, diffs, calls as text, answers."""

from __future__ import annotations

import ast
import collections
import datetime
import io
import re
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from pytest_supercharger import stubs
from pytest_supercharger.domain import SourceFile

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path[:0] = [str(BENCHMARKS), str(BENCHMARKS / "touring")]

import touring_values  # noqa: E402 (as it is found in a project's environment)
from touring import answers, choosing, marking  # noqa: E402 (benchmarks are no package)
from touring_values import Page, Unwritable  # noqa: E402

SOURCE = b'''\
"""A module."""
from __future__ import annotations
import functools


def plain(x):
    """Return x + 1.

    >>> plain(1)
    2
    """
    # why
    if x is not None:
        y = x + 1
    else:
        y = 0
    return y + 0


class A:
    @property
    @functools.cache
    def size(self):
        """The size."""
        return 3

    def each(self):
        """Yield 1."""
        yield 1

    def bare(self):
        return 1


def one_line(): """No body of its own."""; return 1
'''


def test_documented_functions_with_a_body_below_the_docstring_may_be_stubs():
    found = {f.qualname: f.kind for f in marking.functions(SOURCE) if f.documented}
    assert found == {"plain": "function", "A.size": "property", "A.each": "generator method"}
    described = marking.described(SOURCE, {"A.bare", "plain"})
    assert b'    def bare(self):\n        """Do what the tests of A.bare say."""\n        return 1\n' in described
    assert described.count(b"Do what") == 1
    bare = next(f for f in marking.functions(SOURCE) if f.qualname == "A.bare")
    data = marking.marked(SOURCE, {"A.bare": "..."})
    assert b"    @supercharge\n    def bare(self):\n        ...\n" in data
    assert SOURCE.splitlines()[bare.first - 1] == b"        return 1"
    assert b"record\n    def bare" in marking.instrumented(SOURCE, everything=True)
    assert b"record\n    def bare" not in marking.instrumented(SOURCE)


def test_marked_functions_are_stubs_and_everything_else_is_as_it_was():
    data = marking.marked(SOURCE, {"plain": "...", "A.size": "pass", "A.each": "...\nyield"})
    found = stubs.find(SourceFile(path=Path("m.py"), relpath="m.py", module="m", data=data))
    assert [stub.qualname for stub in found] == ["plain", "A.size", "A.each"]
    assert data.index(b"import supercharge") < data.index(b"import functools")
    assert b"    @functools.cache\n    @supercharge\n    def size" in data
    windows = SOURCE.replace(b"\n", b"\r\n")
    assert marking.marked(windows, {"A.size": "pass"}) == marking.marked(SOURCE, {"A.size": "pass"}).replace(
        b"\n", b"\r\n"
    )


def test_only_what_is_no_body_of_a_filled_function_counts_as_changed_outside():
    other = SOURCE.replace(b"return 3", b"x = 4\n        return x")
    assert not marking.differs_outside(SOURCE, other, {"A.size"})
    assert marking.differs_outside(SOURCE, other, {"plain"})
    assert marking.differs_outside(SOURCE, SOURCE.replace(b"import functools", b"import functools, re"), {"A.size"})


def named(name):
    return next(found for found in marking.functions(SOURCE) if found.qualname == name)


def test_the_original_comes_first_and_then_the_same_in_other_words():
    first, *others = answers.codes(SOURCE, named("plain"))
    assert "# why" in first
    trees = {ast.dump(ast.parse(text)) for text in (first, *others)}
    assert len(trees) == 1 + len(others) > 4
    for text in (first, *others):
        space = {}
        exec(text, space)  # our own text, no answer of a model
        assert [space["plain"](1), space["plain"](None)] == [2, 0]
    assert any("not x is None" in text or "not x is not None" in text for text in others)


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, 2.5, (None,)], 3: {True}},
        frozenset({"x"}),
        Decimal("1.5"),
        datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc),
        datetime.timedelta(1),
        collections.Counter("aab"),
        collections.OrderedDict(a=1),
        len,
        str.upper,
        Decimal,
        b"\x00",
        float("inf"),
    ],
)
def test_values_are_written_as_expressions_that_give_them_again(value):
    page, space = Page(), {}
    text = page.write(value)
    for line in page.imports:
        exec(line, space)
    assert eval(text, space) == value


def test_iterators_streams_and_matches_are_written_without_using_them_up():
    numbers, stream, page = iter([1, 2]), io.BytesIO(b"ab"), Page()
    assert page.write(numbers) == "iter([1, 2])"
    assert list(numbers) == [1, 2]
    assert page.write(stream) == "io.BytesIO(b'ab')"
    assert "match('ab', 0)" in page.write(re.match("a", "ab"))


def test_objects_without_an_expression_are_written_by_the_call_that_made_them_but_not_as_results():
    half = Half()
    touring_values.made(half, text="Half(1)", imports={"from decimal import Half"}, helpers=[])
    page = Page()
    assert page.write([half]) == "[Half(1)]"
    assert page.imports == {"from decimal import Half"}
    with pytest.raises(Unwritable):
        Page(results=True).write(half)


def test_a_result_that_only_its_repr_tells_is_compared_by_that():
    (text,) = answers.tests([call("plain(1)", "'<A 1>'", as_repr=True)], "plain")
    assert "assert repr(plain(1)) == '<A 1>'" in text
    counts = collections.Counter("a")
    assert touring_values.plain_repr([counts]) == "[Counter({'a': 1})]"
    for value in (object(), (counts,)):  # that of a tuple is no word of the project's own
        with pytest.raises(Unwritable):
            touring_values.plain_repr(value)


def test_classes_are_noted_above_all_their_decorators():
    data = marking.instrumented(b"import functools\n@functools.cache\nclass A:\n    class B: pass\n")
    assert data.count(b".made\n") == 2
    assert b".made\n@functools.cache\nclass A" in data


def local():
    return SOURCE


class Half:
    __module__ = "decimal"  # of no test

    def __repr__(self):
        return self.missing


@pytest.mark.parametrize(
    "value", [object(), Half(), local, id, (i for i in "ab"), "x" * 1000, sys, pytest.PytestPluginManager]
)
def test_what_has_no_short_expression_is_left_out(value):
    with pytest.raises(Unwritable):
        Page().write(value)


def call(text, result, form="value", **more):
    code = {"imports": ["from m import A, plain"], "helpers": [], "subject": None, "result_imports": []}
    return code | {"call": text, "form": form, "result": result} | more


def test_recorded_calls_become_short_tests_with_exceptions_last():
    calls = [
        call("plain('a')", "TypeError", "raises"),
        call("plain(1)", "2"),
        call("subject.each()", "[1]", "list", subject="A()"),
        call("plain(2)", "3"),
    ]
    first, second = answers.tests(calls, "plain")
    assert "assert plain(1) == 2" in first
    assert "subject = A()" in first
    assert "assert list(subject.each()) == [1]" in first
    assert "with pytest.raises(TypeError):\n        plain('a')" in second


def test_a_function_is_left_out_by_a_rule_that_is_said():
    value, error = {"form": "value", "result": "1"}, {"form": "raises", "result": "E"}
    assert choosing.left_out({"tests": [], "calls": []}) == "no test reaches it"
    assert choosing.left_out({"tests": ["t"], "calls": [value]}) == "its calls cannot be written as text"
    assert (
        choosing.left_out({"tests": ["t"], "calls": [value, error, error]}) == "nearly all that can be written raises"
    )
    assert choosing.left_out({"tests": ["t"], "calls": [value] * 3}) == "its results are all the same"
    calls = [value, value, value | {"result": "2"}]
    assert not choosing.left_out({"tests": ["t"], "calls": calls})
    assert choosing.left_out({"tests": ["t"], "calls": calls, "early": "pytest itself calls it"})


def choice(name, kind, relpath, tests=()):
    found = marking.Found(qualname=name, node=named("plain").node, kind=kind, is_generator=False)
    return choosing.Choice(module=relpath[:-3], relpath=relpath, found=found, calls=(), tests=frozenset(tests))


def test_the_choice_is_that_of_the_seed_and_takes_kinds_and_files_by_turns():
    able = [choice(f"f{i}", "function", "a.py") for i in range(9)] + [choice("p", "property", "b.py")]
    taken = choosing.chosen(able, 3, 0)
    assert taken == choosing.chosen(able[::-1], 3, 0)
    assert "p" in {one.found.qualname for one in taken}
    assert taken != choosing.chosen(able, 3, 1)


def test_of_one_kind_and_file_those_are_taken_that_share_the_fewest_tests():
    able = [choice(name, "function", "a.py", tests) for name, tests in {"f": "ab", "g": "ab", "h": "c"}.items()]
    assert "h" in {one.found.qualname for one in choosing.chosen(able, 2, 0)}
