def f(x):
    """Doc.

    More.    """
    # a
    if x:
        return 1
    return 2
# z