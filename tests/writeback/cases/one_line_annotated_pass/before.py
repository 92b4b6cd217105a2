from pytest_supercharger import supercharge


@supercharge
def slug(text: str) -> str: "Make a slug."; pass
