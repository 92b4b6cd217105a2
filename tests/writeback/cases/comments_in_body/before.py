import os

from pytest_supercharger import supercharge


@supercharge
def f(x):
    """Doc."""
    # 1. strip

    # 2. split   
    ...  # 3. join

    # 4. return
# not in the function


Y = 1
