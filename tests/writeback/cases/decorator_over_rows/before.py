import os

from pytest_supercharger import supercharge


@supercharge(
    samples=3,  # few
    examples=["f(1) == 2"],
)
def f(x):
    """Doc."""
    raise NotImplementedError
