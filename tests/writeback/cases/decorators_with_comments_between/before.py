from pytest_supercharger import supercharge


# above
@supercharge(
    samples=3,  # few

    confidence=0.9,
)  # noqa: X
# between

@print  # kept
# below
def f(x):
    """Doc."""
