from pytest_supercharger import supercharge
@superchargedef f(x):
    """Doc.

    More.    """
    # a
    raise NotImplementedError(
        "x"
    )
# z