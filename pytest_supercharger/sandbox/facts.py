"""What PID 1 says about a job, read strictly: every field checked for type and size, every text cleaned.

The process behind it may have been taken over by a candidate, so an odd shape raises `Odd` and proves nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TEXT_LIMIT", "Kind", "Message", "Odd", "Run", "clean", "read_runs"]

TEXT_LIMIT = 2_000
_MAX_RUNS = 8
_MAX_MESSAGES = 200_000
_LIMITS = ("", "cpu", "wall", "total", "output", "messages", "processes")
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
# Controls, and the marks that reorder or hide text; tab and newline stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")

T = TypeVar("T")
Kind = Literal["import", "output", "ended", "test", "collect", "reached", "end", "unencodable", "broken"]


class Odd(ValueError):
    """A result that PID 1 does not write."""


def clean(text: str, size: int = TEXT_LIMIT) -> str:
    """`text` without escape sequences and control characters, cut to `size` characters."""
    return _CONTROL.sub("", _ESCAPE.sub("", text[: 4 * size]))[:size].strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of the job itself; `fields` holds exactly the fields of its kind."""

    kind: str
    fields: Mapping[str, Any]

    def text(self, name: str) -> str:
        """The text field `name`, as it was sent."""
        return str(self.fields[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One fork of a job: its messages and how it ended."""

    messages: tuple[Message, ...]
    foreign: int
    status: int | None
    signal: int | None
    own_status: bool
    limit: str
    starved: bool
    ooms: int
    leftover: int
    unit: str
    lead: bool
    cpu: float
    wall: float
    garbled: int = 0  # messages that carry the job's secret and are not of a known shape

    def of(self, kind: Kind) -> list[Message]:
        """The messages of one kind."""
        return [message for message in self.messages if message.kind == kind]

    @property
    def ended_itself(self) -> bool:
        """Whether the job, and nothing else, said exactly once that it is over."""
        return self.own_status and len(self.of("end")) == 1 and not self.foreign and not self.garbled

    @property
    def ending(self) -> str:
        """How the process ended, for people."""
        return f"signal {self.signal}" if self.signal is not None else f"exit status {self.status}"


# Field name -> types a message must have it in; a field that is not named here makes the message garbled.
_SHAPES: dict[str, dict[str, type | tuple[type, ...]]] = {
    "import": {"error": str, "detail": str},
    "output": {"unit": str, "kind": str, "text": str, "frame": str, "preview": str},
    "ended": {"unit": str, "status": int},
    "test": {"node": str, "phases": list, "seconds": (int, float)},
    "collect": {"node": str, "outcome": str, "detail": str},
    "reached": {"stub": str, "node": str, "collector": str},
    "end": {"exit": int, "collected": list},
    "unencodable": {"detail": str},
    "broken": {"detail": str},
}
_OPTIONAL: dict[str, dict[str, type]] = {
    "test": {"error": str, "detail": str, "where": str, "odd": str},
    "end": {"tail": str, "changed": list},
}


def read_runs(job: Mapping[str, Any], result: Mapping[str, Any], *, most: int = _MAX_RUNS) -> list[Run]:
    """The runs of `result`; raises `Odd` when it is not the answer to `job` or not one PID 1 makes."""
    for name in ("id", "nonce"):
        if name in job and result.get(name) != job[name]:
            raise Odd(f"the answer has another {name} than the question")
    if result.get("kind") != "result":
        raise Odd("the answer is not a result")
    if "problem" in result:
        raise Odd(clean(str(result["problem"]), 500) or "a problem without a text")
    runs = _field(result, "runs", list)
    if not 0 < len(runs) <= most:
        raise Odd(f"{len(runs)} runs")
    return [_run(run) for run in runs]


def _run(data: Any) -> Run:
    if not isinstance(data, dict):
        raise Odd("a run that is not an object")
    messages = _field(data, "messages", list)
    limit = _field(data, "limit", str)
    if limit not in _LIMITS or len(messages) > _MAX_MESSAGES:
        raise Odd("a run with an unknown limit or too many messages")
    known = [_message(message) for message in messages]
    return Run(
        messages=tuple(message for message in known if message is not None),
        garbled=sum(message is None for message in known),
        foreign=_count(data, "foreign"),
        status=_optional_int(data, "status"),
        signal=_optional_int(data, "signal"),
        own_status=_field(data, "own_status", bool),
        limit=limit,
        starved=_field(data, "starved", bool),
        ooms=_count(data, "ooms"),
        leftover=_count(data, "leftover"),
        unit=_field(data, "unit", str),
        lead=_field(data, "lead", bool),
        cpu=_seconds(data, "cpu"),
        wall=_seconds(data, "wall"),
    )


def _message(data: Any) -> Message | None:
    """The message, or None for one that no honest job sends: that is the candidate's doing, not PID 1's."""
    if not isinstance(data, dict) or not isinstance(data.get("type"), str):
        return None
    kind = data["type"]
    shape, optional = _SHAPES.get(kind), _OPTIONAL.get(kind, {})
    names = set(data) - {"type"}
    if shape is None or not shape.keys() <= names <= shape.keys() | optional.keys():
        return None
    for name in names:
        wanted = shape.get(name) or optional[name]
        if not isinstance(data[name], wanted) or isinstance(data[name], bool):
            return None
    lists = [value for value in data.values() if isinstance(value, list)]
    if any(not isinstance(item, str) for value in lists for item in value):
        return None
    return Message(kind=kind, fields=data)


def _field(data: Mapping[str, Any], name: str, kind: type[T]) -> T:
    value = data.get(name)
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        raise Odd(f"field {name} is {type(value).__name__}, not {kind.__name__}")
    return value


def _count(data: Mapping[str, Any], name: str) -> int:
    value = _field(data, name, int)
    if value < 0:
        raise Odd(f"field {name} is negative")
    return value


def _optional_int(data: Mapping[str, Any], name: str) -> int | None:
    if name not in data:
        raise Odd(f"field {name} is missing")
    return None if data[name] is None else _field(data, name, int)


def _seconds(data: Mapping[str, Any], name: str) -> float:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise Odd(f"field {name} is not a number of seconds")
    return float(value)
