from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal


def f(x):
    """Doc."""
    return Decimal(x)
