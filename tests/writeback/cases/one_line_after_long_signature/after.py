import os


def f(
    x,  # the number
    y={"a": 1},
    z=lambda a: a,
) -> dict[str, int]:
    """Doc."""
    # why
    return x + 1
