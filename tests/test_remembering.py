"""What was accepted outlives an interrupted run, with its evidence, and is believed only as far as it still passes."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest

from pytest_supercharger import evidence, remembering
from pytest_supercharger.bench import Bench
from pytest_supercharger.dependencies import Dependencies
from pytest_supercharger.domain import Candidate, Decision, GeneratedTest, Outcome, PairResult, SourceFile, Verdict
from pytest_supercharger.ledger import Ledger
from pytest_supercharger.options import Settings
from pytest_supercharger.projecttests import ProjectTests
from pytest_supercharger.sandbox.base import GateResult
from pytest_supercharger.sandbox.fake import FakeSandbox
from pytest_supercharger.splitting import Splitting
from pytest_supercharger.stubs import find
from pytest_supercharger.writeback import journal

TEXT = b'''from pytest_supercharger import supercharge


@supercharge
def one() -> int:
    """Return 1."""
    raise NotImplementedError
'''
TEST = GeneratedTest(id="t", name="test_one", source="def test_one():\n    assert one() == 1\n")
NODE = "test_m.py::test_it"


@pytest.fixture
def file(tmp_path):
    return on_disk(tmp_path, TEXT)


def on_disk(folder, data):
    (folder / "m.py").write_bytes(data)
    return SourceFile(path=folder / "m.py", relpath="m.py", module="m", data=data)


def accepted(file):
    (stub,) = find(file)
    candidate = Candidate(id="a", text_id="a", body="return 1\n")
    outcome = Outcome(stub=stub, decision=Decision.ACCEPTED, reason="all agree", probability=0.97, candidate=candidate)
    record = evidence.make(
        stub,
        candidate,
        b"def one():\n    return 1\n",
        probability=0.97,
        model="m",
        candidates=3,
        samples=5,
        tests=[TEST],
        gate=[NODE],
    )
    return outcome, record


def recalled(file, sandbox, refuse=lambda outcome: None, read=None, **given):
    stubs, settings, sources = find(file), Settings(**given), {file.relpath: file}
    bench = Bench(
        tests=ProjectTests(sandbox, None),
        ledger=Ledger(sources, stubs),
        splitting=Splitting(sandbox, level=settings.level),
        dependencies=Dependencies(sandbox, settings.install, ask=lambda module: None),
    )
    bench.tests.discover()
    found = remembering.kept(file.path.parent, sources, stubs, settings, bench, refuse, read)
    return list(found), bench.ledger


def project(*, verdict=Verdict.PASS, gate=Verdict.PASS, apart=Verdict.PASS):
    """A project with one test that reaches the stub while that is open."""

    def run(overlay, nodeids):
        if overlay:
            return GateResult(tests={NODE: PairResult(verdict=gate, detail="no")})
        return GateResult(tests={NODE: PairResult(verdict=Verdict.FAIL, reached=frozenset({"m:one"}))})

    return FakeSandbox(judge=lambda overlay, test: verdict, split=lambda overlay, test: apart, gate=run)


def test_what_was_kept_comes_back_with_its_evidence(file, tmp_path):
    outcome, record = accepted(file)
    remembering.keep(tmp_path, file.data, outcome, record)
    ((again, its_record),), ledger = recalled(file, project())
    assert its_record == record
    assert again.candidate == outcome.candidate
    assert (again.decision, again.probability) == (Decision.ACCEPTED, 0.97)
    assert "all agree" in again.reason
    assert (again.candidates, again.tests, again.samples) == (3, 2, 5)
    assert ledger.is_accepted("m:one")


def test_a_plugin_is_asked_about_what_was_kept(file, tmp_path):
    """It may be another plugin than that of the run that was interrupted."""
    outcome, record = accepted(file)
    remembering.keep(tmp_path, file.data, outcome, record)
    asked = []
    found, ledger = recalled(file, project(), lambda outcome: asked.append(outcome) or "")
    assert (found, [again.candidate for again in asked]) == ([], [outcome.candidate])
    assert not ledger.is_accepted("m:one")


def test_nothing_comes_back_into_a_file_that_has_changed(file, tmp_path):
    remembering.keep(tmp_path, file.data, *accepted(file))
    edited = on_disk(tmp_path, TEXT.replace(b"Return 1.", b"Return 2."))
    assert recalled(edited, project())[0] == []


@pytest.mark.parametrize("failing", [{"verdict": Verdict.FAIL}, {"gate": Verdict.FAIL}])
def test_nothing_comes_back_that_fails_a_recorded_test_or_a_project_test(file, tmp_path, failing):
    remembering.keep(tmp_path, file.data, *accepted(file))
    found, ledger = recalled(file, project(**failing))
    assert found == []
    assert not ledger.is_accepted("m:one")


def test_nothing_comes_back_of_which_nothing_can_be_run_any_more(file, tmp_path):
    outcome, record = accepted(file)
    remembering.keep(tmp_path, file.data, outcome, dataclasses.replace(record, tests=()))
    assert recalled(file, FakeSandbox())[0] == []
    assert len(recalled(file, project())[0]) == 1


@pytest.mark.parametrize("damage", [{"evidence": "{}"}, {"evidence": "[]"}, {"evidence": "no JSON"}])
def test_a_damaged_entry_is_passed_over(file, tmp_path, damage):
    remembering.keep(tmp_path, file.data, *accepted(file))
    (entry,) = journal.read(tmp_path)
    journal.append(tmp_path, dataclasses.replace(entry, **damage))
    assert recalled(file, project())[0] == []


@pytest.mark.parametrize("relpath", ["../m.py", "/dev/zero", "shop/../../m.py"])
def test_an_entry_for_a_file_that_is_not_in_the_project_is_passed_over(file, tmp_path, relpath):
    remembering.keep(tmp_path, file.data, *accepted(file))
    (entry,) = journal.read(tmp_path)
    journal.append(tmp_path, dataclasses.replace(entry, stub_id="m:two", relpath=relpath))
    assert journal.read(tmp_path) == (entry,)


def test_a_body_that_does_not_fit_its_file_is_passed_over(file, tmp_path):
    remembering.keep(tmp_path, file.data, *accepted(file))
    (entry,) = journal.read(tmp_path)
    journal.append(
        tmp_path, dataclasses.replace(entry, candidate=dataclasses.replace(entry.candidate, body="return (\n"))
    )
    assert recalled(file, project())[0] == []


def test_a_run_that_asks_for_more_confidence_does_not_take_what_had_less(file, tmp_path):
    remembering.keep(tmp_path, file.data, *accepted(file))
    assert recalled(file, project(), confidence=0.98)[0] == []
    assert len(recalled(file, project(), confidence=0.97)[0]) == 1


def test_the_confidence_of_a_stub_wins_over_that_of_the_run(file, tmp_path):
    marked = on_disk(tmp_path, TEXT.replace(b"@supercharge\n", b"@supercharge(confidence=0.98)\n"))
    remembering.keep(tmp_path, marked.data, *accepted(marked))
    assert recalled(marked, project(), confidence=0.9)[0] == []


def test_a_run_that_allows_less_does_not_take_what_uses_more(file, tmp_path):
    outcome, record = accepted(file)
    candidate = dataclasses.replace(outcome.candidate, imports=("import os",), body="return os.getpid() * 0 + 1\n")
    remembering.keep(tmp_path, file.data, dataclasses.replace(outcome, candidate=candidate), record)
    assert recalled(file, project())[0] == []
    assert len(recalled(file, project(), allow=("os",))[0]) == 1


def test_at_level_3_what_was_kept_is_run_apart_again(file, tmp_path):
    remembering.keep(tmp_path, file.data, *accepted(file))
    assert recalled(file, project(apart=Verdict.FAIL), level=3)[0] == []
    assert len(recalled(file, project(verdict=Verdict.FAIL), level=3)[0]) == 1


def test_a_module_that_was_fetched_is_fetched_again_where_that_is_allowed(file, tmp_path):
    outcome, record = accepted(file)
    candidate = dataclasses.replace(outcome.candidate, imports=("import yaml",), body="return len(yaml.dump(''))\n")
    remembering.keep(tmp_path, file.data, dataclasses.replace(outcome, candidate=candidate), record)
    for install in (), ("PyYAML",):
        sandbox = project()
        sandbox.lacking = frozenset({"yaml"})
        found, _ = recalled(file, sandbox, install=install)
        assert [again.needs for again, _ in found] == [install] * len(install)
        assert [dict(kept.wheels) for _, kept in found] == [{"PyYAML-1-py3-none-any.whl": "0" * 64}] * len(install)


BOTH = (
    TEXT
    + b"""

@supercharge
def two() -> int:
    'Return 2.'
    raise NotImplementedError
"""
)


@pytest.mark.parametrize(("lost", "back"), [(0, ["m:one", "m:two"]), (1, [])])
def test_those_that_were_chosen_together_come_back_together_or_not_at_all(tmp_path, lost, back):
    file = on_disk(tmp_path, BOTH)
    first, record = accepted(dataclasses.replace(file, data=TEXT))
    one, two = find(file)
    for stub, other in ((one, two), (two, one))[lost:]:
        outcome = dataclasses.replace(first, stub=stub, together={other.id: first.candidate.id})
        remembering.keep(tmp_path, file.data, outcome, dataclasses.replace(record, stub=stub.id))

    def judge(overlay, test):
        """They need each other."""
        return Verdict.FAIL if b"supercharge" in overlay["m.py"] else Verdict.PASS

    found, ledger = recalled(file, FakeSandbox(judge=judge))
    assert [outcome.stub.id for outcome, _ in found] == back
    assert sorted(ledger.accepted()) == back
    assert all(outcome.together for outcome, _ in found)


def test_halves_of_two_joint_choices_are_not_taken_for_one(tmp_path):
    file = on_disk(tmp_path, BOTH)
    first, record = accepted(dataclasses.replace(file, data=TEXT))
    one, two = find(file)

    def keep(stub, other, candidate_id):
        candidate = dataclasses.replace(first.candidate, id=candidate_id)
        outcome = dataclasses.replace(first, stub=stub, candidate=candidate, together={other.id: candidate_id})
        remembering.keep(tmp_path, file.data, outcome, dataclasses.replace(record, stub=stub.id))

    keep(one, two, "old")
    keep(two, one, "old")
    keep(one, two, "new")  # and the second run ends before it keeps the other half
    assert recalled(file, FakeSandbox())[0] == []
    keep(two, one, "new")
    assert [outcome.candidate.id for outcome, _ in recalled(file, FakeSandbox())[0]] == ["new", "new"]


def test_a_function_that_was_being_filled_again_comes_back_when_it_is_again(file, tmp_path):
    """It is open in memory only; the file has its old body, and a run in between changes nothing."""
    old = b"def one() -> int:\n    return 0 + 1\n"
    (tmp_path / "m.py").write_bytes(old)
    remembering.keep(tmp_path, old, *accepted(file))
    journal.clear(tmp_path, ())
    found, _ = recalled(file, project(), read=lambda relpath: (tmp_path / relpath).read_bytes())
    assert [outcome.stub.id for outcome, _ in found] == ["m:one"]


def test_a_file_that_was_edited_while_it_was_searched_gets_nothing_back(file, tmp_path):
    """What was accepted was accepted for the file as it had been read."""
    outcome, record = accepted(file)
    edited = on_disk(tmp_path, TEXT.replace(b"Return 1.", b"Return 2."))
    remembering.keep(tmp_path, file.data, outcome, record)
    assert recalled(edited, project())[0] == []


@pytest.mark.parametrize("lie", [{"stub": "../../elsewhere:one"}, {"stub": "m:two"}, {"relpath": "other.py"}])
def test_evidence_about_something_else_brings_nothing_back(file, tmp_path, lie):
    outcome, record = accepted(file)
    remembering.keep(tmp_path, file.data, outcome, dataclasses.replace(record, **lie))
    assert recalled(file, project())[0] == []


@pytest.mark.parametrize(("body", "back"), [(b"return 1\n", ["m:two"]), (b"return 0 + 1\n", [])])
def test_the_other_half_of_a_choice_that_was_half_written_comes_back(tmp_path, body, back):
    """The power went between two files; the half that is there must be the one that was chosen."""
    file = on_disk(tmp_path, BOTH)
    first, record = accepted(dataclasses.replace(file, data=TEXT))
    one, two = find(file)
    for stub, other in ((one, two), (two, one)):
        outcome = dataclasses.replace(first, stub=stub, together={other.id: first.candidate.id})
        relpath = "m.py" if stub is two else "other.py"
        kept = dataclasses.replace(record, stub=stub.id, qualname=stub.qualname)
        kept = dataclasses.replace(kept, relpath=relpath)
        moved = dataclasses.replace(outcome, stub=dataclasses.replace(stub, relpath=relpath))
        remembering.keep(tmp_path, file.data, moved, kept)
    (tmp_path / "other.py").write_bytes(b"def one():\n    " + body)
    left = dataclasses.replace(file, data=BOTH.replace(TEXT, b"from pytest_supercharger import supercharge\n"))
    (tmp_path / "m.py").write_bytes(left.data)
    (entry,) = [entry for entry in journal.read(tmp_path) if entry.stub_id == "m:two"]
    journal.append(tmp_path, dataclasses.replace(entry, sha256=hashlib.sha256(left.data).hexdigest()))
    found, _ = recalled(left, FakeSandbox())
    assert [(outcome.stub.id, dict(outcome.together)) for outcome, _ in found] == [(name, {}) for name in back]
    journal.clear(tmp_path, ["m:one"])  # as after a write that got no further: one is nothing without the other
    assert {entry.stub_id for entry in journal.read(tmp_path)} == {"m:one", "m:two"}
