# above
# between

@print  # kept
# below
def f(x):
    """Doc."""
    return x + 1
