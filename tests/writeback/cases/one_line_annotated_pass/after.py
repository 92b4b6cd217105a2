def slug(text: str) -> str:
    "Make a slug."
    return text.lower()
