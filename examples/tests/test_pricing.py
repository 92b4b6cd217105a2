import pytest

from shop.pricing import add_tax, apply_discount, split_bill


def test_tax_of_nothing_is_nothing():
    assert add_tax(0.0) == 0.0


def test_negative_prices_are_refused():
    with pytest.raises(ValueError):
        add_tax(-1.0)


@pytest.mark.parametrize("percent", [-1, 101])
def test_impossible_discounts_are_refused(percent):
    with pytest.raises(ValueError):
        apply_discount(10.0, percent)


@pytest.mark.parametrize("people", [1, 2, 3, 7])
def test_no_cent_is_lost(people):
    assert sum(split_bill(1000, people)) == 1000
