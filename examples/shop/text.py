"""Texts for the shop's pages and labels."""

from __future__ import annotations

from pytest_supercharger import supercharge

ELLIPSIS = "..."


@supercharge
def slugify(title: str) -> str:
    """Turn a title into the last part of a web address.

    Letters are lower-cased. Every run of characters that are not ASCII letters or digits becomes one hyphen.
    There is no hyphen at the start or at the end.

    >>> slugify("Fresh Bread & Butter")
    'fresh-bread-butter'
    >>> slugify("  50% off!  ")
    '50-off'
    >>> slugify("---")
    ''
    """
    raise NotImplementedError


@supercharge
def initials(name: str) -> str:
    r"""Return the first letter of each word of a name, in upper case, without separators.

    Words are separated by white space.

    >>> initials("Ada Lovelace")
    'AL'
    >>> initials("grace brewster hopper")
    'GBH'
    >>> initials("  ada \t king  ")
    'AK'
    >>> initials("")
    ''
    """
    raise NotImplementedError


@supercharge
def truncate(text: str, limit: int) -> str:
    """Shorten a text to at most `limit` characters.

    A text that fits is returned as it is. A longer one is cut so that, with ELLIPSIS at its end, it is exactly
    `limit` characters long. A limit below the length of ELLIPSIS raises ValueError.

    >>> truncate("bread", 10)
    'bread'
    >>> truncate("fresh bread", 8)
    'fresh...'
    >>> truncate("bread", 3)
    '...'
    """
    raise NotImplementedError


@supercharge
def word_counts(text: str) -> dict[str, int]:
    r"""Count how often each word occurs; words are separated by white space and compared in lower case.

    >>> word_counts("Bread bread milk")
    {'bread': 2, 'milk': 1}
    >>> word_counts("tea\n  tea")
    {'tea': 2}
    >>> word_counts("")
    {}
    """
    raise NotImplementedError


def label(name: str, price: float) -> str:
    """Return the text of a price label.

    >>> label("Bread", 2.5)
    'Bread: 2.50'
    """
    return f"{name}: {price:.2f}"
