from typing import TYPE_CHECKING

from pytest_supercharger import supercharge

if TYPE_CHECKING:
    from decimal import Decimal


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
