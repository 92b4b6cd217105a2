"""What a limit that a run ran into makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_supercharger.domain import Verdict

if TYPE_CHECKING:
    from pytest_supercharger.sandbox.facts import Run

__all__ = ["failed", "stopped"]

_MEMORY = "used more memory than allowed (--supercharge-memory)"
_PROCESSES = "wanted more processes or threads than allowed (supercharge_processes)"
_MESSAGES = "said more to its other half than a split run carries; make fewer calls in one test"
_DISK = "wrote more than the sandbox's disk holds (supercharge_disk)"
# What the kernel's refusals are called in Python; a candidate that fakes one gains nothing by it.
_ERRORS = (
    ("[Errno 28]", Verdict.DISK, _DISK),
    ("[Errno 27]", Verdict.DISK, _DISK),
    ("[Errno 11] Resource temporarily unavailable", Verdict.PROCESSES, _PROCESSES),
    ("can't start new thread", Verdict.PROCESSES, _PROCESSES),
)


def stopped(run: Run) -> tuple[Verdict, str] | None:
    """What a limit made of the run, None when it ended by itself."""
    if run.ooms:
        return Verdict.MEMORY, _MEMORY
    if run.limit in ("wall", "total") and run.starved:
        return Verdict.INFRA, f"the machine was too busy: {run.cpu:.1f} s of CPU in {run.wall:.1f} s"
    if run.limit == "output":
        return Verdict.OUTPUT, "sent more results than allowed (supercharge_output)"
    if run.limit == "messages":
        return Verdict.OUTPUT, _MESSAGES
    if run.limit == "processes":
        return Verdict.PROCESSES, _PROCESSES
    if run.limit:
        where = "while the module was imported" if run.lead else "in the test"
        spent = f"{run.cpu:.1f} s of CPU, {run.wall:.1f} s in all"
        return Verdict.TIMEOUT, f"stopped {where} after {spent} (--supercharge-test-seconds)"
    return None


def failed(error: str, detail: str) -> tuple[Verdict, str]:
    """The verdict on a test that failed with an exception of the type `error`, and what to say of it."""
    if error == "MemoryError":
        return Verdict.MEMORY, f"{detail}: {_MEMORY}" if detail == error else detail
    for sign, verdict, reason in _ERRORS:
        if sign in detail and error.endswith("Error"):
            return verdict, f"{reason}: {detail}"
    return Verdict.FAIL, detail
