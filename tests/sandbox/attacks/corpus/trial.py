"""One attack on a real slot, then a right candidate in the same one, and what is wrong with what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.attack import GOOD, TEST, Attack, ProbeAttack
from pytest_supercharger.domain import GeneratedTest, OutputKind, Probe, Verdict
from pytest_supercharger.sandbox.base import Limits
from pytest_supercharger.sandbox.reaper import CLIENT_LABEL, ClientIdentity

if TYPE_CHECKING:
    from docker import DockerClient

    from pytest_supercharger.domain import Output, PairResult
    from pytest_supercharger.sandbox.base import Sandbox

__all__ = [
    "LIMITS",
    "Outcome",
    "containers",
    "good_pair",
    "make_project",
    "outputs_of",
    "probe_problems",
    "probed",
    "problems",
    "run_code",
    "tried",
]

LIMITS = Limits(seconds=1.0, import_seconds=4.0, gate_seconds=60.0, memory_bytes=192 << 20)
_MODULE = "sums.py"
_TRIED = "AssertionError: tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an attack and of the right candidate after it."""

    verdict: str
    detail: str
    after: Verdict
    after_detail: str
    same_slot: bool
    texts: tuple[str, ...] = ()  # of a probe attack: the outputs' texts


def make_project(folder: Path) -> Path:
    """A project with the one module that candidates stand for."""
    (folder / _MODULE).write_text("def add(a, b):\n    raise NotImplementedError\n")
    return folder


def containers(client: DockerClient) -> frozenset[str]:
    """The ids of the containers that this process has."""
    me = str(ClientIdentity.current())
    found = client.api.containers(filters={"label": f"{CLIENT_LABEL}={me}"})
    return frozenset(summary["Id"] for summary in found)


def run_code(sandbox: Sandbox, code: str, *tests: str, isolated: bool = True) -> list[PairResult]:
    """The verdicts of one candidate on tests, each run on its own unless a search would run them at once."""
    generated = [GeneratedTest(id=f"{index}", name="test_it", source=source) for index, source in enumerate(tests)]
    results = sandbox.run_tests({_MODULE: code.encode("utf-8", "surrogatepass")}, generated, isolated=isolated)
    return [results[test.id] for test in generated]


def good_pair(sandbox: Sandbox, test: str = TEST) -> PairResult:
    """What a right candidate comes to; what the machine was too busy for is asked once more."""
    (result,) = run_code(sandbox, GOOD, test)
    if result.verdict is Verdict.INFRA:
        (result,) = run_code(sandbox, GOOD, test)
    return result


def tried(sandbox: Sandbox, client: DockerClient, attack: Attack) -> Outcome:
    """Run an attack, then a right candidate; once more where the slot was replaced, as its age does that too."""
    outcome = _tried(sandbox, client, attack)
    return outcome if outcome.same_slot or attack.fresh_slot else _tried(sandbox, client, attack)


def _tried(sandbox: Sandbox, client: DockerClient, attack: Attack) -> Outcome:
    before = containers(client)
    result = run_code(sandbox, attack.code, *attack.tests, isolated=not attack.batch)[-1]
    after = good_pair(sandbox, attack.after)
    return Outcome(
        verdict=result.verdict.value,
        detail=result.detail,
        after=after.verdict,
        after_detail=after.detail,
        same_slot=containers(client) == before,
    )


def probed(sandbox: Sandbox, client: DockerClient, attack: ProbeAttack) -> tuple[Outcome, list[Output]]:
    """Run an attack on the outputs, then a right candidate; once more where the slot was replaced."""
    outcome, outputs = _probed(sandbox, client, attack)
    return (outcome, outputs) if outcome.same_slot or attack.fresh_slot else _probed(sandbox, client, attack)


def _probed(sandbox: Sandbox, client: DockerClient, attack: ProbeAttack) -> tuple[Outcome, list[Output]]:
    before = containers(client)
    outputs = outputs_of(sandbox, attack)
    after = good_pair(sandbox)
    outcome = Outcome(
        verdict=outputs[-1].kind.value,
        detail=outputs[-1].preview,
        after=after.verdict,
        after_detail=after.detail,
        same_slot=containers(client) == before,
    )
    return outcome, outputs


def outputs_of(sandbox: Sandbox, attack: ProbeAttack) -> list[Output]:
    """The outputs of an attack, in the order of its expressions."""
    probes = [
        Probe(id=f"{index}", imports="from sums import *", setup="", expression=expression)
        for index, expression in enumerate(attack.expressions)
    ]
    found = sandbox.probe({_MODULE: attack.code.encode()}, "sums", probes)
    return [found[probe.id] for probe in probes]


def problems(attack: Attack, outcome: Outcome) -> list[str]:
    """What is not as it has to be; none for an attack that came to nothing, or to the hole that is known."""
    found = []
    expected = {Verdict.PASS} if attack.reaches_a_pass else attack.expected
    if Verdict(outcome.verdict) not in expected:
        hint = "; it is stopped now: drop reaches_a_pass" if attack.reaches_a_pass else ""
        found.append(f"verdict {outcome.verdict} ({outcome.detail}), not {sorted(v.value for v in expected)}{hint}")
    if attack.outcomes is not None:
        found += _outcomes(attack, outcome)
    if outcome.after is not Verdict.PASS:
        found.append(f"a right candidate after it: {outcome.after.value} ({outcome.after_detail})")
    if not outcome.same_slot and not attack.fresh_slot:
        found.append("the slot was replaced")
    return found


def probe_problems(attack: ProbeAttack, outcome: Outcome, outputs: list[Output]) -> list[str]:
    """Like `problems`, for an attack on outputs."""
    found = []
    last = outputs[-1]
    if last.kind not in attack.expected:
        found.append(f"output {last.kind.value} {last.text!r} ({last.preview})")
    if attack.shows not in last.text + last.preview or (last.kind is OutputKind.VALUE and last.text == attack.hides):
        found.append(f"the output reads {last.text!r}")
    if outcome.after is not Verdict.PASS or not (outcome.same_slot or attack.fresh_slot):
        found.append(f"a right candidate after it: {outcome.after.value}, same slot {outcome.same_slot}")
    return found


def _outcomes(attack: Attack, outcome: Outcome) -> list[str]:
    if not outcome.detail.startswith(_TRIED):
        return [f"it did not tell what it tried: {outcome.detail}"]
    told = outcome.detail.removeprefix(_TRIED).partition("\n")[0].strip()
    named = dict(part.partition(": ")[::2] for part in told.split("; ") if part)
    return [f"{what}: {names}" for what, names in named.items() if what not in (attack.outcomes or ())]
