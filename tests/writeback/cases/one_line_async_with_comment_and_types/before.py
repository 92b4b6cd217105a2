from pytest_supercharger import supercharge


@supercharge
async def f(x: "int" = 1, *, y=lambda: 2) -> dict[str, "int"]: "Doc."; ...  # why
