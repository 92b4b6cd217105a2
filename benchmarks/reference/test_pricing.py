"""What the pricing functions must do; no model ever sees this."""

import pytest
from shop.pricing import add_tax, apply_discount, is_valid_card, split_bill


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
    ("price", "percent", "left"), [(100, 10, 90), (0, 50, 0), (9.99, 50, 5.0), (33.33, 33, 22.33), (10, 12.5, 8.75)]
)
def test_apply_discount(price, percent, left):
    assert apply_discount(price, percent) == pytest.approx(left, abs=0.0051)


@pytest.mark.parametrize("percent", [-0.5, 100.5, -100, 1000])
def test_apply_discount_refuses_impossible_percentages(percent):
    with pytest.raises(ValueError):
        apply_discount(10, percent)


@pytest.mark.parametrize(
    ("cents", "people", "shares"),
    [(0, 1, [0]), (7, 7, [1] * 7), (1, 3, [1, 0, 0]), (1001, 2, [501, 500]), (10, 4, [3, 3, 2, 2])],
)
def test_split_bill(cents, people, shares):
    assert split_bill(cents, people) == shares


@pytest.mark.parametrize("people", [0, -1])
def test_split_bill_needs_people(people):
    with pytest.raises(ValueError):
        split_bill(10, people)


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
