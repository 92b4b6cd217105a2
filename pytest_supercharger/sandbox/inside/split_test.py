"""The test's half of a split run: the project as the user wrote it, and each unfilled stub asks the candidate's half.

While a candidate is judged none of its code is in this process, not even its text: what pytest reports is its own word.
Where accepted functions are checked again it is less: all that the file has beside their bodies is here and runs.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from . import running
from .child import LINK
from .split_line import Broken, Line
from .split_link import JobEnd
from .split_peer import Peer
from .split_sides import TestSide
from .split_standins import NotEncodable, Target

if TYPE_CHECKING:
    from .child import Channel, Job

__all__ = ["StandIns", "main"]

F = TypeVar("F")
_GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x200  # of inspect.CO_GENERATOR and so on


def main(job: Job, channel: Channel) -> None:
    """Run the test of `job`, with the calls of stubs going through the link."""
    from pytest_supercharger import marker

    end = JobEnd(channel)
    side = TestSide(job["snapshot"])
    line = Line(end.send, end.receive)
    line.on_message = _Heard(side).note
    units = _Units(channel)
    line.before_send = units.current
    peer = _Watched(side, line, LINK)
    peer.tell = channel.send
    marker.stand_in = StandIns(peer).make
    running.main(job, units)


class _Units:
    """The channel of a test whose units are counted: the candidate's half has a budget for each of them too."""

    def __init__(self, channel: Channel) -> None:
        self._send = channel.send
        self._begun = 0

    def send(self, *messages: dict[str, Any]) -> None:
        """Send to PID 1."""
        self._begun += sum(message["type"] == "begin" for message in messages)
        self._send(*messages)

    def current(self) -> dict[str, Any]:
        """What is said with each message: the number of the unit."""
        return {"unit": self._begun}


class _Watched(Peer):
    """Tells PID 1 at once what ends a split run, whatever the test does with the exception."""

    tell: Callable[[dict[str, Any]], None]

    def ask(self, *args: Any, **kwargs: Any) -> Any:
        """Ask, and tell of a question that cannot be put."""
        with _Told(self.tell):
            return super().ask(*args, **kwargs)

    async def ask_async(self, *args: Any, **kwargs: Any) -> Any:
        """The same within an event loop."""
        with _Told(self.tell):
            return await super().ask_async(*args, **kwargs)


class _Told:
    def __init__(self, tell: Callable[[dict[str, Any]], None]) -> None:
        self._tell = tell

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (NotEncodable, Broken)):
            said = "unencodable" if isinstance(error, NotEncodable) else "broken"
            self._tell({"type": said, "detail": str(error)[:500]})


class StandIns:
    """Functions that stand where the user's file has stubs."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._loaded: set[str] = set()

    def make(self, function: Any, stub_id: str) -> Any:
        """A function of the same kind that asks the candidate's half; the first one of a module has it imported."""
        module = stub_id.partition(":")[0]
        if module not in self._loaded:
            self._loaded.add(module)
            self._peer.ask("import", None, name=module)
        target = Target(["named", stub_id, None])
        flags = getattr(getattr(function, "__code__", None), "co_flags", 0)
        if flags & _COROUTINE:
            return self._coroutine(target)
        if flags & _ASYNC_GENERATOR:
            return self._async_generator(target)
        return self._generator(target) if flags & _GENERATOR else self._plain(target)

    def _plain(self, target: Target) -> Callable[..., Any]:
        ask = self._peer.ask

        def plain(*args: Any, **kwargs: Any) -> Any:
            return ask("call", target, args, kwargs)

        return plain

    def _coroutine(self, target: Target) -> Callable[..., Any]:
        ask = self._peer.ask_async

        async def coroutine(*args: Any, **kwargs: Any) -> Any:
            return await ask("call", target, args, kwargs)

        return coroutine

    def _generator(self, target: Target) -> Callable[..., Any]:
        ask = self._peer.ask

        def generator(*args: Any, **kwargs: Any) -> Any:
            return (yield from ask("call", target, args, kwargs))

        return generator

    def _async_generator(self, target: Target) -> Callable[..., Any]:
        ask = self._peer.ask

        async def async_generator(*args: Any, **kwargs: Any) -> Any:
            async for value in ask("call", target, args, kwargs):
                yield value

        return async_generator


class _Heard:
    """Lets the test's captures see what the candidate printed and warned of."""

    def __init__(self, side: TestSide) -> None:
        self._side = side

    def note(self, message: dict[str, Any]) -> None:
        """Print and warn in the candidate's place."""
        for stream, key in ((sys.stdout, "out"), (sys.stderr, "err")):
            if isinstance(message.get(key), str):
                stream.write(message[key])
        warned = message.get("warned", [])
        for one in warned if isinstance(warned, list) else [None]:
            self._warn(one)

    def _warn(self, warned: Any) -> None:
        try:
            mro, text = warned
            kinds = [self._side.find(base) for base in mro]
            category = next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Warning))
        except Exception as error:  # a hostile warning breaks in any way
            raise Broken(f"a warning that is none: {type(error).__name__}"[:200]) from None
        warnings.warn(str(text), category, stacklevel=2)
