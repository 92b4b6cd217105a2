"""What one attack is: a candidate, the tests it is judged by, and what has to come of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

from pytest_supercharger.domain import OutputKind, Verdict

__all__ = [
    "GOOD",
    "OWN",
    "REFUSALS",
    "TEST",
    "TRIES",
    "WRONG",
    "Attack",
    "ProbeAttack",
    "probe_sheet",
    "sheet",
    "tries",
]

OWN = "own"  # the number of attacks that are ours and not the catalogue's

GOOD = "def add(a, b):\n    return a + b\n"
WRONG = "def add(a, b):\n    return 0\n"
TEST = "from sums import add\n\n\ndef test_it():\n    assert add(1, 2) == 3\n    assert add(2, 2) == 4\n"

# How a container says no; ENOSYS is what an old kernel or clone3 says.
REFUSALS = frozenset({"EPERM", "EACCES", "EROFS", "ENOENT", "ENOSYS"})

# Ahead of candidates that try things: what came of each is told in the message of the failure.
TRIES = """\
import ctypes, errno, os, signal, socket, sys

_tried = {}
_libc = ctypes.CDLL(None, use_errno=True)


def _note(name, outcome):
    _tried.setdefault(outcome, []).append(name)


def tried(name, call, *arguments):
    try:
        result = call(*arguments)
    except OSError as error:
        return _note(name, errno.errorcode.get(error.errno, str(error.errno)))
    except BaseException as error:
        return _note(name, type(error).__name__)
    _note(name, "done")
    return result


def system_call(number, *arguments):
    result = _libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return result


def write(path, text="x"):
    with open(path, "w") as stream:
        stream.write(text)


def add(a, b):
    raise AssertionError("tried " + "; ".join(f"{o}: {', '.join(names)}" for o, names in sorted(_tried.items())))


"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """A wrong candidate that wants a pass, wants out, or wants to stay."""

    number: str  # in the catalogue, or OWN
    name: str
    code: str  # of the module `sums`
    layer: str  # what stops it
    tests: tuple[str, ...] = (TEST,)  # the last one has to be failed
    batch: bool = False  # the tests are run at once, in this order, and what passes so is believed
    expected: frozenset[Verdict] = frozenset({Verdict.FAIL})
    outcomes: frozenset[str] | None = None  # what may have come of what it tries; None where it does not tell
    after: str = TEST  # passed by a right candidate in the same slot, right after
    fresh_slot: bool = False  # what it does may cost the slot, which is then replaced before that
    reaches_a_pass: bool = False  # a known hole; `layer` says what is in front of it or behind it
    reason: str = ""  # of the hole


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAttack:
    """A candidate that wants an output to be taken for another one."""

    number: str
    name: str
    code: str
    layer: str
    expressions: tuple[str, ...] = ("add(1, 2)",)
    expected: frozenset[OutputKind]
    shows: str = ""  # a part of the text of the last output
    hides: str = "\0"  # what that text must not be
    fresh_slot: bool = False
    reaches_a_pass: bool = False
    reason: str = ""


def _entries(text: str) -> list[dict[str, str]]:
    """What stands in `text`: headings `### NUMBER: NAME`, each with code, and a wrong `add` where it has none."""
    parts = re.split(r"^### (\w+): (.*)\n", dedent(text).lstrip("\n"), flags=re.MULTILINE)
    if parts[0]:
        raise ValueError(f"text ahead of the first heading: {parts[0][:50]!r}")
    codes = [code if "def add(" in code or "add =" in code else f"{code}\n\n{WRONG}" for code in parts[3::3]]
    rows = zip(parts[1::3], parts[2::3], codes, strict=True)
    return [{"number": number, "name": name, "code": code} for number, name, code in rows]


def sheet(layer: str, text: str, **more: Any) -> tuple[Attack, ...]:
    """The attacks of `text`."""
    return tuple(Attack(layer=layer, **entry, **more) for entry in _entries(text))


def probe_sheet(layer: str, text: str, **more: Any) -> tuple[ProbeAttack, ...]:
    """The attacks of `text` on probes."""
    return tuple(ProbeAttack(layer=layer, **entry, **more) for entry in _entries(text))


def tries(layer: str, text: str, outcomes: frozenset[str] = REFUSALS, **more: Any) -> tuple[Attack, ...]:
    """Like `sheet`, for code that tries things with what `TRIES` defines and tells what came of each."""
    return tuple(
        Attack(
            number=attack.number,
            name=attack.name,
            code=TRIES + attack.code.removesuffix(WRONG),
            layer=layer,
            outcomes=outcomes,
            **more,
        )
        for attack in sheet(layer, text)
    )
