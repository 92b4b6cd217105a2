import os
if os.name:
    from pytest_supercharger import supercharge  # why


@supercharge
def f(x):
    """Doc."""
    raise NotImplementedError
