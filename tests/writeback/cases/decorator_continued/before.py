from pytest_supercharger import supercharge


@supercharge \
    (samples=3)
def f(x) \
        :  # odd
    """Doc."""
