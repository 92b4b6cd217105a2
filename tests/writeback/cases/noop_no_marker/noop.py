def f(x):
    """Doc."""
    raise NotImplementedError
