"""M."""


def h(x):
    return x


def f(x):
    """Doc."""
    return h(x)
