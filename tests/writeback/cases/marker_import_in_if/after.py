import os
if os.name:
    pass  # why


def f(x):
    """Doc."""
    return x + 1
