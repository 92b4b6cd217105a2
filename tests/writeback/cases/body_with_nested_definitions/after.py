import os


def f(x):
    """Doc."""
    def inner(y):
        """Inner."""

        return y

    class K:
        a = 1

    return inner(x)
