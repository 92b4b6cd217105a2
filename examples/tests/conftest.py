import pytest

from shop.orders import Cart


@pytest.fixture
def cart() -> Cart:
    cart = Cart()
    cart.add("bread", 2.5, 2)
    cart.add("milk", 1.25)
    return cart
