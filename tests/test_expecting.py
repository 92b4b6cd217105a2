"""Expected outputs: which inputs are asked about, what answers are taken to say, and the test it becomes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_supercharger import stubs
from pytest_supercharger.agreement import Assessment
from pytest_supercharger.clean.tests import clean_tests
from pytest_supercharger.domain import Answer, FinishReason, Output, OutputKind, Probe, SourceFile
from pytest_supercharger.expecting import Expected, agreed, as_test, inputs, read, session
from pytest_supercharger.matrix import Matrix

SOURCE = '''\
from pytest_supercharger import supercharge


class ShopError(Exception):
    pass


@supercharge
def f(x):
    """Return x."""
    raise NotImplementedError


@supercharge
async def later(x):
    """Return x."""
    raise NotImplementedError
'''
DOCUMENTED = frozenset({"ValueError", "KeyError", "StopIteration", "ShopError"})
IMPORTED = ">>> from m import f, later\n"
PREFIX = "```python\n>>> f(3)\n"
STUB, LATER = stubs.find(SourceFile(path=Path("m.py"), relpath="m.py", module="m", data=SOURCE.encode()))


def probe(expression: str, setup: str = "") -> Probe:
    return Probe(id=expression, imports="from m import f, later", setup=setup, expression=expression)


def said(text: str, reason: FinishReason = FinishReason.STOP) -> Expected | None:
    return read(Answer(text=PREFIX + text, finish_reason=reason, sample_index=0), PREFIX, DOCUMENTED)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9", "9"),
        ("'a-b'\n", "'a-b'"),
        ('"a-b"\n```\nBecause.', "'a-b'"),
        ("[1,2]\n>>> f(4)\n7", "[1, 2]"),
        ("-2.50", "-2.5"),
        ("{'a': (1, None)}", "{'a': (1, None)}"),
        ("[1,\n 2]", "[1, 2]"),
        ("9  # three squared", "9"),
        ("# returns 9", "9"),
        ("f(3) == 9", "9"),
        ("assert f(3) == 9", "9"),
        ("'a # b'", "'a # b'"),
        ("True", "True"),
        ("```python\n9", "9"),
    ],
)
def test_a_literal_is_read_whatever_stands_around_it(text: str, value: str) -> None:
    assert said(text) == Expected(value)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("raises ValueError", "ValueError"),
        ("ValueError: no", "ValueError"),
        ("raise ValueError('no')", "ValueError"),
        ("Traceback (most recent call last):\n  ...\nKeyError: 'a'", "KeyError"),
        ("StopIteration", "StopIteration"),
        ("raises ShopError", "ShopError"),
    ],
)
def test_an_exception_is_read_by_its_name(text: str, name: str) -> None:
    assert said(text) == Expected(name, raises=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ">>> f(4)",
        "The result is nine.",
        "f(3)",
        "__import__('os').system('true')",
        "[x for x in range(3)]",
        "...",
        "[1, ...]",
        "9 ** 9 ** 9",
        "raises",
        "Something",
        "NameError: name 'f' is not defined",
        "(" * 500,
        "-" * 500 + "1",
        "[" * 150 + "]" * 150,
        "[" + "1," * 290 + "]",
        "1" * 5000,
        "'\x00",
        "\ud800",
    ],
)
def test_anything_else_says_nothing_and_is_never_run(text: str) -> None:
    assert said(text) is None


def test_an_answer_that_was_cut_does_not_lie() -> None:
    assert said("12", FinishReason.LENGTH) is None
    assert said("12\nand then", FinishReason.LENGTH) == Expected("12")
    assert said("12", FinishReason.CANCELLED) is None


def test_two_of_three_have_to_say_the_same() -> None:
    nine, ten, no = Expected("9"), Expected("10"), Expected("ValueError", raises=True)
    assert agreed([ten, Expected("9"), Expected("9.0")]) == (nine, 2)
    assert agreed([no, no, no]) == (no, 3)
    assert agreed([nine, ten, no]) is None
    assert agreed([nine, None, None]) is None
    assert agreed([Expected("1"), Expected("'1'"), Expected("b'1'")]) is None
    assert agreed([]) is None


@pytest.mark.parametrize(
    ("asked", "expected", "line"),
    [
        (probe("f(3)"), Expected("9"), "assert f(3) == 9"),
        (probe("f(x)", "x = [1]\nx.append(2)"), Expected("[1, 2]"), "assert f(x) == [1, 2]"),
        (probe("f(3)"), Expected("2.5"), "assert f(3) == pytest.approx(2.5)"),
        (probe("f(-1)"), Expected("ValueError", raises=True), "with pytest.raises(ValueError):"),
        (probe("f(-1)"), Expected("ShopError", raises=True), "with pytest.raises(ShopError):"),
        (probe("await later(3)"), Expected("9"), "assert await later(3) == 9"),
    ],
)
def test_what_is_expected_becomes_one_test_as_a_model_would_write_it(
    asked: Probe, expected: Expected, line: str
) -> None:
    text = f"```python\n{as_test(asked, expected)}```\n"
    answer = Answer(text=text, finish_reason=FinishReason.EOS, sample_index=0)
    (test,) = clean_tests(answer, LATER if "later" in asked.expression else STUB, SOURCE)
    assert f"    {line}" in test.source
    assert [found.expression for found in test.probes] == [asked.expression]


def test_an_input_is_shown_as_it_is_typed() -> None:
    assert session(probe("f(x)", "x = [1]\n\nx.append(2)")) == IMPORTED + ">>> x = [1]\n>>> x.append(2)\n>>> f(x)"


def value(text: str) -> Output:
    return Output(kind=OutputKind.VALUE, text=text)


def test_only_inputs_that_can_be_worked_out_by_hand_are_asked_about() -> None:
    matrix = Matrix(stub=STUB, trusted=())
    error = Output(kind=OutputKind.EXCEPTION, text="ValueError")
    cases = {
        probe("f(1)"): (value("1"), value("2")),
        probe("f(2)"): (value("1"), error),
        probe("f('a' * 1000)"): (value("a" * 1000), value("1")),
        probe("f(3)"): (value("1"), Output(kind=OutputKind.TIMEOUT)),
        probe(f"f({'4' * 300})"): (value("1"), value("2")),
        probe("f(x)", "for x in (1, 2):\n    pass"): (value("1"), value("2")),
        probe("f('```')"): (value("1"), value("2")),
    }
    matrix.add_probes([*cases])
    for asked, outputs in cases.items():
        matrix.outputs |= {(key, asked.id): output for key, output in zip("ab", outputs, strict=True)}
    divided = Assessment(best="a", probability=0.5, rival="b", differing=tuple(reversed(range(len(cases)))))
    assert inputs(matrix, divided) == ("f(2)", "f(1)")
    assert inputs(matrix, None) == ()
    assert inputs(matrix, Assessment(best="a", probability=0.5)) == ()
