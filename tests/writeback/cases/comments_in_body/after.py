import os


def f(x):
    """Doc."""
    # 1. strip

    # 2. split   
    # 3. join

    # 4. return
    return x + 1
# not in the function


Y = 1
