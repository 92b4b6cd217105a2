from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_supercharger import supercharge

if TYPE_CHECKING:
    from collections.abc import Sequence


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
