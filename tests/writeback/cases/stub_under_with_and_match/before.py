from pytest_supercharger import supercharge

with open(__file__):
    match 1:
        case 1:
            for _ in range(1):
                @supercharge
                def f(x):
                    """Doc."""
