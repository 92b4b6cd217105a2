import os

from pytest_supercharger import supercharge


@supercharge
def f(
    x,  # the number
    y={"a": 1},
    z=lambda a: a,
) -> dict[str, int]: """Doc."""; raise NotImplementedError(
    "later"  # why
)
