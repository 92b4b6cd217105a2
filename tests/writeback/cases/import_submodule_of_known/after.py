import os
import os.path


def f(x):
    """Doc."""
    return x + 1
