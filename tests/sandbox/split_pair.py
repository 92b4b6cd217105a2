"""Two warm containers over a small project with stubs, for tests of split runs; judges as the host does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zygote_slot import LIMITS

from pytest_supercharger.domain import GeneratedTest, PairResult, Verdict
from pytest_supercharger.sandbox import protocol, split_verdict, users
from pytest_supercharger.sandbox.engine import connect, facts
from pytest_supercharger.sandbox.host import SNAPSHOT, Host
from pytest_supercharger.sandbox.reaper import ClientIdentity, slots_in_use
from pytest_supercharger.sandbox.split_slot import SplitSlot

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MODULE", "SplitPair"]

_ATTEMPTS = 5  # on a machine that is too busy for a time limit to mean anything

# The project as the user wrote it; in a candidate's file each stub has a body and no marker.
MODULE = """
import enum
import functools
import warnings
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import NamedTuple

from pytest_supercharger import supercharge

RATES = {"EUR": 2}


class TooBig(ValueError):
    def __init__(self, size, limit):
        super().__init__(f"{size} is more than {limit}")
        self.size = size


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Point(NamedTuple):
    x: int
    y: int = 0


@dataclass
class Money:
    amount: int
    currency: str = "EUR"


class Zone(tzinfo):
    def __init__(self, hours):
        self.hours = hours

    def utcoffset(self, moment):
        return timedelta(hours=self.hours)

    def __eq__(self, other):
        return isinstance(other, Zone) and self.hours == other.hours

    def __repr__(self):
        return f"Zone({self.hours})"


class Slotted:
    __slots__ = ("kept",)

    def __init__(self, kept):
        self.kept = kept


class Ring(dict):  # a linked list of what came to it: last and next of each cell first
    def __init__(self):
        self.root = []
        self.root += [self.root, self.root, None]
        self.cells = {}

    def __setitem__(self, key, value):
        last = self.root[0]
        cell = [last, self.root, (key, value)]
        last[1] = self.root[0] = cell
        self.cells.setdefault(key, []).append(cell)
        super().__setitem__(key, value)

    def pairs(self):
        cell, found = self.root[1], []
        while cell is not self.root:
            found.append(cell[2])
            cell = cell[1]
        return found


class Cart:
    def __init__(self):
        self.items = []

    def add(self, item):
        self.items.append(item)
        return self

    @supercharge
    def total(self):
        raise NotImplementedError

    @supercharge
    def drop(self):
        raise NotImplementedError

    @property
    @supercharge
    def first(self):
        raise NotImplementedError

    @classmethod
    @supercharge
    def of(cls, *items):
        raise NotImplementedError

    @staticmethod
    @supercharge
    def limit(n):
        raise NotImplementedError


@supercharge
def f(*args, **kwargs):
    raise NotImplementedError


@supercharge
async def later(*args):
    raise NotImplementedError


@supercharge
def each(*args):
    yield
    raise NotImplementedError


@supercharge
async def stream(*args):
    yield
    raise NotImplementedError


@functools.lru_cache
@supercharge
def cached(x):
    raise NotImplementedError
"""
_BODIES = {
    "total": "return sum(self.items)",
    "drop": "self.items.clear()",
    "first": "return self.items[0]",
    "of": "cart = cls()\n        cart.items += items\n        return cart",
    "limit": "return n + 1",
    "f": "return args[0]",
    "later": "return args[0]",
    "each": "yield from args[0]",
    "stream": "for item in args[0]:\n        yield item",
    "cached": "return x * 2",
}
_IMPORTS = "import asyncio\n\nimport pytest\n\nimport mod\nfrom mod import *\n\n"


def filled(code: str = "", **bodies: str) -> bytes:
    """The project's module with a body for each stub, and more code at its end."""
    text = MODULE.replace("yield\n    raise", "raise")
    for name, body in {**_BODIES, **bodies}.items():
        head, _, rest = text.partition(f"def {name}(")
        before, marker, after = head.rpartition("@supercharge\n")
        signature, _, tail = rest.partition("raise NotImplementedError")
        assert marker, name
        text = before + after.lstrip() + f"def {name}(" + signature + body + tail
    return (text + "\n" + code).encode()


class SplitPair:
    """A pair of containers over `project`, which holds `MODULE` as mod.py; each call is one job."""

    def __init__(self, project: Path, *, more: str = "") -> None:
        self._more = more
        (project / "mod.py").write_text(MODULE + more)
        self._client = connect()
        self._host = Host.prepare(self._client, facts(self._client), project, LIMITS)
        setup = protocol.setup_job(project=str(project), snapshot=SNAPSHOT, roots=["", "src"], limits=LIMITS)
        one, other = users.choose(2, slots_in_use(self._client), ClientIdentity.current())
        specs = (self._host.spec(one), self._host.spec(other))
        self.slot = SplitSlot.pair(self._client.api, specs, setup)

    def close(self) -> None:
        """Remove the containers and the copy of the project."""
        self.slot.destroy()
        self._host.snapshot.remove()
        self._client.close()

    def run(self, test: str, code: str = "", **bodies: str) -> PairResult:
        """The verdict on the lines of a test function, with these bodies and more code in the candidate's module."""
        source = f"{_IMPORTS}def test_it():\n    " + test.strip().replace("\n", "\n    ") + "\n"
        return self.module(source, code, **bodies)

    def module(self, source: str, code: str = "", **bodies: str) -> PairResult:
        """The verdict on a whole test module."""
        pair = GeneratedTest(id="t", name="test_it", source=source)
        jobs = protocol.split_jobs({"mod.py": filled(self._more + code, **bodies)}, pair, LIMITS, {})
        for _ in range(_ATTEMPTS):
            answer = self.slot.exchange(dict(zip(("test", "candidate"), jobs, strict=True)), 200)
            result = split_verdict.split_result(*answer, pair)
            if result.verdict is not Verdict.INFRA:
                break
        return result
