def f(x):
    """Doc."""
    # spec
    return x + 1