"""What the order functions must do; no model ever sees this."""

import asyncio

import pytest
from shop.orders import Cart, fetch_prices, unique


def cart_of(*lines):
    cart = Cart()
    for line in lines:
        cart.add(*line)
    return cart


@pytest.mark.parametrize(
    ("lines", "total"),
    [((), 0), ((("a", 1.0, 3),), 3), ((("a", 0.1, 3),), 0.3), ((("a", 1.0), ("b", 2.0, 2)), 5), ((("a", 9.99, 0),), 0)],
)
def test_total(lines, total):
    assert cart_of(*lines).total() == total


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ((), None),
        ((("a", 1.0),), "a"),
        ((("a", 1.0, 9), ("b", 2.0)), "b"),
        ((("first", 2.0), ("second", 2.0)), "first"),
        ((("a", 0.0), ("b", 0.0)), "a"),
    ],
)
def test_most_expensive(lines, name):
    assert cart_of(*lines).most_expensive() == name


@pytest.mark.parametrize(
    ("names", "once"),
    [
        ([], []),
        (["a"], ["a"]),
        (["a", "a"], ["a"]),
        (["b", "a", "c", "a", "b"], ["b", "a", "c"]),
        (["", " "], ["", " "]),
    ],
)
def test_unique(names, once):
    assert unique(iter(names)) == once


def test_fetch_prices_keeps_the_order():
    async def fetch(name):
        await asyncio.sleep(0.01 if name == "a" else 0)
        return float(ord(name))

    assert list(asyncio.run(fetch_prices(["a", "b"], fetch)).items()) == [("a", 97.0), ("b", 98.0)]


def test_fetch_prices_asks_for_all_at_the_same_time():
    async def main():
        everybody = asyncio.Event()
        waiting = 0

        async def fetch(name):
            nonlocal waiting
            waiting += 1
            if waiting == 3:
                everybody.set()
            await asyncio.wait_for(everybody.wait(), timeout=5)
            return 1.0

        return await fetch_prices(iter("abc"), fetch)

    assert asyncio.run(main()) == {"a": 1.0, "b": 1.0, "c": 1.0}
