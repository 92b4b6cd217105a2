from pytest_supercharger import supercharge


@supercharge
def slug(text: str) -> str:
    """Make a slug."""
    # hint: only ASCII
    # TWO: no dashes at the ends
    ...
