"""Carts, and looking prices up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from pytest_supercharger import supercharge


class Cart:
    """What a customer is about to buy."""

    def __init__(self) -> None:
        """Start with an empty cart."""
        self.prices: dict[str, float] = {}  # name -> price of one piece
        self.quantities: dict[str, int] = {}  # name -> how many pieces

    def add(self, name: str, price: float, quantity: int = 1) -> None:
        """Put `quantity` pieces into the cart; the newest price counts for all of them."""
        self.prices[name] = price
        self.quantities[name] = self.quantities.get(name, 0) + quantity

    @supercharge
    def total(self) -> float:
        """Return the sum of price times quantity over the cart, rounded to two decimals.

        >>> cart = Cart()
        >>> cart.total() == 0
        True
        >>> cart.add("bread", 2.5, 2)
        >>> cart.add("milk", 1.25)
        >>> cart.total()
        6.25
        """
        raise NotImplementedError

    @supercharge
    def most_expensive(self) -> str | None:
        """Return the name with the highest price for one piece, or None for an empty cart.

        Of several with the same price, the one added first.

        >>> cart = Cart()
        >>> print(cart.most_expensive())
        None
        >>> cart.add("milk", 1.25, 10)
        >>> cart.add("bread", 2.5)
        >>> cart.add("jam", 2.5)
        >>> cart.most_expensive()
        'bread'
        """
        raise NotImplementedError


@supercharge
def unique(names: Iterable[str]) -> list[str]:
    """Return every name once, in the order in which the names first appear.

    >>> unique(["tea", "jam", "tea"])
    ['tea', 'jam']
    >>> unique(["b", "a", "b", "a"])
    ['b', 'a']
    >>> unique([])
    []
    """
    raise NotImplementedError


@supercharge
async def fetch_prices(names: Iterable[str], fetch: Callable[[str], Awaitable[float]]) -> dict[str, float]:
    """Look up the price of every name, all at the same time, and return them by name.

    The result has the names in the order in which they were given.

    >>> async def fetch(name):
    ...     return float(len(name))
    >>> asyncio.run(fetch_prices(["milk", "bread"], fetch))
    {'milk': 4.0, 'bread': 5.0}
    >>> asyncio.run(fetch_prices([], fetch))
    {}
    """
    raise NotImplementedError
