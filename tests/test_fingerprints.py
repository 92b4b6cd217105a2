"""By what an accepted function is known again."""

from __future__ import annotations

import pytest

from pytest_supercharger import fingerprints

SOURCE = b'''\
class Cart:
    def total(self, rate=0.2):
        """The sum."""
        return sum(self.prices) * (1 + rate)
'''


def function_hash(data, qualname):
    return next((found.function for found in fingerprints.of(data, qualname)), None)


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
    return next((found.specification for found in fingerprints.of(text.encode(), "f")), None)


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


def test_each_definition_of_a_name_has_its_own():
    source = "class A:\n    @property\n    def f(self): return 1\n    @f.setter\n    def f(self, x): pass\n"
    one, two = fingerprints.of(source.encode(), "A.f")
    assert one.function != two.function
    assert one.specification != two.specification
