"""The `probe` job: what a candidate does on inputs, each run twice in forks of their own after one import.

The unit names are `index:run`. A fork sends its own output; what it leaves unsaid (it died) its parent says.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import importlib
import inspect
import os
import traceback
from typing import TYPE_CHECKING, Any

from . import canonical, naming, overlay
from .reporting import describe, record_stubs

if TYPE_CHECKING:
    from collections.abc import Callable

    from .child import Channel, Job

__all__ = ["RUNS", "main"]

RUNS = 2
_MAX_ITEMS = 1_000


def main(job: Job, channel: Channel) -> None:
    """Import the module, then evaluate every probe that is not finished yet."""
    os.makedirs("/tmp/p")
    os.chdir("/tmp/p")
    overlay.install(job["overlay"], job["snapshot"], job["roots"])
    reached: list[str] = []
    record_stubs(lambda *messages: reached.extend(message["stub"] for message in messages))
    try:
        module = importlib.import_module(job["module"])
    except BaseException as error:
        stopped = [{"type": "reached", "stub": stub, "node": "", "collector": ""} for stub in reached[-1:]]
        channel.send(*stopped, {"type": "import", "error": type(error).__name__[:200], "detail": describe(error)})
        return
    _warm(job["probes"])
    file = getattr(module, "__file__", "") or ""
    known = naming.not_brought(job["module"], _on_disk(file))
    for index, probe in enumerate(job["probes"]):
        for run in range(RUNS):
            unit = f"{index}:{run}"
            if unit not in job["finished"]:
                _fork(unit, _Evaluation(probe, job["module"], file, known, reached).output, channel)
    channel.send({"type": "end", "exit": 0, "collected": []})


def _on_disk(file: str) -> bytes:
    """The project's own file: what a candidate puts in its place is in memory only."""
    with contextlib.suppress(OSError), open(file, "rb") as stream:
        return stream.read()
    return b""


def _warm(probes: list[dict[str, str]]) -> None:
    """Import what the probes import once, before the forks; what fails fails again where it is reported."""
    for source in dict.fromkeys(probe["imports"] for probe in probes):
        with contextlib.suppress(Exception):
            exec(compile(source, "<imports>", "exec"), {"__name__": "__probe__"})


def _fork(unit: str, evaluate: Callable[[], dict[str, str]], channel: Channel) -> None:
    channel.send({"type": "begin", "unit": unit})
    pid = os.fork()
    if not pid:
        try:
            channel.send({"type": "output", "unit": unit, **evaluate()})
            channel.leave()
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    # An exit status of 1 is that of `finally`: MemoryError while sending, for one.
    channel.send({"type": "ended", "unit": unit, "status": os.waitstatus_to_exitcode(status)})
    channel.send({"type": "done", "unit": unit})


class _Invalid(Exception):
    """The input itself is broken."""


class _Evaluation:
    def __init__(
        self, probe: dict[str, str], module: str, file: str, known: Callable[[object], bool], reached: list[str]
    ) -> None:
        self._probe, self._module, self._file, self._reached = probe, module, file, reached
        self._known = known
        self._names: dict[str, Any] = {"__name__": "__probe__"}

    def output(self) -> dict[str, str]:
        """The kind, text and preview of what happened."""
        del self._reached[:]
        try:
            text, frame = self._run()
        except canonical.EqualsAnything as error:
            return _output("equals_anything", str(error))
        except canonical.Opaque as error:
            return _output("opaque", str(error))
        except _Invalid as error:
            return self._blocked() or _output("invalid", "", str(error))
        except MemoryError as error:
            return _output("memory", "", describe(error))
        except BaseException as error:
            return self._blocked() or _output("exception", type(error).__name__, describe(error))
        return self._blocked() or _output("value", text, frame=frame)

    def _blocked(self) -> dict[str, str] | None:
        return _output("blocked", self._reached[0]) if self._reached else None

    def _run(self) -> tuple[str, str]:
        """The canonical text, and its frame: the same without what instances hold that are told by their state."""
        try:
            exec(compile(self._probe["imports"], "<imports>", "exec"), self._names)
            exec(compile(self._probe["setup"], "<setup>", "exec"), self._names)
            node = ast.parse(self._probe["expression"].strip(), mode="eval").body
        except MemoryError:
            raise
        except BaseException as error:
            raise _Invalid(describe(error)) from None
        call = node.value if isinstance(node, ast.Await) else node
        if isinstance(call, ast.Call):
            function = self._input(call.func)
            if self._is_own(function):
                return self._call(function, call)
        return self._whole(node)

    def _input(self, node: ast.expr) -> Any:
        try:
            return self._value(node)
        except MemoryError:
            raise
        except BaseException as error:
            raise _Invalid(describe(error)) from None

    def _value(self, node: ast.expr) -> Any:
        expression = ast.fix_missing_locations(ast.Expression(body=node))
        return eval(compile(expression, "<probe>", "eval"), self._names)

    def _is_own(self, function: Any) -> bool:
        """Whether calling `function` is the experiment, so that its arguments are mere inputs."""
        owner = function if hasattr(function, "__module__") else type(function)
        return getattr(owner, "__module__", None) == self._module

    def _call(self, function: Any, call: ast.Call) -> tuple[str, str]:
        positional: list[Any] = []
        for argument in call.args:
            if isinstance(argument, ast.Starred):
                positional.extend(self._input(argument.value))
            else:
                positional.append(self._input(argument))
        named: dict[str, Any] = {}
        for keyword in call.keywords:
            value = self._input(keyword.value)
            named.update({keyword.arg: value} if keyword.arg is not None else value)
        watched = {"self": getattr(function, "__self__", None), **named}
        watched |= {f"argument {place}": value for place, value in enumerate(positional, 1)}
        before = {name: _state(value) for name, value in watched.items()}
        text = canonical.canonical(_settle(function(*positional, **named)), self._known)
        after = {name: _state(value) for name, value in watched.items()}
        changed = [name for name in watched if before[name] != after[name]]
        for name in changed:
            if not after[name]:  # equal texts mean equal values, and of this one there is none
                raise canonical.Opaque(name)
        texts = [text, *(f"{name} -> {after[name]}" for name in changed)]
        frames = [text.frame, *(f"{name} -> {after[name].frame}" for name in changed)]
        return "; ".join(texts), "; ".join(frames)

    def _whole(self, node: ast.expr) -> tuple[str, str]:
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        try:
            code = compile(ast.fix_missing_locations(ast.Expression(body=node)), "<probe>", "eval", flags=flags)
            text = canonical.canonical(_settle(eval(code, self._names)), self._known)
        except (NameError, SyntaxError) as error:
            files = {frame.filename for frame in traceback.extract_tb(error.__traceback__)}
            if self._file in files:
                raise
            raise _Invalid(describe(error)) from None
        return text, text.frame


def _settle(value: Any) -> Any:
    """Wait for what has to be waited for."""
    if inspect.isasyncgen(value):
        return asyncio.run(_collect(value))
    if inspect.isawaitable(value):
        return asyncio.run(_wait(value))
    return value


async def _wait(value: Any) -> Any:
    return await value


async def _collect(values: Any) -> list[Any]:
    taken: list[Any] = []
    async for value in values:
        if len(taken) == _MAX_ITEMS:
            return [*taken, ...]
        taken.append(value)
    return taken


def _state(value: Any) -> canonical.Text:
    try:
        return canonical.state(value)
    except Exception:  # no text to compare: a change of such an argument goes unseen
        return canonical.Text()


def _output(kind: str, text: str, preview: str = "", *, frame: str = "") -> dict[str, str]:
    text, frame = canonical.capped(text), canonical.capped(frame)
    return {"kind": kind, "text": text, "frame": frame, "preview": (preview or text)[:500]}
