import pytest

from shop.pricing import add_tax, apply_discount, clamp


def test_tax_of_nothing_is_nothing():
    assert add_tax(0.0) == 0.0


def test_negative_prices_are_refused():
    with pytest.raises(ValueError):
        add_tax(-1.0)


@pytest.mark.parametrize("percent", [-1, 101])
def test_impossible_discounts_are_refused(percent):
    with pytest.raises(ValueError):
        apply_discount(10.0, percent)


@pytest.mark.parametrize("price", [-5.0, 0.0, 1.5, 99.0])
def test_a_clamped_price_is_in_the_range(price):
    assert 1.0 <= clamp(price, 1.0, 2.0) <= 2.0


def test_an_empty_range_is_refused():
    with pytest.raises(ValueError):
        clamp(1.0, 2.0, 1.0)


def test_tax_is_rounded():
    assert add_tax(0.99, 0.19) == 1.18
