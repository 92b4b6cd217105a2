"""What PID 1 does for each kind of job: how many forks, within which limits, and when it stops."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..frames import FRAME_LIMIT
from . import compiling, gate, probing, running, split_rehearsal, split_serve, split_test
from .child import Channel, Job
from .meter import PATIENCE, Budget
from .supervise import Facts

__all__ = ["JOBS", "LINKED", "Codes", "Run"]

Code = tuple[bytes | None, tuple[str, ...]]  # see `modules.TestModule`

_RESTARTS = 3  # forks of a gate job that a test may end
_STUCK = 16  # more forks, ended by tests that an open stub stopped: what waits for a thread that it ended, for one
_PROBE_RESTARTS = 4  # of a probe job that an input may end
_IN_A_ROW = 2  # inputs that end it one after the other: such a candidate is taken to hang on the rest
_GATE_NODES = 20_000
_ANSWER = FRAME_LIMIT - (1 << 20)  # bytes of messages of all forks of a job: the answer is one frame
_GATE_OUTPUT = 6 << 20
_CODES_BYTES = 16 << 20
_LINK_OUTPUT = 64 << 20  # of a split run: all that its two halves say to each other

_SHARED = 4  # forks for which a candidate is worth being compiled in one of its own
_NO_CODE: Code = (None, ())

Main = Callable[[Job, Channel], None]
Run = Callable[[Main, Job, Budget], Facts]


class Codes:
    """The code of test modules, compiled once a slot; kept as bytes, which PID 1 never looks into."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], Code] = {}
        self._size = 0

    def add(self, run: Run, job: Job) -> tuple[list[list[dict[str, Any]]], dict[str, bytes]]:
        """The tests of each fork of `job` with their code, and the code of the overlay if several forks need it."""
        keys = [(test["name"], test["source"]) for tests in job["forks"] for test in tests]
        missing = [key for key in dict.fromkeys(keys) if key not in self._codes]
        files = job["overlay"] if len(job["forks"]) >= _SHARED else {}
        found: dict[str, bytes] = {}
        if missing or files:
            tests = [{"name": name, "source": source} for name, source in missing]
            if self._size > _CODES_BYTES:
                self._codes.clear()
                self._size = 0
            compiling_job = {"tests": tests, "files": files, "snapshot": job["snapshot"], "limits": job["limits"]}
            facts = run(compiling.main, compiling_job, _budget(job, 1, output=2 * _CODES_BYTES, kept=2 * _CODES_BYTES))
            for message in facts.messages:
                if message.get("type") == "code" and "file" in message:
                    found[message["file"]] = base64.b64decode(message["code"])
                elif message.get("type") == "code":
                    self._keep(missing[message["test"]], message)
        forks = [
            [{**test, "code": self._codes.get((test["name"], test["source"]), _NO_CODE)} for test in tests]
            for tests in job["forks"]
        ]
        return forks, found

    def _keep(self, key: tuple[str, str], message: dict[str, Any]) -> None:
        code = base64.b64decode(message["code"])
        self._codes[key] = code, tuple(message["ordinary"])
        self._size += len(code) + len(key[1])


def _budget(job: Job, units: int, *, output: int | None = None, kept: int | None = None) -> Budget:
    limits = job["limits"]
    output = output or limits["output_bytes"]
    lead = max(limits["import_seconds"], 3 * limits["seconds"])
    return Budget(
        lead_cpu=limits["import_seconds"],
        unit_cpu=limits["seconds"],
        lead_wall=lead,
        unit_wall=3 * limits["seconds"],
        total_wall=PATIENCE * (lead + 3 * limits["seconds"] * units) + 5,
        output=output,
        kept=kept or min(output, _ANSWER),
    )


def _tests(run: Run, job: Job, codes: Codes) -> list[Facts]:
    """One fork for each list of tests, up to the first odd end: the rest is run in another slot."""
    job = {**job, "overlay": _decode(job["overlay"])}
    runs: list[Facts] = []
    left = _ANSWER
    forks, files = codes.add(run, job)
    for tests in forks:
        budget = _budget(job, len(tests))
        runs.append(run(running.main, {**job, "tests": tests, "codes": files}, budget))
        left -= runs[-1].kept
        if runs[-1].odd or left < budget.kept:
            break
    return runs


def _split_test(run: Run, job: Job, codes: Codes) -> list[Facts]:
    (tests,), _ = codes.add(run, job)
    job = {**job, "overlay": _decode(job["overlay"]), "tests": tests, "codes": {}}
    return [run(split_test.main, job, _split_budget(job))]


def _split_serve(run: Run, job: Job, codes: Codes) -> list[Facts]:
    job = {**job, "overlay": _decode(job["overlay"])}
    return [run(split_serve.main, job, _split_budget(job))]


def _rehearse(run: Run, job: Job, codes: Codes) -> list[Facts]:
    (tests,), _ = codes.add(run, job)
    job = {**job, "overlay": _decode(job["overlay"]), "tests": tests, "codes": {}, "most_characters": _LINK_OUTPUT}
    runs: list[Facts] = []
    for size in split_rehearsal.SIZES:
        runs.append(run(split_rehearsal.main, {**job, "size": size}, _budget(job, 1)))
        if runs[-1].odd:
            break
    return runs


def _split_budget(job: Job) -> Budget:
    budget = _budget(job, 1, output=_LINK_OUTPUT, kept=job["limits"]["output_bytes"])
    return replace(budget, messages=job["limits"]["messages"])


def _probe(run: Run, job: Job, codes: Codes) -> list[Facts]:
    job = {**job, "overlay": _decode(job["overlay"])}
    runs: list[Facts] = []
    finished: list[str] = []
    units = [f"{index}:{run}" for index in range(len(job["probes"])) for run in range(probing.RUNS)]
    while len(runs) <= _PROBE_RESTARTS and len(finished) < len(units) and not _keeps_ending(runs, units):
        job_now = {**job, "finished": finished}
        room = min(job["limits"]["output_bytes"], _ANSWER // (_PROBE_RESTARTS + 1))
        runs.append(run(probing.main, job_now, _budget(job, len(units) - len(finished), output=room)))
        if not runs[-1].unit:
            break
        finished = _finished_probes(runs, units)
    return runs


def _keeps_ending(runs: list[Facts], units: list[str]) -> bool:
    """Whether the last inputs that ended the process stand one after the other."""
    ends = [units.index(run.unit) // probing.RUNS for run in runs[-_IN_A_ROW:] if run.unit in units]
    return len(ends) == _IN_A_ROW and ends[-1] - ends[0] < _IN_A_ROW


def _finished_probes(runs: list[Facts], units: list[str]) -> list[str]:
    done = {message.get("unit") for run in runs for message in run.messages if message.get("type") == "ended"}
    # An input that ended its process once is not tried a second time.
    hung = {run.unit.partition(":")[0] for run in runs if run.unit}
    return [unit for unit in units if unit in done or unit.partition(":")[0] in hung]


def _gate(run: Run, job: Job, codes: Codes) -> list[Facts]:
    job = {**job, "overlay": _decode(job["overlay"])}
    runs: list[Facts] = []
    left, room = job["limits"]["gate_seconds"], _ANSWER
    finished: list[str] = []
    stuck = 0
    while len(runs) - stuck <= _RESTARTS and stuck <= _STUCK and left > 0:
        base = _budget(job, _GATE_NODES, output=min(_GATE_OUTPUT // (len(runs) + 1), room))
        budget = replace(base, lead_cpu=left, lead_wall=left, total_wall=left)
        runs.append(run(gate.main, {**job, "finished": finished}, budget))
        left -= runs[-1].wall
        room -= runs[-1].kept
        if not runs[-1].unit or runs[-1].unit in finished:
            break
        stuck += _stopped_at_stub(runs[-1])
        finished = [message["node"] for run in runs for message in run.messages if _is_test(message)]
        finished += [run.unit for run in runs if run.unit]
    return runs


def _stopped_at_stub(run: Facts) -> bool:
    """Whether the test that ended the process had called an open stub."""
    return any(message.get("type") == "reached" and message.get("node") == run.unit for message in run.messages)


def _is_test(message: dict[str, Any]) -> bool:
    return message.get("type") == "test" and isinstance(message.get("node"), str)


def _decode(overlay: dict[str, str]) -> dict[str, bytes]:
    return {path: binascii.a2b_base64(text) for path, text in overlay.items()}


JOBS: dict[str, Callable[[Run, Job, Codes], list[Facts]]] = {
    "tests": _tests,
    "probe": _probe,
    "gate": _gate,
    "rehearse": _rehearse,
    "split_test": _split_test,
    "split_serve": _split_serve,
}
LINKED = (split_test.main, split_serve.main)
