"""Questions and answers between the test's process and the candidate's, in both directions, nested and in parallel.

One class for both: a call goes to the candidate, a callback comes back to the test while the call waits.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from .split_line import Broken, Gone, Line
from .split_operations import perform, perform_async
from .split_reader import Reader
from .split_standins import NotEncodable, Target
from .split_table import kind_of
from .split_writer import TooLarge, Writer, said_error

__all__ = ["Peer"]

Message = dict[str, Any]
_LITTLE = 400  # characters that cannot make any argument too large or too deep


class Peer:
    """One end of the line; `fd` can be read when there is something on it."""

    def __init__(self, side: Any, line: Line, fd: int) -> None:
        self._side, self._line, self._fd = side, line, fd
        self._lock = threading.RLock()
        self._serial = 0
        self._answers: dict[int, Message] = {}
        self._futures: dict[int, asyncio.Future[Message]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._own_loop: asyncio.AbstractEventLoop | None = None  # of the side that only serves
        side.peer = self

    def ask(
        self, op: str, target: object, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, name: str = ""
    ) -> Any:
        """Have something done with a thing of the other process, and wait for what comes of it."""
        with self._lock:
            writer, serial = self._question(op, target, args, kwargs or {}, name)
            while serial not in self._answers:
                self._dispatch(self._line.next())
            if self._line.waiting and self._loop is not None:
                self._loop.call_soon(self._ready, False)
            return self._settle(self._answers.pop(serial), writer)

    async def ask_async(
        self, op: str, target: object, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None, name: str = ""
    ) -> Any:
        """The same within an event loop; other tasks of the loop go on meanwhile."""
        loop = asyncio.get_running_loop()
        self._listen(loop)
        writer, serial = self._question(f"{op} async", target, args, kwargs or {}, name)
        future = self._futures[serial] = loop.create_future()
        try:
            answer = await future
        except asyncio.CancelledError:
            self._line.send({"stop": serial}, self._loop)
            raise
        finally:
            del self._futures[serial]
            if not self._futures and not self._tasks:
                self._unlisten()
        return self._settle(answer, writer)

    def serve(self) -> None:
        """Answer questions until the other process is gone."""
        loop = self._own_loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        while True:
            try:
                with self._lock:
                    message = self._line.next()
            except Gone:
                return
            if _is_async(message):
                loop.run_until_complete(self._serve_tasks(loop, message))
            else:
                self._dispatch(message)

    async def _serve_tasks(self, loop: asyncio.AbstractEventLoop, first: Message) -> None:
        self._listen(loop)
        self._dispatch(first)
        self._ready(False)
        while self._tasks:
            await asyncio.wait([*self._tasks.values()], return_when=asyncio.FIRST_COMPLETED)
        self._unlisten()

    # -- questions

    def _question(
        self, op: str, target: object, args: Sequence[Any], kwargs: Mapping[str, Any], name: str
    ) -> tuple[Writer, int]:
        writer = Writer(self._side)
        self._serial += 1
        try:
            message = {
                "ask": self._serial,
                "op": op,
                "on": target.wire if isinstance(target, Target) else writer.value(target),
                "name": name,
                "args": [writer.value(arg) for arg in args],
                "kwargs": [[key, writer.value(value)] for key, value in kwargs.items()],
            }
            self._line.send(message, self._loop)
        except TooLarge as error:
            # What the other side sent may have made it too large; that side must not choose to be unencodable.
            if self._line.heard > _LITTLE:
                raise Broken(f"what it sent cannot be sent back: {error}") from None
            raise NotEncodable(str(error)) from None
        return writer, self._serial

    def _settle(self, answer: Message, writer: Writer) -> Any:
        reader = Reader(self._side, writer.nodes)
        try:
            error = reader.value(answer["raise"]) if "raise" in answer else None
            value = reader.value(answer["value"]) if error is None else None
            for place, contents in answer["changed"]:
                reader.fill(reader.nodes[_natural(place)], contents)
            if error is not None and not isinstance(error, BaseException):
                raise TypeError("raised what is no error")
        except Exception as problem:  # a hostile answer breaks in any way
            raise Broken(f"an answer that cannot be read: {type(problem).__name__}: {problem}"[:300]) from None
        if error is not None:
            raise error.with_traceback(None)
        return value

    # -- answers

    def _dispatch(self, message: Message) -> None:
        serial = message.get("answer")
        if serial in self._futures:
            future = self._futures[serial]
            if not future.done():
                future.set_result(message)
        elif serial is not None:
            self._answers[_natural(serial)] = message
        elif "stop" in message:
            task = self._tasks.get(message["stop"])
            if task is not None:
                task.cancel()
        elif _is_async(message):
            self._start(message)
        else:
            self._answer(message)

    def _start(self, message: Message) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            if self._own_loop is not None:
                self._own_loop.run_until_complete(self._answer_async(message))
                return
            self._refuse(message)
            return
        serial = _natural(message["ask"])
        task = self._tasks[serial] = loop.create_task(self._answer_async(message))
        task.add_done_callback(lambda _: self._tasks.pop(serial, None))

    def _refuse(self, message: Message) -> None:
        """Do without a loop here: not encodable where the test brought the coroutine, an error where it did not."""
        reader = Reader(self._side)
        try:
            thing = reader.value(message["on"])
            self._side.permit(str(message["op"]).partition(" ")[0], thing, "")
            # Any other thing can be used without a loop: who asks for one has made that up.
            if kind_of(thing) not in ("async", "awaitable", "async iterator"):
                raise AttributeError(f"{message['op']} of {kind_of(thing)}")
        except Exception as error:  # whatever the thing raises is the other side's to see
            self._reply(message, reader, [], error=error)
            return
        raise NotEncodable("a coroutine of the test that a plain function waits for")

    def _answer(self, message: Message) -> None:
        reader = Reader(self._side)
        before: list[str] = []
        try:
            thing, args, kwargs, before = self._understood(reader, message)
            value = perform(self._side, str(message["op"]), thing, args, kwargs, str(message["name"]))
        except (NotEncodable, Gone, Broken):
            raise
        except BaseException as error:
            self._reply(message, reader, before, error=error)
        else:
            self._reply(message, reader, before, value=value)

    async def _answer_async(self, message: Message) -> None:
        reader = Reader(self._side)
        before: list[str] = []
        try:
            thing, args, kwargs, before = self._understood(reader, message)
            value = await perform_async(self._side, str(message["op"]), thing, args, kwargs)
        except asyncio.CancelledError:
            raise
        except (NotEncodable, Gone, Broken) as problem:
            self._fail(problem)
        except BaseException as error:
            self._reply(message, reader, before, error=error)
        else:
            self._reply(message, reader, before, value=value)

    def _understood(self, reader: Reader, message: Message) -> tuple[Any, list[Any], dict[str, Any], list[str]]:
        thing = reader.value(message["on"])
        args = [reader.value(arg) for arg in message["args"]]
        kwargs = {str(key): reader.value(value) for key, value in message["kwargs"]}
        return thing, args, kwargs, self._states(reader.nodes)

    def _states(self, nodes: list[Any]) -> list[str]:
        """What each node holds before it is worked with."""
        writer = Writer(self._side, [*nodes])
        return [writer.held(node) for node in nodes]

    def _reply(
        self,
        message: Message,
        reader: Reader,
        before: list[str],
        *,
        value: Any = None,
        error: BaseException | None = None,
    ) -> None:
        writer = Writer(self._side, reader.nodes)
        answer: Message = {"answer": message["ask"]}
        try:
            answer |= {"value": writer.value(value)} if error is None else {"raise": writer.value(error)}
            news = ((place, writer.news(reader.nodes[place], was)) for place, was in enumerate(before))
            answer["changed"] = [[place, state] for place, state in news if state is not None]
            self._line.send(answer, self._loop)
        except Exception as problem:  # a property of a candidate's object, or too much of anything
            # Who asked waits for this very answer; an error here would end some other question instead.
            told = f"a result that cannot be told: {type(problem).__name__}: {problem}"[:300]
            self._line.send({"answer": message["ask"], "raise": said_error(told), "changed": []}, self._loop)
        except NotEncodable as problem:
            # An attribute is the other side's choice, and that one must not choose to be unencodable.
            if message["op"] != "attr":
                raise
            self._reply(message, Reader(self._side), [], error=AttributeError(f"not for a split run: {problem}"))

    # -- the loop

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not loop:
            loop.add_reader(self._fd, self._ready)
            self._loop = loop

    def _unlisten(self) -> None:
        self._line.flush()
        loop, self._loop = self._loop, None
        if loop is not None and not loop.is_closed():
            loop.remove_reader(self._fd)

    def _ready(self, more: bool = True) -> None:
        try:
            if more:
                self._line.take(wait=False)
            while self._line.waiting:
                self._dispatch(self._line.waiting.popleft())
        except (NotEncodable, Gone, Broken) as problem:
            self._fail(problem)

    def _fail(self, problem: BaseException) -> None:
        """Let everyone who waits in an event loop know that nothing will come."""
        self._unlisten()
        for future in self._futures.values():
            if not future.done():
                future.set_exception(problem)


def _is_async(message: Message) -> bool:
    return str(message.get("op", "")).endswith(" async")


def _natural(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise Broken("a number that is none")
    return value
