async def f(x: "int" = 1, *, y=lambda: 2) -> dict[str, "int"]:  # why
    "Doc."
    return x + 1
