async def count(n: int):
    """Count."""
    for i in range(n):
        yield i
