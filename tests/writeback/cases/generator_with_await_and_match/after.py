import os


async def f(x):
    """Doc."""
    match x:
        case [a, *b]:
            yield a
        case _:
            async for y in x:
                yield y
