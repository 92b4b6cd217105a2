try:
    import re
except ImportError:
    import re


def f(x):
    """Doc."""
    return x + 1
