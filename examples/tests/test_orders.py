import asyncio

from shop.orders import Cart, fetch_prices, unique


def test_total_counts_every_piece(cart):
    assert cart.total() == 6.25


def test_quantity_does_not_make_a_line_expensive(cart):
    cart.add("salt", 0.5, 100)
    assert cart.most_expensive() == "bread"


def test_an_empty_cart_costs_nothing():
    assert Cart().total() == 0


def test_no_price_waits_for_another():
    asked = []

    async def fetch(name):
        asked.append(name)
        await asyncio.sleep(0)
        return float(len(asked))

    assert asyncio.run(fetch_prices(["tea", "jam"], fetch)) == {"tea": 2.0, "jam": 2.0}


def test_unique_leaves_its_argument_alone():
    names = ["b", "a", "b"]
    assert unique(names) == ["b", "a"]
    assert names == ["b", "a", "b"]
