from pytest_supercharger import supercharge


@supercharge
def f(x):
    # 1. take x

    """Doc."""
    # 2. add one
      # (not two)
    pass  # 3. return
    # 4. done

    # 5. really

# outside
