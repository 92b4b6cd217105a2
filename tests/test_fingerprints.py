"""By what an accepted function is known again."""

from __future__ import annotations

import ast

import pytest

from pytest_supercharger import fingerprints
from pytest_supercharger.fingerprints import Known

SOURCE = b'''\
class Cart:
    def total(self, rate=0.2):
        """The sum."""
        return sum(self.prices) * (1 + rate)
'''


def function_hash(data, qualname):
    found = fingerprints.of(data, Known(qualname=qualname))
    return found and found.function


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"""The sum."""', b'"""The sum of all prices."""'),
        (b"(1 + rate)", b"( 1 + rate )  # with tax"),
        (b"class Cart:", b"import math\n\n\nclass Cart:"),
    ],
)
def test_docstring_comments_and_layout_do_not_change_the_hash(old, new):
    assert function_hash(SOURCE.replace(old, new), "Cart.total") == function_hash(SOURCE, "Cart.total")


@pytest.mark.parametrize(("old", "new"), [(b"1 + rate", b"1 - rate"), (b"rate=0.2", b"rate=0.3")])
def test_code_changes_the_hash(old, new):
    assert function_hash(SOURCE.replace(old, new), "Cart.total") != function_hash(SOURCE, "Cart.total")


def test_the_hash_is_the_same_on_every_python():
    assert function_hash(SOURCE, "Cart.total") == "fe10fc598a208dc1"


@pytest.mark.parametrize("source", [b"def total(): ...", b"class Cart: ...", b"class Cart(:"])
def test_a_function_that_is_gone_has_no_hash(source):
    assert function_hash(source, "Cart.total") is None


def test_a_method_of_the_same_name_is_another_function():
    both = b"def total(x):\n    return x\n\n\n" + SOURCE
    assert function_hash(both, "total") == function_hash(b"def total(x):\n    return x\n", "total")
    assert function_hash(both, "Cart.total") == function_hash(SOURCE, "Cart.total")


def test_a_function_under_a_condition_has_a_hash():
    assert function_hash(b"try:\n    def total(x):\n        return x\nexcept NameError:\n    pass\n", "total")


def specified(text):
    found = fingerprints.of(text.encode(), Known(qualname="f"))
    return found and found.specification


def test_the_specification_is_the_signature_and_the_docstring():
    before = specified("def f(x: int = 1) -> int:\n    'Return x.'\n    return x\n")
    layout = "@cache\ndef f(\n    x: int=1,  # a number\n) -> int:\n    'Return x.'\n    return x + 1\n"
    assert specified(layout) == before
    changed = (
        "def f(x: int = 2) -> int:\n    'Return x.'\n    return x\n",
        "def f(x: float = 1) -> int:\n    'Return x.'\n    return x\n",
        "async def f(x: int = 1) -> int:\n    'Return x.'\n    return x\n",
        "def f(x: int = 1) -> int:\n    'Return x or y.'\n    return x\n",
        "def f(x: int = 1) -> int:\n    return x\n",
    )
    assert before not in [*map(specified, changed)]
    assert specified("x = 1\n") is specified("f = class\n") is None


SEVERAL = b"""\
class A:
    @property
    def f(self): return 1
    @overload
    def f(self): ...
    @f.setter
    def f(self, x): self.x = x
if w:
    def g(a): return a
else:
    def g(a): return a + 1
"""


def test_of_several_definitions_the_one_that_was_accepted_is_found_again():
    one, two = (fingerprints.of(SEVERAL, Known(qualname="A.f", number=n)) for n in (1, 2))
    assert one.function != two.function
    assert one.specification != two.specification
    tree = ast.parse(SEVERAL)

    def line(**known):
        return fingerprints.located(tree, Known(**known)).lineno

    assert line(qualname="A.f", function=one.function, number=2) == 3
    assert line(qualname="A.f", specification=one.specification, number=2) == 3
    assert line(qualname="A.f", function=two.function) == 7
    assert line(qualname="A.f", function="edited", specification=two.specification) == 7
    assert (line(qualname="A.f"), line(qualname="A.f", number=2)) == (3, 7)
    assert (line(qualname="g"), line(qualname="g", number=2)) == (9, 11)
    assert fingerprints.located(tree, Known(qualname="f")) is None
