"""What a probe came to: the rules for the outputs of a `probe` job, on the host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_supercharger.domain import Output, OutputKind, Probe, Verdict
from pytest_supercharger.sandbox.facts import Odd, Run, clean, read_runs
from pytest_supercharger.sandbox.stopping import stopped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["probe_result"]

_RUNS = ("0", "1")


def probe_result(job: Mapping[str, Any], result: Mapping[str, Any], probes: Sequence[Probe]) -> dict[str, Output]:
    """What each probe came to; two runs that differ make it UNSTABLE."""
    try:
        runs = read_runs(job, result)
    except Odd as error:
        return {probe.id: Output(kind=OutputKind.INFRA, preview=f"sandbox: {error}") for probe in probes}
    fallen = _fallen(runs)
    return {probe.id: _output(runs, index, fallen) for index, probe in enumerate(probes)}


def _fallen(runs: Sequence[Run]) -> Output:
    """What is to be said of probes that no run got to."""
    last = runs[-1]
    for message in last.of("import"):
        # The module calls an open stub while it is imported: nothing can be said before that one is filled.
        for stopped_at in last.of("reached"):
            return Output(kind=OutputKind.BLOCKED, text=clean(stopped_at.text("stub"), 500))
        if message.text("error") == "MemoryError":
            return Output(kind=OutputKind.MEMORY, preview=clean(message.text("detail"), 500))
        text = clean(message.text("error"), 200)
        return Output(kind=OutputKind.EXCEPTION, text=text, preview=clean(message.text("detail"), 500))
    if last.limit or last.ooms:
        return _stopped_output(last)
    return Output(kind=OutputKind.EXCEPTION, text="ProcessExit", preview=f"the process ended early ({last.ending})")


def _stopped_output(run: Run) -> Output:
    verdict, detail = stopped(run) or (Verdict.INFRA, "")
    kinds = {Verdict.MEMORY: OutputKind.MEMORY, Verdict.TIMEOUT: OutputKind.TIMEOUT, Verdict.INFRA: OutputKind.INFRA}
    return Output(kind=kinds.get(verdict, OutputKind.OPAQUE), preview=clean(detail, 500))


def _output(runs: Sequence[Run], index: int, fallen: Output) -> Output:
    outputs = [_unit_output(runs, f"{index}:{number}") for number in _RUNS]
    for run in runs:
        if run.unit.partition(":")[0] == str(index) and not any(outputs):
            return _dead_unit(run)
    first, second = outputs
    if first is None:
        return fallen
    if second is None:
        hung = next((run for run in runs if run.unit == f"{index}:1"), None)
        second = fallen if hung is None else _dead_unit(hung)
    if OutputKind.INFRA in (first.kind, second.kind):
        return first if first.kind is OutputKind.INFRA else second
    if (first.kind, first.text) != (second.kind, second.text):
        frames = [_frame(runs, f"{index}:{number}") for number in _RUNS]
        if first.kind is second.kind is OutputKind.VALUE and frames[0] == frames[1]:
            # An attribute may hold a time or an address: that is nothing the candidate is to be blamed for.
            return Output(kind=OutputKind.OPAQUE, preview="objects whose attributes change from run to run")
        preview = clean(f"{first.preview or first.kind.value} and then {second.preview or second.kind.value}", 500)
        return Output(kind=OutputKind.UNSTABLE, preview=preview)
    return first


def _dead_unit(run: Run) -> Output:
    if run.limit or run.ooms:
        return _stopped_output(run)
    return Output(kind=OutputKind.EXCEPTION, text="ProcessExit", preview=f"the process ended early ({run.ending})")


def _frame(runs: Sequence[Run], unit: str) -> str:
    """What a unit gave, without what instances hold of which only the attributes can be compared."""
    said = (message for run in runs for message in run.of("output") if message.text("unit") == unit)
    return next((message.text("frame") for message in said), "")


def _unit_output(runs: Sequence[Run], unit: str) -> Output | None:
    ended = [(run, message) for run in runs for message in run.of("ended") if message.text("unit") == unit]
    if not ended:
        return None
    run, end = ended[0]
    said = [message for message in run.of("output") if message.text("unit") == unit]
    status = end.fields["status"]
    if len(ended) > 1 or len(said) > 1 or run.foreign or run.garbled:
        return Output(kind=OutputKind.OPAQUE, preview="wrote to the channel of the results")
    if status == -9 and run.ooms and not said:
        return Output(kind=OutputKind.MEMORY, preview="used more memory than allowed")
    if status == -24:  # SIGXCPU
        return Output(kind=OutputKind.TIMEOUT)
    if not said or not 64 <= status < 128:
        return Output(kind=OutputKind.EXCEPTION, text="ProcessExit", preview=f"the process ended (status {status})")
    try:
        kind = OutputKind(said[0].text("kind"))
    except ValueError:
        return Output(kind=OutputKind.OPAQUE, preview="an output of an unknown kind")
    return Output(kind=kind, text=said[0].text("text")[:8_000], preview=clean(said[0].text("preview"), 500))
