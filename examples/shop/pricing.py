"""Prices, taxes and payments."""

from __future__ import annotations

from pytest_supercharger import supercharge

STANDARD_RATE = 0.2


@supercharge
def add_tax(net: float, rate: float = STANDARD_RATE) -> float:
    """Return net * (1 + rate), rounded to two decimals.

    A negative net price or a negative rate raises ValueError.

    >>> add_tax(10.0)
    12.0
    >>> add_tax(9.99, 0.07)
    10.69
    """
    raise NotImplementedError


@supercharge
def apply_discount(price: float, percent: float) -> float:
    """Return the price less `percent` per cent, rounded to two decimals.

    A percentage below 0 or above 100 raises ValueError.

    >>> apply_discount(80.0, 25)
    60.0
    >>> apply_discount(19.99, 0)
    19.99
    >>> apply_discount(19.99, 15)
    16.99
    >>> apply_discount(5.0, 100)
    0.0
    """
    raise NotImplementedError


@supercharge
def clamp(price: float, low: float, high: float) -> float:
    """Return the price, but at least `low` and at most `high`.

    A `low` above `high` raises ValueError.

    >>> clamp(5.0, 1.0, 10.0)
    5.0
    >>> clamp(0.5, 1.0, 10.0)
    1.0
    >>> clamp(11.0, 1.0, 10.0)
    10.0
    """
    raise NotImplementedError


@supercharge
def is_valid_card(number: str) -> bool:
    """Check a card number with the Luhn algorithm.

    Spaces are ignored. A number with fewer than two digits, or with anything but digits and spaces, is not valid.
    From the right, every second digit is doubled; a result above 9 has 9 subtracted; the sum of all digits must be
    a multiple of 10.

    >>> is_valid_card("4539 1488 0343 6467")
    True
    >>> is_valid_card("8273 1232 7352 0569")
    False
    >>> is_valid_card("0")
    False
    >>> is_valid_card("059a")
    False
    """
    raise NotImplementedError
