"""What stands in one process of a split run for a thing that the other one holds; using it asks over there."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["SPECIAL", "NotEncodable", "Target", "stand_in"]

Wire = Any
# Special methods that a stand-in forwards. Comparisons are not among them: those are decided where the test runs.
SPECIAL = (
    "__iter__", "__next__", "__len__", "__getitem__", "__bool__", "__call__", "__str__", "__int__", "__float__",
    "__index__", "__enter__", "__exit__",
)  # fmt: skip


class NotEncodable(BaseException):
    """The test uses what a split run cannot say; no `except Exception` of a test may hide it."""


class Target:
    """Something of the other process, as a message names it."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire


class StandIn:
    """Stands for an object that the other process holds; `peer` asks it."""

    def __init__(self, peer: Any, target: Target) -> None:
        object.__setattr__(self, "_split", (peer, target))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        peer, target = object.__getattribute__(self, "_split")
        return peer.ask("attr", target, name=name)

    def __setattr__(self, name: str, value: Any) -> None:
        peer, target = object.__getattribute__(self, "_split")
        peer.ask("set", target, (value,), name=name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, an object of the other process>"


def _special(name: str) -> Callable[..., Any]:
    def method(self: StandIn, *args: Any) -> Any:
        peer, target = object.__getattribute__(self, "_split")
        return peer.ask("special", target, args, name=name)

    return method


@functools.lru_cache(maxsize=500)
def _stand_in_class(name: str, special: tuple[str, ...]) -> type[StandIn]:
    names = [known for known in SPECIAL if known in special]
    return type(name, (StandIn,), {known: _special(known) for known in names})


def stand_in(peer: Any, kind: str, name: str, special: tuple[str, ...], target: Target) -> Any:
    """What stands for a thing of this kind."""
    if kind == "call":
        return lambda *args, **kwargs: peer.ask("call", target, args, kwargs)
    if kind == "async":

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await peer.ask_async("call", target, args, kwargs)

        return call
    if kind == "iterator":
        return _iterator(peer, target)
    if kind == "async iterator":
        return _async_iterator(peer, target)
    if kind == "awaitable":
        return _Awaitable(peer, target)
    return _stand_in_class(name, tuple(filter(SPECIAL.__contains__, special)))(peer, target)


class _Awaitable:
    def __init__(self, peer: Any, target: Target) -> None:
        self._ask: Callable[[], Any] = lambda: peer.ask_async("wait", target)

    def __await__(self) -> Any:
        waiting: Any = self._ask()
        return waiting.__await__()


def _iterator(peer: Any, target: Target) -> Iterator[Any]:
    sent = None
    while True:
        more, value = peer.ask("next", target, (sent,))
        if not more:
            return value  # type: ignore[no-any-return]
        sent = yield value


async def _async_iterator(peer: Any, target: Target) -> Any:
    sent = None
    while True:
        more, value = await peer.ask_async("next", target, (sent,))
        if not more:
            return
        sent = yield value
