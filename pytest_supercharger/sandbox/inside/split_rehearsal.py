"""A test run without any candidate, to see how much it has to say by itself: each call is answered by a blank.

What it says whatever it hears, on the way to its end, is its own doing, and no candidate can bring it about. It goes on
to that end also when it has said too much: a loop that waits for an answer, or for an error, has none.
"""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import running
from .child import LINK
from .split_line import Line
from .split_peer import Peer
from .split_sides import TestSide
from .split_test import StandIns

if TYPE_CHECKING:
    from .child import Channel, Job

__all__ = ["SIZES", "main"]

SIZES = (0, 10**9)  # what is large with one of them alone was made so by an answer
_FEW = 3
_AROUND = 120  # characters around a text on its way to PID 1
_BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "lshift", "rshift", "matmul")
_UNARY = ("neg", "pos", "abs", "invert", "round")
_BLANK = (*_BINARY, *(f"r{name}" for name in _BINARY), *_UNARY, "call", "getitem", "enter")
_CHANCE = ("bool", "eq", "ne", "lt", "le", "gt", "ge", "contains")


def main(job: Job, channel: Channel) -> None:
    """Run the test of `job`; tell PID 1 when it says more than a split run carries."""
    from pytest_supercharger import marker

    count = _Count(channel, job["limits"]["messages"], job["most_characters"])
    peer = _Alone(TestSide(job["snapshot"]), Line(count.note, lambda wait: None), LINK)
    peer.blank, peer.count = _blank(job["size"]), count
    marker.stand_in = StandIns(peer).make
    running.main(job, channel)


class _Count:
    def __init__(self, channel: Channel, most: int, most_characters: int) -> None:
        self._channel = channel
        self._calls, self._most = 0, most
        self._characters, self._most_characters = 0, most_characters
        self.full = False

    def note(self, text: str) -> None:
        """Count a call, and tell when there are too many."""
        self._calls += 1
        self._characters += len(json.dumps(text)) + _AROUND
        if self._calls > self._most:
            self._tell(f"it calls the candidate more than {self._most} times")
        elif self._characters > self._most_characters:
            self._tell(f"it hands the candidate more than {self._most_characters >> 20} MiB")

    def _tell(self, detail: str) -> None:
        self.full = True
        self._channel.send({"type": "unencodable", "detail": detail})


class _Alone(Peer):
    """Puts each question, and answers it itself."""

    blank: object
    count: _Count

    def ask(
        self, op: str, target: object, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, name: str = ""
    ) -> Any:
        """A blank for an answer."""
        if op == "import":
            self.count.note("")
        elif not self.count.full:
            self._question(op, target, args, kwargs or {}, name)
        return self.blank

    async def ask_async(
        self, op: str, target: object, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, name: str = ""
    ) -> Any:
        """The same within an event loop."""
        return self.ask(op, target, args, kwargs, name)


class _Blank:
    """Nothing in particular: truth and order are left to chance, and what is counted has one size."""

    def __hash__(self) -> int:
        return 0

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing is left."""

    def __await__(self) -> Generator[Any, Any, Any]:
        yield from ()
        return self

    async def __aiter__(self) -> AsyncIterator[Any]:
        for thing in self:
            yield thing

    def __iter__(self) -> Iterator[Any]:
        return iter([self] * min(len(self), _FEW))


def _blank(size: int) -> object:
    chance = random.Random(0)
    methods: dict[str, Callable[..., Any]] = {f"__{name}__": lambda self, *args, **kwargs: self for name in _BLANK}
    methods |= {f"__{name}__": lambda self, *args: chance.random() < 0.5 for name in _CHANCE}
    methods |= {f"__{name}__": lambda self: size for name in ("len", "index", "int")}
    methods["__float__"] = lambda self: float(size)
    return type("Blank", (_Blank,), methods)()
