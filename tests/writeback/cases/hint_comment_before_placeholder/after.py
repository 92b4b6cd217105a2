def slug(text: str) -> str:
    """Make a slug."""
    # hint: only ASCII
    # TWO: no dashes at the ends
    # first
    return text.lower()
