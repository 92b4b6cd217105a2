"""One warm container over a small project, for tests of what runs inside; asks jobs and judges them as the host does."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from pytest_supercharger.domain import GeneratedTest, Output, PairResult, Probe
from pytest_supercharger.sandbox import protocol, verdict
from pytest_supercharger.sandbox.base import GateResult, Limits
from pytest_supercharger.sandbox.engine import connect, facts
from pytest_supercharger.sandbox.environment import discover, variables
from pytest_supercharger.sandbox.hardening import Bind, ContainerSpec
from pytest_supercharger.sandbox.image import INSIDE, build_tar, ensure_image, own_files
from pytest_supercharger.sandbox.slot import Slot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["LIMITS", "MODULE", "ZygoteSlot"]

LIMITS = Limits(seconds=2.0, import_seconds=5.0, gate_seconds=60.0, memory_bytes=256 * 1024 * 1024)

MODULE = """
import enum
from pytest_supercharger import supercharge

class Colour(enum.Enum):
    RED = 1

@supercharge
def other(x):
    raise NotImplementedError

def double(x):
    raise NotImplementedError
"""


class ZygoteSlot:
    """A container whose project is `project`; each call is one job."""

    def __init__(self, project: Path, snapshot: Path, *, number: int, executable: str | None = None) -> None:
        client = connect()
        engine = facts(client)
        environment = discover(project) if executable is None else discover(project, executable=executable)
        spec = ContainerSpec(
            image=ensure_image(client, build_tar(environment.links, own_files())),
            command=[environment.executable, "-I", "-B", "-X", "utf8", f"{INSIDE}/__main__.py"],
            slot=number,
            binds=(*environment.binds, Bind(source=str(snapshot), target="/snapshot")),
            environment=variables(environment, project),
            labels={"pytest-supercharger.test": "zygote"},
            architecture=engine.architecture,
            cgroup_v2=engine.cgroup_v2,
            memory_bytes=LIMITS.memory_bytes,
            empty_dirs=environment.empty_dirs,
            project=str(project),
        )
        setup = {"project": str(project), "snapshot": "/snapshot", "roots": ["", "src"]}
        self.slot = Slot.start(client.api, spec, {**setup, "limits": dataclasses.asdict(LIMITS)})

    def ask(self, job: protocol.Job, seconds: float = 120) -> tuple[protocol.Job, dict[str, object]]:
        """What was sent and what came back."""
        return self.slot.exchange(job, seconds)

    def pair(self, code: str, source: str, limits: Limits = LIMITS) -> PairResult:
        """The verdict of `mod.py` made of `code` on the test module `source`."""
        test = GeneratedTest(id="t", name="test_it", source=source)
        return verdict.tests_result(*self.ask(protocol.tests_job(overlay(code), test, limits)), test)

    def probe(self, code: str, *expressions: str, setup: str = "") -> list[Output]:
        """The outputs of the expressions on `mod.py` made of `code`."""
        probes = [
            Probe(id=str(index), imports="from mod import *", setup=setup, expression=expression)
            for index, expression in enumerate(expressions)
        ]
        answers = verdict.probe_result(*self.ask(protocol.probe_job(overlay(code), "mod", probes, LIMITS)), probes)
        return [answers[probe.id] for probe in probes]

    def gate(
        self, files: Mapping[str, str], nodeids: Sequence[str] | None = None, limits: Limits = LIMITS
    ) -> GateResult:
        """What the project's tests come to with `files` written over the project."""
        changes = {path: text.encode() for path, text in files.items()}
        return verdict.gate_result(*self.ask(protocol.gate_job(changes, nodeids, limits)))


def overlay(code: str) -> dict[str, bytes]:
    """The module of the project with `code` after its own."""
    return {"mod.py": (MODULE + code).encode()}
