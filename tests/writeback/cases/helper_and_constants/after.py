import os


import_limit = 3
OTHER = """a
  b"""


def h(x):
    return x


class K:
    pass


def f(x):
    """Doc."""
    return h(x)
