"""Generated tests are saved where they pass, and only over what was saved before."""

from __future__ import annotations

import dataclasses
import os
import re
import stat

import pytest

from pytest_supercharger import evidence, keeping, shelf
from pytest_supercharger.bench import Bench
from pytest_supercharger.clean.layout import Style
from pytest_supercharger.dependencies import Dependencies
from pytest_supercharger.domain import Candidate, Decision, Outcome, PairResult, SourceFile, Verdict
from pytest_supercharger.ledger import Ledger
from pytest_supercharger.projecttests import ProjectTests
from pytest_supercharger.sandbox.base import GateResult
from pytest_supercharger.sandbox.fake import FakeSandbox
from pytest_supercharger.splitting import Splitting
from pytest_supercharger.stubs import find

TEXT = "from pytest_supercharger import supercharge\n" + "".join(
    f'\n\n@supercharge\ndef {name}(x: int) -> int:\n    """Do."""\n    ...\n' for name in "fg"
)
PASS, FAIL = PairResult(verdict=Verdict.PASS), PairResult(verdict=Verdict.FAIL, detail="AssertionError: no\nmore")


def recorded(name, *values):
    """Recorded tests of a function, one an expected value; the last one is trusted, and one more has no vote."""
    sources = [f"from m import {name}\n\ndef test_0():\n    assert {name}({value}) == {value}\n" for value in values]
    made = [evidence.RecordedTest(name="test_0", source=source, trusted=False, voted=True) for source in sources]
    idle = evidence.RecordedTest(name="test_0", source=sources[0].replace("==", ">="), trusted=False)
    return (*made, idle, evidence.RecordedTest(name="test_0", source=sources[0], trusted=True, voted=True))


class Case:
    """A project with the stubs f and g, of which f is accepted now."""

    def __init__(self, root, *, failing=()):
        self.root, self.failing, self.said = root, failing, []
        (root / "m.py").write_text(TEXT)
        file = SourceFile(path=root / "m.py", relpath="m.py", module="m", data=TEXT.encode())
        self.stubs = find(file)
        self.sandbox = FakeSandbox(gate=self.gate)
        self.bench = Bench(
            tests=ProjectTests(self.sandbox, None),
            ledger=Ledger({"m.py": file}, self.stubs),
            splitting=Splitting(self.sandbox),
            dependencies=Dependencies(self.sandbox, ask=lambda module: None),
        )
        body = Candidate(id="c", text_id="c", body="return x\n")
        self.outcome = Outcome(stub=self.stubs[0], decision=Decision.ACCEPTED, reason="", candidate=body)
        self.bench.ledger.settle(self.outcome)
        self.path = root / "tests" / "test_m_saved.py"
        self.path.parent.mkdir(exist_ok=True)

    def gate(self, overlay, nodeids):
        """Every function of the file passes, but for the failing ones."""
        (relpath,) = nodeids
        assert b"return x" in overlay["m.py"]
        names = re.findall(r"^def (test_\w+)", overlay[relpath].decode(), re.MULTILINE)
        values = dict(zip(names, re.findall(r"\((\d)\) ==", overlay[relpath].decode()), strict=True))
        return GateResult(tests={f"{relpath}::{n}": FAIL if v in self.failing else PASS for n, v in values.items()})

    def record(self, name, *values):
        (stub,) = [stub for stub in self.stubs if stub.qualname == name]
        return evidence.Record(
            stub=stub.id,
            module="m",
            qualname=name,
            relpath="m.py",
            function_hash="",
            candidate_id="c",
            probability=1.0,
            model="",
            candidates=1,
            samples=1,
            tests=recorded(name, *values),
            gate=(),
        )

    def save(self, *values):
        place = keeping.Place(
            root=self.root, folder=self.path.parent, style=Style(), allow=frozenset(), say=self.said.append
        )
        files = keeping.prepare(place, self.stubs, {"m:f": self.record("f", *values)}, self.bench)
        return keeping.write(files, [self.outcome], self.said.append)

    def functions(self):
        return re.findall(r"^def (\w+)|assert (.*)$", self.path.read_text(), re.MULTILINE)


def test_tests_with_a_vote_are_saved_together_with_those_of_earlier_runs(tmp_path):
    case = Case(tmp_path)
    shelf.save(tmp_path, case.record("g", 7))
    assert case.save(1, 2) == (("tests/test_m_saved.py",), ())
    expected = [("test_f_1", "f(1) == 1"), ("test_f_2", "f(2) == 2"), ("test_g_1", "g(7) == 7")]
    assert case.functions() == [part for name, check in expected for part in ((name, ""), ("", check))]
    assert "from m import f, g\n" in case.path.read_text()
    assert case.said == ["tests/test_m_saved.py: 3 tests saved; they run on this machine from now on, so read them"]
    before = case.path.read_bytes()
    case.save(1, 2)
    assert case.path.read_bytes() == before
    case.save(3)
    assert len(case.functions()) == 4
    assert [path.name for path in case.path.parent.iterdir()] == ["test_m_saved.py"]


def test_what_does_not_pass_as_an_ordinary_test_is_named_and_left_out(tmp_path):
    case = Case(tmp_path, failing="1")
    case.save(1, 2)
    assert case.functions() == [("test_f_1", ""), ("", "f(2) == 2")]
    line = "tests/test_m_saved.py: test_f_1 is not saved, as it does not pass as an ordinary test: AssertionError: no"
    assert case.said[0] == line
    case = Case(tmp_path, failing="2")
    assert case.save(2) == ((), ())
    assert case.said[-1] == "tests/test_m_saved.py: no generated test is left to be saved"


@pytest.mark.parametrize("text", ["def test_mine(): pass\n", None], ids=["of the user's", "changed by the user"])
def test_a_file_of_somebody_else_is_never_overwritten(tmp_path, text):
    case = Case(tmp_path)
    case.save(1)
    case.path.write_text(text or case.path.read_text() + "\n\ndef test_mine(): pass\n")
    before = case.path.read_bytes()
    assert case.save(1, 2) == ((), ())
    assert case.path.read_bytes() == before
    assert case.said[-1].startswith("tests/test_m_saved.py: is not as --supercharge-save-tests wrote it, so it stays")


def test_a_file_that_comes_meanwhile_stays_and_is_told(tmp_path):
    case = Case(tmp_path)
    original = case.gate
    case.sandbox._gate = lambda overlay, nodeids: (case.path.write_text("mine"), original(overlay, nodeids))[1]
    done, problems = case.save(1)
    assert done == ()
    (problem,) = problems
    assert problem.startswith(
        "tests/test_m_saved.py came into being meanwhile, so it stays; rename it, then run pytest"
    )
    assert problem.endswith(" --supercharge-redo='m:*' --supercharge-save-tests")
    assert case.path.read_text() == "mine"
    assert [path.name for path in case.path.parent.iterdir()] == ["test_m_saved.py"]


def test_where_the_function_was_not_written_neither_are_its_tests(tmp_path):
    case = Case(tmp_path)
    case.outcome = Outcome(stub=case.stubs[0], decision=Decision.ERROR, reason="read-only")
    assert case.save(1) == ((), ())
    assert not case.path.exists()


def test_a_rewritten_file_keeps_its_mode_and_no_planted_link_is_followed(tmp_path):
    case = Case(tmp_path)
    case.save(1)
    case.path.chmod(0o640)
    victim = tmp_path / "victim.txt"
    victim.write_text("mine")
    case.path.with_name(f".{case.path.name}.{os.getpid()}.tmp").symlink_to(victim)
    case.save(1, 2)
    assert victim.read_text() == "mine"
    assert stat.S_IMODE(case.path.stat().st_mode) == 0o640
    assert not case.path.is_symlink()
    assert len(case.functions()) == 4


def test_a_record_that_somebody_changed_brings_no_test_that_is_not_on_the_list(tmp_path):
    case = Case(tmp_path)
    record = case.record("g", 7)
    source = "import logging\nfrom m import g\n\ndef test_0():\n    logging.__dict__['os'].x\n    assert g(7) == 7\n"
    evil = evidence.RecordedTest(name="test_0", source=source, trusted=False, voted=True)
    shelf.save(tmp_path, dataclasses.replace(record, tests=(*record.tests, evil)))
    case.save(1)
    assert "logging" not in case.path.read_text()
    assert "tests/test_m_saved.py: 1 x not saved: import logging, which is not on the list" in case.said
