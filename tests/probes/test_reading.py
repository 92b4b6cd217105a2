from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_supercharger.domain import Stub, StubKind
from pytest_supercharger.probes import from_test, mutate


def stub(qualname: str = "f", kind: StubKind = StubKind.FUNCTION, *, is_async: bool = False) -> Stub:
    return Stub(
        module="shop.text",
        qualname=qualname,
        path=Path("/p/shop/text.py"),
        relpath="shop/text.py",
        line=1,
        kind=kind,
        is_async=is_async,
        signature="def f(x, n=1)",
        docstring="",
    )


TOTAL = stub("Cart.total", StubKind.METHOD)
ADD = stub("Cart.add", StubKind.METHOD)


def read(
    body: str, target: Stub | None = None, *, head: str = "from shop.text import f, Cart"
) -> list[tuple[str, str]]:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    probes = from_test(f"{head}\n\ndef test_it():\n{lines}\n", target or stub())
    return [(probe.setup, probe.expression) for probe in probes]


@pytest.mark.parametrize(
    ("body", "expression"),
    [
        ("assert f(1) == 2", "f(1)"),
        ("assert 2 == f(1)", "f(1)"),
        ("assert len(f(1)) == 2", "f(1)"),
        ("assert f(f(1)) == 2", "f(f(1))"),
        ("assert not f(1)", "f(1)"),
        ("result = f(1)\nassert result == 2", "f(1)"),
        ("x = 1\nassert f(x) == 2", "f(1)"),
        ("xs = [1, 2]\nassert f(xs) == 2", "f([1, 2])"),
        ("expected = 4\nassert f(1) == expected", "f(1)"),
        ("with pytest.raises(ValueError):\n    f(-1)", "f(-1)"),
        ("pytest.raises(ValueError, f, -1, n=2)", "f(-1, n=2)"),
        ("assert all(f(x) for x in 'ab')", "all((f(x) for x in 'ab'))"),
    ],
)
def test_the_input_is_the_call_of_the_stub(body: str, expression: str) -> None:
    assert read(body) == [("", expression)]


def test_each_call_of_an_assertion_is_an_input() -> None:
    assert read("assert f(1) == f(2) and f(3)") == [("", "f(1)"), ("", "f(2)"), ("", "f(3)")]


def test_only_the_statements_a_call_needs_are_its_setup() -> None:
    body = "other = make()\nxs = list(range(3))\nxs.append(4)\nassert f(xs) == 2"
    assert read(body) == [("xs = list(range(3))\nxs.append(4)", "f(xs)")]


def test_an_earlier_call_of_the_stub_is_no_setup_of_a_later_one() -> None:
    assert read("x = 'a'\none = f(x)\ntwo = f(x, n=2)") == [("", "f('a')"), ("", "f('a', n=2)")]


def test_the_state_of_the_object_at_the_call_is_the_setup() -> None:
    body = "cart = Cart()\ncart.add('a')\nassert cart.total() == 1\ncart.add('b')\nassert cart.total() == 2"
    assert read(body, TOTAL) == [
        ("cart = Cart()\ncart.add('a')", "cart.total()"),
        ("cart = Cart()\ncart.add('a')\ncart.add('b')", "cart.total()"),
    ]


def test_state_looked_at_after_a_bare_call_is_part_of_the_result() -> None:
    assert read("cart = Cart()\ncart.add('a')\nassert cart.names == ['a']", ADD) == [
        ("cart = Cart()", "cart.add('a')"),
        ("cart = Cart()", "(cart.add('a'), cart.names)"),
    ]
    assert ("xs = [3, 1]", "(f(xs), xs)") in read("xs = [3, 1]\nf(xs)\nassert xs == [1, 3]")


def test_a_list_that_two_places_share_is_not_written_twice() -> None:
    assert read("xs = [1]\nassert f(xs, xs) == 2") == [("xs = [1]", "f(xs, xs)")]


def test_properties_static_methods_and_constructors_are_calls_too() -> None:
    assert read("assert Cart(3).size == 2", stub("Cart.size", StubKind.PROPERTY)) == [("", "Cart(3).size")]
    assert read("assert Cart.of(3) == 2", stub("Cart.of", StubKind.STATIC_METHOD)) == [("", "Cart.of(3)")]
    assert read("assert Cart(3).n == 2", stub("Cart.__init__", StubKind.METHOD)) == [("", "Cart(3)")]
    assert read("assert len(Cart(3)) == 2", stub("Cart.__len__", StubKind.METHOD)) == [("", "len(Cart(3))")]


def test_what_sets_or_deletes_a_property_is_a_call_of_its_accessor() -> None:
    size = stub("Cart.size", StubKind.PROPERTY)
    assert read("cart = Cart()\ncart.size = 3\nassert cart.names == []", size) == [
        ("cart = Cart()", "type(cart).size.fset(cart, 3)")
    ]
    assert read("cart = Cart()\ndel cart.size", size) == [("cart = Cart()", "type(cart).size.fdel(cart)")]
    assert read("cart = Cart()\ncart.size = 3", stub("Cart.size", StubKind.METHOD)) == []
    (probe,) = from_test("from shop.text import Cart\ndef test():\n    cart = Cart()\n    cart.size = 3\n", size)
    mutated = mutate([probe], limit=3, rng=Random(1), stub=size)
    assert len(mutated) == 3
    assert all(other.expression.startswith("type(cart).size.fset(cart, ") for other in mutated)


@pytest.mark.parametrize("body", ["assert await f(1) == 2", "assert asyncio.run(f(1)) == 2", "r = await f(1)"])
def test_async_calls_are_awaited(body: str) -> None:
    source = f"import asyncio\nfrom shop.text import f\n\nasync def test_it():\n    {body}\n"
    assert [probe.expression for probe in from_test(source, stub(is_async=True))] == ["await f(1)"]


def test_literal_loops_are_unrolled() -> None:
    assert read("for x, y in [(1, 2), (3, 4)]:\n    assert f(x) == y") == [("", "f(1)"), ("", "f(3)")]
    assert read("cases = {1: 2, 3: 4}\nfor x, y in cases.items():\n    assert f(x) == y") == [
        ("", "f(1)"),
        ("", "f(3)"),
    ]


def test_parametrised_values_are_inputs() -> None:
    source = (
        "import pytest\nfrom shop.text import f\n\n@pytest.mark.parametrize('n', [7, 8])\n"
        "@pytest.mark.parametrize(('x', 'y'), [(1, 2), pytest.param(3, 4, id='k')])\n"
        "def test_it(x, y, n):\n    assert f(x, n) == y\n"
    )
    found = {probe.expression for probe in from_test(source, stub())}
    assert found == {"f(1, 7)", "f(1, 8)", "f(3, 7)", "f(3, 8)"}


def test_plain_fixtures_are_put_in_front_and_others_give_no_input() -> None:
    source = (
        "import pytest\nfrom shop.text import f, Cart\n\n@pytest.fixture\ndef cart():\n    return Cart()\n\n"
        "def test_it(cart, tmp_path):\n    assert f(cart) == 1\n    assert f(tmp_path) == 1\n"
    )
    assert [(p.setup, p.expression) for p in from_test(source, stub())] == [("cart = Cart()", "f(cart)")]


def test_constants_and_helpers_of_the_test_module_are_setup() -> None:
    source = (
        "from shop.text import f\nWORDS = ['a']\ndef double(x):\n    return x * 2\n\n"
        "def test_it():\n    assert f(double(WORDS)) == 1\n"
    )
    (probe,) = from_test(source, stub())
    assert probe.setup == "def double(x):\n    return x * 2"
    assert probe.expression == "f(double(['a']))"


def test_imports_are_kept_only_where_they_are_used() -> None:
    head = "import pytest\nimport math as m\nfrom shop.text import f as g, Cart"
    source = f"{head}\n\ndef test_it():\n    assert g(m.pi) == 1\n"
    (probe,) = from_test(source, stub())
    assert probe.imports == "from shop.text import f as g\nimport math as m"


@pytest.mark.parametrize("head", ["import shop.text", "from shop import text", "import shop.text as text"])
def test_calls_through_the_module_are_found(head: str) -> None:
    name = "shop.text" if head == "import shop.text" else "text"
    (probe,) = from_test(f"{head}\n\ndef test_it():\n    assert {name}.f(1) == 2\n", stub())
    assert (probe.imports, probe.expression) == (head, f"{name}.f(1)")


def test_a_function_of_the_same_name_elsewhere_is_not_the_stub() -> None:
    assert read("assert math.f(1) == 2", head="import math") == []


def test_a_forgotten_import_of_the_stub_is_added() -> None:
    (probe,) = from_test("def test_it():\n    assert f(1) == 2\n", stub())
    assert probe.imports == "from shop.text import f"


def test_equal_inputs_have_equal_ids() -> None:
    one = from_test("from shop.text import f\ndef test_a():\n    x = 'a'\n    assert f( x ) == 1\n", stub())
    other = from_test('import pytest\nfrom shop.text import f\ndef test_b():\n    y = f("a")\n', stub())
    assert one == other


@pytest.mark.parametrize("source", ["", "def test_it(:", "x = 1", "def test_it():\n    assert True\n", "\0"])
def test_what_has_no_call_has_no_input(source: str) -> None:
    assert from_test(source, stub()) == ()


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    from_test(f"def test_it():\n    assert f({text}) == 1\n", stub())
