from pytest_supercharger import supercharge


@supercharge
class A:
    """Doc."""
