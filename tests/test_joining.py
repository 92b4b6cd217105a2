"""Accepted bodies are written only as far as they stand together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_supercharger import evidence
from pytest_supercharger.bench import Bench
from pytest_supercharger.dependencies import Dependencies
from pytest_supercharger.domain import Candidate, Decision, GeneratedTest, Outcome, PairResult, SourceFile, Verdict
from pytest_supercharger.joining import join
from pytest_supercharger.ledger import Ledger
from pytest_supercharger.projecttests import ProjectTests
from pytest_supercharger.sandbox.base import GateResult
from pytest_supercharger.sandbox.fake import FakeSandbox
from pytest_supercharger.splitting import Splitting
from pytest_supercharger.stubs import find

NAMES = ("f", "g", "h")
TEXT = "from pytest_supercharger import supercharge\n" + "".join(
    f'\n\n@supercharge\ndef {name}() -> str:\n    """Return something."""\n    raise NotImplementedError\n'
    for name in NAMES
)
NOTHING: dict[str, tuple[str, ...]] = {}


class Project:
    """Stubs f, g and h, all accepted; a test is the stubs it calls, in order, and stops at the first open one."""

    def __init__(self, tmp_path, *, own=NOTHING, generated=NOTHING, project=NOTHING, failing=(), filled=NAMES):
        file = SourceFile(path=tmp_path / "m.py", relpath="m.py", module="m", data=TEXT.encode())
        self.calls = {f"test_{name}": calls for name, calls in (own | generated).items()} | project
        self.failing = failing
        self.sandbox = FakeSandbox(judge=self.judge, split=self.judge, gate=self.gate)
        stubs, self.data = find(file), file.data
        self.ledger = Ledger({file.relpath: file}, stubs)
        self.tests = ProjectTests(self.sandbox, None)
        self.tests.discover()
        self.outcomes, self.records = {}, {}
        for stub in stubs:
            known = [self.test(stub.name, trusted=True)] if stub.name in own else []
            known += [self.test(stub.name, trusted=False)] if stub.name in generated else []
            self.accept(stub, known, filled)

    def test(self, name, *, trusted):
        return GeneratedTest(id=name, name=f"test_{name}", source=f"def test_{name}(): ...\n", trusted=trusted)

    def accept(self, stub, known, filled):
        candidate = Candidate(id=stub.name, text_id=stub.name, body=f"return 'body of {stub.name}'\n")
        decision = Decision.ACCEPTED if stub.name in filled else Decision.ABSTAINED
        outcome = Outcome(stub=stub, decision=decision, reason="all agree", candidate=candidate)
        self.outcomes[stub.id] = self.ledger.settle(outcome)
        self.records[stub.id] = evidence.make(
            stub, candidate, self.data, probability=1.0, model="m", candidates=1, samples=1, tests=known, gate=[]
        )

    def judge(self, overlay, test):
        return self.pair(overlay, test.name)

    def pair(self, overlay, name):
        filled = overlay.get("m.py", b"").decode()
        stops = next((f"m:{stub}" for stub in self.calls[name] if f"body of {stub}" not in filled), None)
        if stops:
            return PairResult(verdict=Verdict.FAIL, detail="StubNotFilled", reached=frozenset({stops}))
        fails = name in self.failing
        return PairResult(verdict=Verdict.FAIL if fails else Verdict.PASS, detail="wrong" if fails else "")

    def gate(self, overlay, nodeids):
        known = [node for node in self.calls if "::" in node]
        return GateResult(tests={node: self.pair(overlay, node) for node in nodeids or known})

    def joined(self, level=2):
        bench = Bench(
            tests=self.tests,
            ledger=self.ledger,
            splitting=Splitting(self.sandbox, level=level),
            dependencies=Dependencies(self.sandbox),
        )
        outcomes = join(self.outcomes, self.records, bench)
        stays = {outcome.stub.name for outcome in outcomes.values() if outcome.decision is Decision.ACCEPTED}
        assert stays == {stub_id.partition(":")[2] for stub_id in self.ledger.accepted()}
        return stays, {outcome.stub.name: outcome.reason for outcome in outcomes.values()}


def test_bodies_that_pass_everything_together_stay(tmp_path):
    project = Project(tmp_path, own={"f": ("f", "g")}, project={"t::g": ("g",)})
    assert project.joined()[0] == {"f", "g", "h"}


@pytest.mark.parametrize("kind", ["own", "generated", "project"])
def test_a_body_that_calls_a_withdrawn_one_goes_with_it(tmp_path, kind):
    project = {"t::g": ("g",)}
    tests = {kind: {"f": ("f", "g")}} if kind != "project" else {}
    if kind == "project":
        project["t::f"] = ("f", "g")
    stays, reasons = Project(tmp_path, project=project, failing=["t::g"], **tests).joined()
    assert stays == {"h"}
    assert reasons["g"] == "together with the other accepted functions t::g fails: wrong"
    assert reasons["f"] == "needs m:g, which is not filled"


def test_whoever_calls_a_body_that_went_with_another_goes_too(tmp_path):
    own = {"f": ("f", "g"), "h": ("h", "f")}
    stays, reasons = Project(tmp_path, own=own, project={"t::g": ("g",)}, failing=["t::g"]).joined()
    assert stays == set()
    assert reasons["h"].startswith("needs m:")


def test_a_body_whose_own_example_fails_beside_the_others_goes(tmp_path):
    stays, reasons = Project(tmp_path, own={"f": ("f",), "g": ("g",)}, failing=["test_f"]).joined()
    assert stays == {"g", "h"}
    assert reasons["f"] == "together with the other accepted functions test_f fails: wrong"


def test_a_generated_test_that_fails_is_held_against_nobody(tmp_path):
    project = Project(tmp_path, generated={"f": ("f",)}, project={"t::g": ("g",)}, failing=["test_f", "t::g"])
    assert project.joined()[0] == {"f", "h"}


def test_a_stub_that_was_open_all_along_takes_nobody_with_it(tmp_path):
    project = Project(tmp_path, project={"t::all": ("f", "g"), "t::h": ("h",)}, failing=["t::h"], filled=("f", "h"))
    assert project.joined()[0] == {"f"}


@pytest.mark.parametrize("filled", [("f", "g"), ("f",)])
def test_a_body_that_was_chosen_together_with_one_that_has_gone_goes_too(tmp_path, filled):
    """Nobody's tests call the other one here: the choice was made for both."""
    project = Project(tmp_path, own={"f": ("f",)}, project={"t::g": ("g",)}, failing=["t::g"], filled=filled)
    project.outcomes["m:f"] = replace(project.outcomes["m:f"], together={"m:g": "g"})
    stays, reasons = project.joined()
    assert stays == set()
    assert reasons["f"] == "was chosen together with m:g, which is not filled"


def test_at_level_3_own_examples_are_run_apart(tmp_path):
    project = Project(tmp_path, own={"f": ("f",), "g": ("g",)}, failing=["test_f"])
    assert project.joined(level=3)[0] == {"g", "h"}
    kinds = [kind for kind, _, _ in project.sandbox.calls]
    assert "split" in kinds
    assert {"tests", "isolated"}.isdisjoint(kinds)
