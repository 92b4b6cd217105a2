def f(x):
    # 1. take x

    """Doc."""
    # 2. add one
      # (not two)
    # 3. return
    # 4. done

    # 5. really
    # mine
    return x + 1  # here

# outside
