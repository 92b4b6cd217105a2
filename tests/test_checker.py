"""Candidates in the sandbox: what is run, what is run again, and what rules a candidate out."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_supercharger import bench as checks
from pytest_supercharger import stubs
from pytest_supercharger.checker import Checker
from pytest_supercharger.dependencies import Dependencies
from pytest_supercharger.domain import (
    LIMITS,
    Candidate,
    Decision,
    GeneratedTest,
    Marks,
    Outcome,
    Output,
    OutputKind,
    PairResult,
    Probe,
    SourceFile,
    Verdict,
)
from pytest_supercharger.ledger import Ledger, Waited
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.projecttests import ProjectTests
from pytest_supercharger.sandbox.base import GateResult
from pytest_supercharger.sandbox.fake import FakeSandbox
from pytest_supercharger.splitting import Splitting

SOURCE = SourceFile(
    path=Path("/p/m.py"),
    relpath="m.py",
    module="m",
    data=b"""\
from pytest_supercharger import supercharge


@supercharge
def f(x: int) -> int:
    'Return x.'
    ...
""",
)
CANDIDATE = Candidate(id="c", text_id="t", body="return g(x)\n")
NEGATIVE = Probe(id="negative", imports="from m import f", setup="", expression="f(-1)")
NODE = "t.py::test_f"


class Bench:
    """One stub with its checker above a scripted sandbox."""

    def __init__(self, *, source=SOURCE, wait=lambda other: Waited.NOT_FILLED, left=lambda: 60.0, seed=0, **script):
        self.sandbox = FakeSandbox(**script)
        stub, *others = stubs.find(source)
        self.matrix = Matrix(stub=stub, trusted=())
        self.matrix.add_code([CANDIDATE])
        self.tests = ProjectTests(self.sandbox, None)
        self.tests.discover()
        self.ledger = Ledger({"m.py": source}, [stub, *others])
        self.checker = Checker(
            self.matrix,
            source,
            bench=checks.Bench(
                splitting=Splitting(self.sandbox, seed=seed),
                tests=self.tests,
                ledger=self.ledger,
                dependencies=Dependencies(self.sandbox, ask=lambda module: None),
            ),
            allow=frozenset(),
            wait=wait,
            left=left,
            rng=random.Random(0),
        )

    def calls(self, kind):
        """What was asked of the sandbox since the start, one entry a call."""
        return [asked for called, _, asked in self.sandbox.calls if called == kind]


def blocked_by(*stubs, on="negative"):
    """A probe that meets one open stub after the other."""
    left = list(stubs)

    def evaluate(overlay, module, probe):
        if probe.id == on and left:
            return Output(kind=OutputKind.BLOCKED, text=left.pop(0))
        return Output(kind=OutputKind.VALUE, text="1")

    return evaluate


def suite(n=1):
    source = "def test_f(): assert True\n"
    first = GeneratedTest(id="t", name="test_f", source=source, probes=(NEGATIVE,))
    return (first, *(GeneratedTest(id=f"t{i}", name="test_f", source=source) for i in range(1, n)))


def test_what_is_refused_for_what_it_says_is_never_pardoned():
    bench = Bench(evaluate=blocked_by())
    reaching = Candidate(id="r", text_id="r", body="import os\nos.remove('x')\nreturn x\n")
    bench.matrix.add_code([reaching])
    bench.checker.add_candidate(reaching)
    said = dict(bench.matrix.refused)
    bench.matrix.refused["c"] = "got no answer from the project tests"
    bench.checker.pardon({"d": "before"})
    assert bench.matrix.refused == {"d": "before", **said}
    assert said["r"].startswith("uses what its module does not")


def test_what_the_sandbox_failed_to_tell_is_asked_once_more():
    kinds = {"negative": [OutputKind.INFRA, OutputKind.VALUE]}
    bench = Bench(
        evaluate=lambda overlay, module, probe: Output(kind=(kinds.get(probe.id) or [OutputKind.INFRA]).pop(0))
    )
    bench.checker.add_tests(suite())
    for _ in range(3):
        bench.checker.add_tests(())
    asked = [probe for probes in bench.calls("probe") for probe in probes]
    assert {asked.count(probe) for probe in bench.matrix.probes} == {2}
    assert bench.matrix.outputs["c", "negative"].kind is OutputKind.VALUE


def verdicts(bench):
    return {test: pair.verdict for (_, test), pair in bench.matrix.pairs.items()}


def project_test(*answers):
    """A project test that reaches the stub while that is open, and then says one thing after the other."""
    left = list(answers)

    def gate(overlay, nodeids):
        if not overlay:
            return GateResult(tests={NODE: PairResult(verdict=Verdict.FAIL, reached=frozenset({"m:f"}))})
        return left.pop(0) if len(left) > 1 else left[0]

    return gate


PASSED = GateResult(tests={NODE: PairResult(verdict=Verdict.PASS)})
BLOCKED = GateResult(tests={NODE: PairResult(verdict=Verdict.FAIL, reached=frozenset({"m:g"}))})
SILENT = GateResult(problem="time-out after 300 s")


def test_a_later_input_that_reaches_an_open_stub_rules_the_candidate_out():
    bench = Bench(evaluate=blocked_by("m:g"))
    bench.checker.add_candidate(CANDIDATE)
    bench.checker.add_tests(suite())
    assert bench.matrix.refused == {"c": "needs m:g, which is not filled"}


def test_behind_a_stub_that_was_waited_for_may_stand_another():
    asked = []
    bench = Bench(evaluate=blocked_by("m:g", "m:h"), wait=lambda other: asked.append(other) or Waited.FILLED)
    bench.checker.add_candidate(CANDIDATE)
    bench.checker.add_tests(suite())
    assert asked == ["m:g", "m:h"]
    assert bench.matrix.refused == {}
    assert bench.matrix.outputs["c", "negative"].kind is OutputKind.VALUE


def test_a_candidate_that_needs_a_stub_that_needs_this_one_is_set_aside():
    answers = {"m:g": Waited.CIRCLE, "m:h": Waited.FILLED}
    bench = Bench(evaluate=blocked_by("m:h", "m:g"), wait=lambda other: answers[other])
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    assert bench.matrix.refused == {"c": "needs m:g, which needs this one"}
    assert bench.checker.aside.needs == {"m:g"}


def test_one_that_was_set_aside_is_run_again_when_what_it_needs_is_decided():
    answers = [Waited.CIRCLE, Waited.FILLED]
    bench = Bench(evaluate=blocked_by("m:g", "m:g"), wait=lambda other: answers.pop(0))
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    bench.checker.retry()
    assert bench.matrix.refused == {}
    assert bench.matrix.outputs["c", "negative"].kind is OutputKind.VALUE


def test_what_is_known_without_the_bodies_beside_it_is_dropped():
    bench = Bench()
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    bench.checker.stand_beside([(bench.matrix.stub, CANDIDATE)])
    assert bench.matrix.pairs == {}
    assert bench.matrix.outputs == {}


def test_a_confirmation_without_an_answer_is_not_called_unsteady():
    verdicts = iter([Verdict.PASS, Verdict.INFRA])
    bench = Bench(judge=lambda overlay, test: next(verdicts))
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    assert not bench.checker.confirm(CANDIDATE)
    assert bench.matrix.refused == {"c": "the sandbox could not run it once more"}


@pytest.mark.parametrize(("reached", "checks"), [(frozenset(), 1), (frozenset({"m:other"}), 0)])
def test_a_project_test_that_another_stub_stops_vouches_for_nobody(reached, checks):
    def gate(overlay, nodeids):
        stopped = PairResult(verdict=Verdict.FAIL, reached=frozenset({"m:f"}))
        filled = PairResult(verdict=Verdict.FAIL if reached else Verdict.PASS, reached=reached)
        return GateResult(tests={NODE: filled if overlay else stopped})

    bench = Bench(gate=gate)
    bench.checker.add_candidate(CANDIDATE)
    assert bench.matrix.vouched("c")
    assert bench.matrix.evidence().trusted_checks == checks


def test_a_candidate_that_brings_a_stub_of_its_own_is_refused():
    """It would stop the tests that it fails."""
    data = SOURCE.data.replace(b"pytest_supercharger import supercharge", b"compat import fill")
    source = replace(SOURCE, data=data.replace(b"@supercharge", b"@fill"), marks=Marks(taken=frozenset({"fill"})))
    bench = Bench(source=source)
    bench.checker.add_candidate(replace(CANDIDATE, helpers=("@fill\ndef g(x):\n    return x\n",)))
    assert bench.matrix.refused == {"c": "uses what its module does not: use of fill (line 1 of a helper)"}


TWO = replace(SOURCE, data=SOURCE.data + b"\n\n@supercharge\ndef h(x):\n    'Return x.'\n    ...\n")


def fill_h(bench, body):
    _, h = stubs.find(TWO)
    candidate = Candidate(id=body, text_id=body, body=body)
    bench.ledger.settle(Outcome(stub=h, decision=Decision.ACCEPTED, candidate=candidate, reason=""))
    return h, candidate


def through_h(overlay, nodeids):
    """A project test that calls `h`, and `f` only where the body of `h` does."""
    text = overlay.get("m.py", b"")
    if b"return f(x)" in text and b"return g(x)" not in text:
        reached = frozenset({"m:f"})
    else:
        reached = frozenset() if b"return f(x)" in text or b"return x" in text else frozenset({"m:h"})
    return GateResult(tests={NODE: PairResult(verdict=Verdict.FAIL if reached else Verdict.PASS, reached=reached)})


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize(("chosen", "checks"), [("return f(x)\n", 1), ("return x\n", 0)])
def test_a_project_test_that_reached_the_stub_from_a_body_that_was_thrown_away_does_not_speak(chosen, checks, together):
    bench = Bench(source=TWO, gate=through_h)
    thrown = fill_h(Bench(source=TWO), "return f(x)\n")
    bench.tests.gate(bench.ledger.overlay([thrown]), ["m:h"])
    assert bench.tests.reaching(["m:f"]) == (NODE,)
    if together:
        bench.checker.stand_beside([fill_h(Bench(source=TWO), chosen)])
    else:
        fill_h(bench, chosen)
    bench.checker.add_candidate(CANDIDATE)
    assert bench.matrix.vouched("c")
    assert bench.matrix.evidence().trusted_checks == checks
    assert bench.matrix.gate_tests("c") == (NODE,) * checks
    (other,) = bench.matrix.add_code([replace(CANDIDATE, id="d")])
    before = len(bench.calls("gate"))
    bench.checker.add_candidate(other)
    assert len(bench.calls("gate")) == before + 1  # what is open beside the same bodies is known


def test_a_module_that_calls_the_stub_while_it_is_imported_counts_once_and_its_tests_gate():
    def gate(overlay, nodeids):
        if not overlay:
            return GateResult(errors={"t.py": "StubNotFilled"}, reached_at_import={"t.py": frozenset({"m:f"})})
        return GateResult(tests={f"t.py::test_{n}": PairResult(verdict=Verdict.PASS) for n in range(8)})

    bench = Bench(gate=gate)
    bench.checker.add_candidate(CANDIDATE)
    assert bench.matrix.evidence().trusted_checks == 1
    assert len(bench.matrix.gate_tests("c")) == 8


def test_a_gate_without_an_answer_is_asked_once_more():
    bench = Bench(gate=project_test(SILENT, PASSED))
    bench.checker.add_candidate(CANDIDATE)
    assert bench.matrix.vouched("c")


def test_a_gate_that_never_answers_is_the_reason_that_is_told():
    bench = Bench(gate=project_test(SILENT))
    bench.checker.add_candidate(CANDIDATE)
    assert not bench.matrix.vouched("c")
    said = bench.matrix.why_none("no candidate passes the trusted tests")
    assert said.endswith("the usual one got no answer from the project tests: time-out after 300 s")
    assert len(bench.calls("gate")) == 3  # one without a candidate


def test_the_gate_is_asked_again_when_the_stub_that_blocked_it_is_filled(monkeypatch):
    bench = Bench(gate=project_test(BLOCKED, PASSED))
    bench.checker.add_candidate(CANDIDATE)
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    assert bench.matrix.gate_tests("c") == ()
    monkeypatch.setattr(bench.ledger, "is_accepted", lambda stub: stub == "m:g")
    bench.checker.add_tests(bench.matrix.add_tests(suite(2)))
    assert bench.matrix.gate_tests("c") == (NODE,)


def test_what_a_filled_stub_lets_a_project_test_say_rules_a_candidate_out(monkeypatch):
    failed = GateResult(tests={NODE: PairResult(verdict=Verdict.FAIL, detail="assert 1 == 2")})
    bench = Bench(gate=project_test(BLOCKED, failed))
    bench.checker.add_candidate(CANDIDATE)
    assert bench.matrix.vouched("c")
    monkeypatch.setattr(bench.ledger, "is_accepted", lambda stub: stub == "m:g")
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    assert bench.matrix.failing_trusted("c") == (NODE, "assert 1 == 2")


def test_without_a_project_test_that_speaks_the_stubs_that_tests_stop_at_are_waited_for():
    asked = []

    def wait(other):
        asked.append(other)
        fill_h(bench, "return f(x)\n")
        bench.tests.gate(bench.ledger.overlay(), [other])  # whoever fills that stub runs its tests: they get to ours
        return Waited.FILLED

    bench = Bench(source=TWO, gate=through_h, wait=wait)
    bench.checker.add_candidate(CANDIDATE)
    assert bench.matrix.gate_tests() == ()
    assert bench.checker.hear_more()
    assert bench.matrix.gate_tests() == (NODE,)
    assert not bench.checker.hear_more()
    assert asked == ["m:h"]


def test_a_stub_that_stops_some_of_the_tests_is_waited_for_although_others_have_spoken():
    filled = []
    spoke, stopped = PairResult(verdict=Verdict.PASS), PairResult(verdict=Verdict.FAIL, reached=frozenset({"m:g"}))

    def gate(overlay, nodeids):
        if not overlay:
            reached = PairResult(verdict=Verdict.FAIL, reached=frozenset({"m:f"}))
            return GateResult(tests={NODE: reached, "t.py::test_g": reached})
        return GateResult(tests={NODE: spoke, "t.py::test_g": spoke if filled else stopped})

    def wait(other):
        filled.append(other)
        return Waited.FILLED

    bench = Bench(gate=gate, wait=wait)
    bench.tests.discover()
    bench.ledger.is_accepted = filled.__contains__
    bench.checker.add_candidate(CANDIDATE)
    assert bench.matrix.gate_tests() == (NODE,)
    assert bench.checker.hear_more()
    assert bench.matrix.gate_tests() == (NODE, "t.py::test_g")
    assert not bench.checker.hear_more()
    assert filled == ["m:g"]


def test_where_none_has_spoken_the_tests_that_are_known_to_reach_a_stub_go_on_once_what_stopped_them_is_filled():
    filled = []

    def gate(overlay, nodeids):
        stub = "m:g" if overlay else "m:f"
        if overlay and filled:
            return GateResult(tests={NODE: PairResult(verdict=Verdict.PASS)})
        return GateResult(tests={NODE: PairResult(verdict=Verdict.FAIL, reached=frozenset({stub}))})

    def wait(other):
        filled.append(other)
        return Waited.FILLED

    bench = Bench(gate=gate, wait=wait)
    bench.ledger.is_accepted = filled.__contains__
    bench.checker.add_candidate(CANDIDATE)
    assert bench.matrix.gate_tests() == ()
    while not filled:
        assert bench.checker.hear_more()
    assert bench.matrix.gate_tests() == (NODE,)
    assert not bench.checker.hear_more()


def test_candidates_that_tests_reach_through_a_stub_that_waits_for_theirs_are_set_aside_for_a_joint_choice():
    bench = Bench(gate=project_test(BLOCKED), wait=lambda other: Waited.CIRCLE)
    bench.tests.gate({"m.py": b""}, ["m:f"])
    bench.checker.add_candidate(CANDIDATE)
    while bench.checker.hear_more():
        pass
    assert bench.checker.aside.needs == {"m:g"}


def test_a_stub_whose_candidates_call_this_one_is_chosen_together_with_it_though_tests_stop_before_both():
    bench = Bench(gate=lambda overlay, nodeids: BLOCKED, wait=lambda other: Waited.CIRCLE)
    bench.checker.add_candidate(CANDIDATE)
    assert not bench.checker.hear_more()
    assert not bench.checker.aside.needs  # it waits for this one, no more
    bench.ledger.needs = lambda *both: both == ("m:g", "m:f")
    assert not bench.checker.hear_more()
    assert bench.checker.aside.needs == {"m:g"}


@pytest.mark.parametrize("limit", sorted(LIMITS))
def test_a_candidate_that_runs_into_a_limit_is_not_run_on_the_other_generated_tests(limit):
    bench = Bench(judge=lambda overlay, test: limit if test.id == "t1" else Verdict.PASS)
    bench.checker.add_tests(bench.matrix.add_tests(suite(12)))
    assert bench.calls("tests") == [("t", "t1")]
    assert verdicts(bench)["t"] is Verdict.PASS
    assert verdicts(bench)["t11"] is limit
    assert bench.matrix.pairs["c", "t11"].detail == "not run: it already ran into a limit"


def test_generated_tests_are_run_in_growing_batches():
    bench = Bench()
    bench.checker.add_tests(bench.matrix.add_tests(suite(24)))
    assert [len(asked) for asked in bench.calls("tests")] == [2, 4, 8, 8, 2]


def test_tests_that_a_busy_machine_did_not_run_are_due_again():
    verdict = iter([Verdict.INFRA, Verdict.PASS])
    bench = Bench(judge=lambda overlay, test: next(verdict, Verdict.PASS))
    bench.checker.add_tests(bench.matrix.add_tests(suite(3)))
    assert set(verdicts(bench)) == {"t", "t1"}
    bench.checker.add_tests(bench.matrix.add_tests(suite(4)))
    assert verdicts(bench)["t2"] is Verdict.PASS


@pytest.mark.parametrize("limit", sorted(LIMITS))
def test_a_candidate_that_only_runs_into_limits_is_not_run_in_later_rounds(limit):
    bench = Bench(judge=lambda overlay, test: limit)
    bench.checker.add_tests(bench.matrix.add_tests(suite(3)))
    before = len(bench.sandbox.calls)
    bench.checker.add_tests(bench.matrix.add_tests(suite(6)))
    assert len(bench.sandbox.calls) == before
    assert verdicts(bench)["t5"] is limit


@pytest.mark.parametrize("limit", sorted(LIMITS))
def test_no_input_is_tried_on_a_candidate_that_ran_into_a_limit_on_a_trusted_test(limit):
    bench = Bench(judge=lambda overlay, test: limit)
    bench.matrix.trusted = (GeneratedTest(id="a", name="test_f", source="a", trusted=True),)
    bench.matrix.add_probes([NEGATIVE])
    bench.checker.add_candidate(CANDIDATE)
    assert bench.calls("probe") == []


def test_no_round_begins_once_the_time_is_spent():
    seconds = [1.0]

    def judge(overlay, test):
        seconds[0] = 0.0
        return Verdict.PASS

    bench = Bench(judge=judge, left=lambda: seconds[0])
    bench.checker.add_tests(bench.matrix.add_tests(suite(9)))
    assert bench.calls("tests") == [("t", "t1")]
    assert bench.calls("probe") == []
    assert bench.checker.cut_short


def test_what_was_run_in_time_is_not_cut_short():
    bench = Bench()
    bench.checker.add_tests(bench.matrix.add_tests(suite(9)))
    assert not bench.checker.cut_short


def test_results_that_change_from_run_to_run_are_not_confirmed():
    values = iter("12")
    same = Output(kind=OutputKind.VALUE, text="1")
    bench = Bench(
        evaluate=lambda overlay, module, probe: (
            Output(kind=OutputKind.VALUE, text=next(values)) if probe.id == "negative" else same
        )
    )
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    assert not bench.checker.confirm(CANDIDATE)
    assert bench.matrix.refused == {"c": "its results change from run to run"}


def test_a_candidate_on_which_nothing_was_run_is_not_confirmed():
    bench = Bench()
    bench.checker.add_candidate(CANDIDATE)  # its outputs cannot be compared, and there is no test at all
    assert not bench.checker.confirm(CANDIDATE)
    assert bench.matrix.refused == {"c": "nothing could be run on it"}


def test_what_repeats_itself_is_confirmed():
    bench = Bench(evaluate=lambda overlay, module, probe: Output(kind=OutputKind.VALUE, text=probe.id))
    bench.checker.add_candidate(CANDIDATE)
    assert bench.checker.confirm(CANDIDATE)


@pytest.mark.parametrize(
    ("given", "confirmed"),
    [
        (Output(kind=OutputKind.VALUE, text="[1]"), True),
        (Output(kind=OutputKind.VALUE, text="[]"), False),
        (Output(kind=OutputKind.EXCEPTION, text="TypeError"), False),
        (Output(kind=OutputKind.INVALID), True),
    ],
)
def test_a_result_that_differs_for_an_iterator_breaks_what_iterable_promises(given, confirmed):
    source = replace(SOURCE, data=SOURCE.data.replace(b"x: int) -> int", b"x: Iterable[int]) -> list[int]"))
    listed = Output(kind=OutputKind.VALUE, text="[1]")
    bench = Bench(evaluate=lambda overlay, module, probe: given if "iter(" in probe.expression else listed)
    bench.matrix.stub = stubs.find(source)[0]
    bench.matrix.add_probes([Probe(id="p", imports="from m import f", setup="", expression="f([1])")])
    bench.checker.add_candidate(CANDIDATE)

    assert bench.checker.confirm(CANDIDATE) is confirmed
    reason = "reads its Iterable more than once, or asks for its length: f(iter([1])) differs"
    assert bench.matrix.refused == ({} if confirmed else {"c": reason})


def test_a_confirmation_runs_every_test_on_its_own():
    bench = Bench()
    bench.checker.add_tests(bench.matrix.add_tests(suite(4)))
    assert bench.calls("isolated") == []
    assert bench.checker.confirm(CANDIDATE)
    (asked,) = bench.calls("isolated")
    assert sorted(asked) == sorted(test.id for test in suite(4))


def test_a_test_that_passes_only_after_others_keeps_a_candidate_from_being_confirmed():
    bench = Bench()
    bench.checker.add_tests(bench.matrix.add_tests(suite(4)))
    bench.sandbox._judge = lambda overlay, test: Verdict.FAIL if test.id == "t2" else Verdict.PASS
    assert not bench.checker.confirm(CANDIDATE)
    assert bench.matrix.refused == {"c": "its verdicts change from run to run"}


def test_trusted_tests_are_run_on_their_own_from_the_start():
    bench = Bench()
    trusted = tuple(GeneratedTest(id=key, name="test_f", source=key, trusted=True) for key in "ab")
    bench.matrix.trusted = trusted
    bench.checker.add_candidate(CANDIDATE)
    assert bench.calls("isolated") == [("a",), ("b",)]
    assert bench.calls("tests") == []


def test_the_gate_of_the_confirmation_is_the_one_that_is_recorded():
    bench = Bench(gate=project_test(BLOCKED, PASSED), judge=lambda overlay, test: Verdict.PASS)
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    assert bench.matrix.gate_tests("c") == ()
    assert bench.checker.confirm(CANDIDATE)
    assert bench.matrix.gate_tests("c") == bench.matrix.gate_tests() == (NODE,)


def test_a_pass_that_is_none_in_a_process_of_its_own_rules_the_candidate_out_on_confirmation():
    bench = Bench(split=lambda overlay, test: PairResult(verdict=Verdict.FAIL, detail="AssertionError"))
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    assert not bench.checker.confirm(CANDIDATE)
    assert bench.matrix.refused == {
        "c": "passes test_f only in one process with it; apart the verdict is fail: AssertionError"
    }


def test_a_drawn_pass_that_is_none_in_a_process_of_its_own_rules_the_candidate_out_at_once(monkeypatch):
    monkeypatch.setattr("pytest_supercharger.splitting.SAMPLED", 1.0)
    bench = Bench(split=lambda overlay, test: Verdict.FAIL)
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    assert "only in one process" in bench.matrix.refused["c"]


class Flaky:
    """Project tests that fail now and then, whatever the body: by the place of the answer, for each test."""

    def __init__(self, *answers, **others):
        self.left = {NODE: list(answers), **{f"t.py::{name}": list(more) for name, more in others.items()}}

    def __call__(self, overlay, nodeids):
        if not overlay:
            open_ = PairResult(verdict=Verdict.FAIL, reached=frozenset({"m:f"}))
            return GateResult(tests=dict.fromkeys(self.left, open_))
        answers = {node: self.left[node].pop(0) if self.left[node] else Verdict.PASS for node in nodeids or ()}
        return GateResult(tests={node: PairResult(verdict=verdict) for node, verdict in answers.items()})


OTHER = Candidate(id="d", text_id="u", body="return h(x)\n")


@pytest.mark.parametrize(("other", "excused"), [("2", True), ("1", False)])
def test_a_project_test_that_changes_for_bodies_that_do_otherwise_does_not_gate(other, excused):
    def evaluate(overlay, module, probe):
        return Output(kind=OutputKind.VALUE, text=other if b"h(x)" in overlay["m.py"] else "1")

    gate = Flaky(Verdict.FAIL, Verdict.PASS, Verdict.FAIL, Verdict.PASS)
    bench = Bench(gate=gate, evaluate=evaluate)
    bench.matrix.add_code([OTHER])
    bench.checker.add_candidate(CANDIDATE)
    assert bench.matrix.failing_trusted("c") == (NODE, "fail")
    assert bench.tests.flaky == ()
    bench.checker.add_candidate(OTHER)
    assert (bench.tests.flaky == (NODE,)) is excused
    for key in "cd":
        assert bench.matrix.vouched(key) is excused


def test_a_project_test_that_fails_each_time_gates_whatever_others_do():
    evaluate = lambda overlay, module, probe: Output(kind=OutputKind.VALUE, text=str(b"h(x)" in overlay["m.py"]))  # noqa: E731
    bench = Bench(gate=Flaky(Verdict.FAIL, Verdict.PASS, Verdict.FAIL, Verdict.FAIL), evaluate=evaluate)
    bench.matrix.add_code([OTHER])
    bench.checker.add_candidate(CANDIDATE)
    bench.checker.add_candidate(OTHER)
    assert bench.tests.flaky == ()
    assert not bench.matrix.vouched("c")
    assert not bench.matrix.vouched("d")


def test_a_second_test_that_fails_each_time_goes_on_gating():
    evaluate = lambda overlay, module, probe: Output(kind=OutputKind.VALUE, text=str(b"h(x)" in overlay["m.py"]))  # noqa: E731
    now_and_then = [Verdict.FAIL, Verdict.PASS] * 2
    bench = Bench(gate=Flaky(*now_and_then, test_g=[Verdict.FAIL, Verdict.FAIL, Verdict.PASS]), evaluate=evaluate)
    bench.matrix.add_code([OTHER])
    bench.checker.add_candidate(CANDIDATE)
    bench.checker.add_candidate(OTHER)
    assert bench.tests.flaky == (NODE,)
    assert bench.matrix.failing_trusted("c") is not None
    assert "t.py::test_g" in bench.matrix.gates["c"].failures
    assert bench.matrix.vouched("d")


def test_bodies_whose_own_results_change_excuse_no_test():
    """Two of them differ from each other by chance alone, and a third that always fails would go free."""
    left = iter(range(1000))

    def evaluate(overlay, module, probe):
        return Output(kind=OutputKind.VALUE, text=str(next(left)))

    bench = Bench(gate=Flaky(*[Verdict.FAIL, Verdict.PASS] * 2, Verdict.FAIL, Verdict.FAIL), evaluate=evaluate)
    constant = Candidate(id="e", text_id="v", body="return 1\n")
    bench.matrix.add_code([OTHER])
    bench.matrix.add_code([constant])
    for candidate in (CANDIDATE, OTHER, constant):
        bench.checker.add_candidate(candidate)
    assert bench.tests.flaky == ()
    assert not any(map(bench.matrix.vouched, "cde"))


def test_a_body_that_failed_both_times_stays_failed_where_the_test_is_to_blame():
    evaluate = lambda overlay, module, probe: Output(  # noqa: E731
        kind=OutputKind.VALUE, text=str(sum(word in overlay["m.py"] for word in (b"h(x)", b"return 1")))
    )
    bench = Bench(gate=Flaky(Verdict.FAIL, Verdict.FAIL, *[Verdict.FAIL, Verdict.PASS] * 2), evaluate=evaluate)
    constant = Candidate(id="e", text_id="v", body="return 1\n")
    bench.matrix.add_code([OTHER])
    bench.matrix.add_code([constant])
    for candidate in (constant, CANDIDATE, OTHER):
        bench.checker.add_candidate(candidate)
    assert bench.tests.flaky == (NODE,)
    assert [bench.matrix.vouched(key) for key in "cde"] == [True, True, False]
