"""What the pricing functions must do; no model ever sees this."""

import pytest
from shop.pricing import add_tax, apply_discount, clamp, is_valid_card


@pytest.mark.parametrize(
    ("net", "rate", "gross"), [(0, 0.2, 0), (100, 0.0, 100), (1.99, 0.2, 2.39), (10, 0.075, 10.75), (50, 1.0, 100)]
)
def test_add_tax(net, rate, gross):
    assert add_tax(net, rate) == pytest.approx(gross, abs=1e-9)


def test_add_tax_uses_the_standard_rate():
    assert add_tax(5) == 6.0


@pytest.mark.parametrize(("net", "rate"), [(-0.01, 0.2), (1, -0.2), (-1, -1)])
def test_add_tax_refuses_negative_values(net, rate):
    with pytest.raises(ValueError):
        add_tax(net, rate)


@pytest.mark.parametrize(
    ("price", "percent", "left"), [(100, 10, 90), (0, 50, 0), (9.98, 50, 4.99), (33.33, 33, 22.33), (10, 12.5, 8.75)]
)
def test_apply_discount(price, percent, left):
    assert apply_discount(price, percent) == pytest.approx(left, abs=1e-9)


@pytest.mark.parametrize("percent", [-0.5, 100.5, -100, 1000])
def test_apply_discount_refuses_impossible_percentages(percent):
    with pytest.raises(ValueError):
        apply_discount(10, percent)


@pytest.mark.parametrize(
    ("price", "low", "high", "clamped"),
    [
        (1, 1, 1, 1),
        (0, 1, 2, 1),
        (3, 1, 2, 2),
        (1.5, 1, 2, 1.5),
        (-3, -2, -1, -2),
        (0, 0, 0, 0),
        (2, 2, 3, 2),
        (3, 2, 3, 3),
    ],
)
def test_clamp(price, low, high, clamped):
    assert clamp(price, low, high) == clamped


@pytest.mark.parametrize("price", [0.0, 1.5, 5.0])
def test_clamp_refuses_an_empty_range(price):
    with pytest.raises(ValueError):
        clamp(price, 2.0, 1.0)


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("", False),
        (" ", False),
        ("1", False),
        (" 0", False),
        ("0 0", True),
        ("59", True),
        ("059", True),
        ("055 444 285", True),
        ("055 444 286", False),
        ("055-444-285", False),
        ("055£ 444$ 285", False),
        ("4111 1111 1111 1111", True),
        ("4111 1111 1111 1112", False),
        ("095 245 88", True),
    ],
)
def test_is_valid_card(number, valid):
    assert is_valid_card(number) is valid
