"""One warm container over a small project, for tests of what runs inside; judges as the host does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pytest_supercharger.domain import GeneratedTest, Output, OutputKind, PairResult, Probe, Verdict
from pytest_supercharger.sandbox import protocol, users, verdict
from pytest_supercharger.sandbox.base import GateResult, Limits
from pytest_supercharger.sandbox.engine import connect, facts
from pytest_supercharger.sandbox.host import SNAPSHOT, Host
from pytest_supercharger.sandbox.reaper import ClientIdentity, slots_in_use
from pytest_supercharger.sandbox.slot import Slot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["GOOD", "LIMITS", "MODULE", "TEST", "ZygoteSlot"]

LIMITS = Limits(seconds=2.0, import_seconds=3.0, gate_seconds=120.0, memory_bytes=256 * 1024 * 1024)

_QUIET_SECONDS = 20.0  # PID 1 ends after 30
_ATTEMPTS = 5  # on a machine that is too busy for a time limit to mean anything

MODULE = """
import enum
from dataclasses import dataclass

from pytest_supercharger import supercharge


class Colour(enum.Enum):
    RED = 1


@dataclass
class Cart:
    items: list

    def add(self, item):
        self.items.append(item)


class Box:
    def __init__(self, n):
        self.n = n


@supercharge
def other(x):
    raise NotImplementedError


"""

GOOD = "def double(x):\n    return 2 * x\n"
TEST = "from mod import double\n\n\ndef test_it():\n    assert double(2) == 4\n"


class ZygoteSlot:
    """A container over `project`, which holds `MODULE` as mod.py; each call is one job."""

    limits = LIMITS

    def __init__(self, project: Path, *, plain: bool = False) -> None:
        self._client = connect()
        self._host = Host.prepare(self._client, facts(self._client), project, LIMITS)
        roots = ["", "src"]
        setup = protocol.setup_job(project=str(project), snapshot=SNAPSHOT, roots=roots, limits=LIMITS, plain=plain)
        # Users of its own, as a run has: the kernel counts processes by user.
        (number,) = users.choose(1, slots_in_use(self._client), ClientIdentity.current())
        self._start = lambda: Slot.start(self._client.api, self._host.spec(number), setup)
        self.slot = self._start()

    def close(self) -> None:
        """Remove the container and the copy of the project."""
        self.slot.destroy()
        self._host.snapshot.remove()
        self._client.close()

    def ask(self, job: protocol.Job, seconds: float = 200) -> tuple[dict[str, Any], dict[str, Any]]:
        """What was sent and what came back; from a new container where this one has waited too long for a word."""
        if time.monotonic() - self.slot.last_used > _QUIET_SECONDS:
            self.slot.destroy()
            self.slot = self._start()
        return self.slot.exchange(job, seconds)

    def tests_job(self, code: str, source: str = TEST, limits: Limits = LIMITS) -> tuple[protocol.Job, GeneratedTest]:
        """The job of one pair, and the test in it."""
        test = GeneratedTest(id="t", name="test_it", source=source)
        return protocol.tests_job(_overlay(code), [[test]], limits), test

    def pair(self, code: str, source: str = TEST, limits: Limits = LIMITS) -> PairResult:
        """The verdict on the test module `source` of a `mod.py` that ends with `code`."""
        job, test = self.tests_job(code, source, limits)
        for _ in range(_ATTEMPTS):
            result = verdict.tests_results(*self.ask(job), [test])["t"]
            if result.verdict is not Verdict.INFRA:
                break
        return result

    def batch(self, code: str, *sources: str, limits: Limits = LIMITS) -> list[bool | None]:
        """For each test module: whether it passes next to the others, None where the batch does not say."""
        tests = [GeneratedTest(id=str(index), name="test_it", source=source) for index, source in enumerate(sources)]
        screen = verdict.screen_result(*self.ask(protocol.tests_job(_overlay(code), [tests], limits)), tests)
        return [True if t.id in screen.passed else False if t.id in screen.failed else None for t in tests]

    def probe(self, code: str, *expressions: str, setup: str = "", limits: Limits = LIMITS) -> list[Output]:
        """The outputs of the expressions on a `mod.py` that ends with `code`."""
        probes = [
            Probe(id=str(index), imports="import mod\nfrom mod import *", setup=setup, expression=expression)
            for index, expression in enumerate(expressions)
        ]
        for _ in range(_ATTEMPTS):
            answers = verdict.probe_result(*self.ask(protocol.probe_job(_overlay(code), "mod", probes, limits)), probes)
            outputs = [answers[probe.id] for probe in probes]
            if all(output.kind is not OutputKind.INFRA for output in outputs):
                break
        return outputs

    def gate(
        self, files: Mapping[str, str], nodeids: Sequence[str] | None = None, limits: Limits = LIMITS
    ) -> GateResult:
        """What the project's tests come to with `files` written over the project."""
        changes = {path: text.encode() for path, text in files.items()}
        return verdict.gate_result(*self.ask(protocol.gate_job(changes, nodeids, limits)))


def _overlay(code: str) -> dict[str, bytes]:
    return {"mod.py": (MODULE + code).encode()}
