with open(__file__):
    match 1:
        case 1:
            for _ in range(1):
                def f(x):
                    """Doc."""
                    if x:
                        return 1
                    return 2
