import re


_LIMIT = {
    "a": """
 b""",
}


class _Node:
    """A node."""

    def __init__(self, x):
        self.x = x


class A:
    def f(self, x):
        """Doc."""
        return _Node(_LIMIT)
