"""What one half of a split run may ask the other to do with a thing."""

from __future__ import annotations

import inspect
from typing import Any

__all__ = ["perform", "perform_async"]


def perform(side: Any, op: str, thing: Any, args: list[Any], kwargs: dict[str, Any], name: str) -> Any:
    """Do one thing at once."""
    side.permit(op, thing, name)
    if op == "call":
        return thing(*args, **kwargs)
    if op == "attr":
        return getattr(thing, name)
    if op == "set":
        return setattr(thing, name, args[0])
    if op == "special":
        return getattr(thing, name)(*args)
    if op == "next":
        return _next(thing, args[0])
    if op == "import":
        return side.load(name)
    raise ValueError(f"no such operation: {op}")


async def perform_async(side: Any, op: str, thing: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Do one thing that may have to be waited for."""
    plain = op.partition(" ")[0]
    side.permit(plain, thing, "")
    if plain == "call":
        value = thing(*args, **kwargs)
        return await value if inspect.isawaitable(value) else value
    if plain == "wait":
        return await thing
    if plain == "next":
        try:
            step = thing.asend(args[0]) if args[0] is not None and hasattr(thing, "asend") else thing.__anext__()
            return True, await step
        except StopAsyncIteration:
            return False, None
    raise ValueError(f"no such operation: {op}")


def _next(thing: Any, sent: Any) -> tuple[bool, Any]:
    try:
        return True, next(thing) if sent is None else thing.send(sent)
    except StopIteration as end:
        return False, end.value
