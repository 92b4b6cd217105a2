"""What is pasted for an answer, word for word; that it runs is seen in tests/sandbox/test_pasted.py."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pytest_supercharger.declared import classes
from pytest_supercharger.domain import Output, OutputKind, Probe, SourceFile
from pytest_supercharger.pasting import paste
from pytest_supercharger.stubs import find

TEXT = '''\
import enum
import os

from pytest_supercharger import supercharge


class Full(Exception):
    """No room."""


@supercharge
def f(x: object, y: int = 0) -> {returns}:
    """Return something."""
    raise NotImplementedError


@supercharge
async def g(x: int) -> int:
    """Return something."""
    raise NotImplementedError


class Color(enum.Enum):
    RED = 1


class Cart:
    class Line:
        pass

    @supercharge
    def add(self, item: str) -> None:
        """Add it."""
        raise NotImplementedError
'''


def pasted(expression, text, *, stub="f", returns="int", setup="", kind=OutputKind.VALUE, imports=None, watched=()):
    data = TEXT.replace("{returns}", returns).encode()
    found = {s.name: s for s in find(SourceFile(path=Path("/p/m.py"), relpath="m.py", module="m", data=data))}
    known = found[stub]
    imports = f"from m import {known.root_name}" if imports is None else imports
    probe = Probe(id="0f3e", imports=imports, setup=setup, expression=expression)
    defined = classes(ast.parse(data).body)
    made = paste(
        known, probe, Output(kind=kind, text=text), {"Full", "f", "g", "Cart"}, watched, classes=frozenset(defined)
    )
    if made.test:
        ast.parse(made.test)
    return made


def test_a_value_is_compared_with():
    assert pasted("f(-1, y=2)", "-2").test == (
        "from m import f\n\n\ndef test_f_1_y_2_0f3e():\n    assert f(-1, y=2) == -2\n"
    )
    assert pasted("f(-1, y=2)", "-2").example == "f(-1, y=2) == -2"


@pytest.mark.parametrize("text", ["None", "True"])
def test_single_values_are_what_they_are(text):
    assert f"assert f(1) is {text}\n" in pasted("f(1)", text).test


def test_an_exception_is_expected():
    made = pasted("f(0)", "ValueError", kind=OutputKind.EXCEPTION)
    assert made.test.startswith("import pytest\nfrom m import f\n")
    assert "    with pytest.raises(ValueError):\n        f(0)\n" in made.test
    assert made.example == "f(0) raises ValueError"


def test_an_exception_of_the_module_is_imported_and_another_one_is_not_made_up():
    made = pasted("f(0)", "Full", kind=OutputKind.EXCEPTION)
    assert "from m import Full\n" in made.test
    assert made.example == ""
    other = pasted("f(0)", "JSONDecodeError", kind=OutputKind.EXCEPTION)
    assert other.test == ""
    assert other.note == "JSONDecodeError is no name of m: write pytest.raises with its import yourself"


def test_floats_are_compared_nearly_and_so_are_whole_ones_where_floats_are_announced():
    assert "== pytest.approx(2.5, rel=1e-05)\n" in pasted("f(1)", "2.5").test
    assert "== pytest.approx(2, rel=1e-05)\n" in pasted("f(1)", "2", returns="float").test
    assert pasted("f(1)", "2.5").example == "f(1) == 2.5"
    assert pasted("f(1)", "0.333333").example == ""  # the text is rounded


def test_what_comes_before_the_call_stands_before_it():
    made = pasted("cart.add('a')", "None", stub="add", setup="cart = Cart()\ncart.size = 2")
    assert "    cart = Cart()\n    cart.size = 2\n    assert cart.add('a') is None\n" in made.test
    assert made.example == ""


def test_an_argument_that_is_changed_has_a_name():
    made = pasted("f([2, 1], y=[0])", "None; y -> [0, 1]; argument 1 -> [1, 2]")
    assert made.test.endswith(
        "    given_y = [0]\n    argument_1 = [2, 1]\n    assert f(argument_1, y=given_y) is None\n"
        "    assert given_y == [0, 1]\n    assert argument_1 == [1, 2]\n"
    )
    assert made.example == ""


def test_an_object_that_is_changed_is_compared_by_its_attributes():
    made = pasted("Cart().add('a')", "None; self -> m.Cart(items=['a'], size=1)", stub="add")
    assert made.test.endswith(
        "    subject = Cart()\n    assert subject.add('a') is None\n"
        "    assert subject.items == ['a']\n    assert subject.size == 1\n"
    )


def test_what_only_another_answer_changes_is_said_to_stay_as_it_is():
    made = pasted("f([2, 1])", "None", watched={"argument 1"})
    assert made.test.endswith(
        "    argument_1 = [2, 1]\n    before_argument_1 = copy.deepcopy(argument_1)\n"
        "    assert f(argument_1) is None\n    assert argument_1 == before_argument_1\n"
    )
    assert made.example == ""
    assert "assert vars(subject) == before_subject\n" in pasted("Cart().add('a')", "None", watched={"self"}).test


def test_a_semicolon_in_a_text_changes_nothing():
    assert "== 'a; b -> c'\n" in pasted("f(1)", "'a; b -> c'").test
    both = pasted("f([])", "'a; b -> c'; argument 1 -> ['; d -> ']").test
    assert both.endswith("== 'a; b -> c'\n    assert argument_1 == ['; d -> ']\n")


def test_coroutines_are_run():
    assert "import asyncio\n" in pasted("await g(1)", "2", stub="g").test
    assert "    assert asyncio.run(g(1)) == 2\n" in pasted("await g(1)", "2", stub="g").test
    assert pasted("await g(1)", "2", stub="g").example == "await g(1) == 2"
    both = pasted("(await g(1), await g(2))", "(1, 2)", stub="g")
    assert "    async def asked():\n        return (await g(1), await g(2))\n" in both.test
    assert "    assert asyncio.run(asked()) == (1, 2)\n" in both.test


def test_an_iterator_is_compared_as_a_list():
    assert "assert list(f(1)) == [1, 2]\n" in pasted("f(1)", "iterator([1, 2])").test


@pytest.mark.parametrize(
    ("kind", "text", "note"),
    [
        (OutputKind.TIMEOUT, "", "never comes"),
        (OutputKind.UNSTABLE, "", "changes from run to run"),
        (OutputKind.OPAQUE, "Thing", "no form"),
        (OutputKind.VALUE, "nan", "no literal form"),
        (OutputKind.VALUE, "m.os.system(command='echo pasted')", "no literal form"),  # a candidate's class, renamed
        (OutputKind.VALUE, "m.f(x=1)", "no literal form"),
        (OutputKind.VALUE, "m.Cart.add(item='a')", "no literal form"),
        (OutputKind.VALUE, "m" + ".a" * 900 + "(x=1)", "no literal form"),
        (OutputKind.VALUE, repr("x" * 2000), "too long"),
    ],
)
def test_what_cannot_be_written_says_so(kind, text, note):
    made = pasted("f(1)", text, kind=kind)
    assert made.test == made.example == ""
    assert note in made.note


def test_a_test_with_what_a_terminal_obeys_is_not_shown():
    assert pasted("f(1)", "2", setup="x = '\x1b[31m'").note == "the test cannot be shown as it is"


def test_what_the_users_file_defines_is_called_by_its_name():
    assert pasted("f(1)", "m.Cart.Line(x=1)").test.startswith("from m import Cart\nfrom m import f\n")
    assert "    assert f(1) == Cart.Line(x=1)\n" in pasted("f(1)", "m.Cart.Line(x=1)").test
    assert "    assert f(1) == Color.RED\n" in pasted("f(1)", "m.Color.RED").test


def test_a_change_to_a_class_of_the_candidate_is_not_written():
    made = pasted("f([])", "None; argument 1 -> m.os.system(command='echo pasted')")
    assert "system" not in made.test
    deep = pasted("Cart().add('a')", "None; self -> m.Cart(x=m" + ".a" * 900 + ")", stub="add")
    assert "m.a" not in deep.test


def test_an_input_too_deep_to_be_written_is_told_without_a_test():
    assert pasted("f(" + "-" * 900 + "1)", "2").note == "the test cannot be shown as it is"
