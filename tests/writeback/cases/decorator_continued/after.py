def f(x) \
        :  # odd
    """Doc."""
    return x + 1
