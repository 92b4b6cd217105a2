import os

from pytest_supercharger import supercharge


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError(
        "later",  # when there is time
    )


Y = 1
