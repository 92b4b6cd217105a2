"""Evidence of a function that was accepted with a fetched distribution is checked with it, and with no other file."""

from __future__ import annotations

import dataclasses
import io
from contextlib import nullcontext

import pytest

from pytest_supercharger import checking, evidence, finding, fingerprints, shelf
from pytest_supercharger.domain import Output, OutputKind, PairResult, Verdict
from pytest_supercharger.errors import SettingsError
from pytest_supercharger.options import Settings
from pytest_supercharger.project import Project
from pytest_supercharger.reopening import reopen
from pytest_supercharger.reporting import Reporter
from pytest_supercharger.sandbox.base import GateResult
from pytest_supercharger.sandbox.fake import FakeSandbox

SOURCE = b"import yaml\n\n\ndef f(x):\n    return yaml.safe_load(x)\n"


KNOWN = fingerprints.Known(qualname="f")


def record(wheels):
    return evidence.Record(
        stub="m:f",
        module="m",
        qualname="f",
        relpath="m.py",
        function_hash=fingerprints.of(SOURCE, KNOWN).function,
        candidate_id="c",
        probability=0.97,
        model="scripted",
        candidates=1,
        samples=1,
        tests=(evidence.RecordedTest(name="test_f", source="def test_f(): pass\n", trusted=True),),
        gate=(),
        wheels=wheels,
    )


def run(folder, sandbox, **settings):
    """What the check comes to, and what was said."""
    said = io.StringIO()
    work = finding.find(Project.discover(folder, norecurse=[], pythonpath=[]))
    found = checking.check(work, lambda: nullcontext(sandbox), Reporter(said), Settings(**settings))
    return found, said.getvalue()


def checked(folder, wheels, install=(), level=2, sandbox=None):
    """Whether the check is content with a function that was accepted with these wheels; the sandbox; what was said."""
    (folder / "m.py").write_bytes(SOURCE)
    shelf.save(folder, record(wheels))
    sandbox = sandbox or FakeSandbox()
    sandbox.lacking = frozenset({"yaml"})
    found, said = run(folder, sandbox, install=tuple(install), level=level)
    return all(checked.passes for checked in found), sandbox, said


@pytest.mark.parametrize(
    ("wheels", "install", "fetched"),
    [({"a.whl": "0"}, ["PyYAML"], [("PyYAML",)]), ({"a.whl": "0"}, [], []), ({}, ["PyYAML"], [])],
)
def test_what_a_function_was_accepted_with_is_fetched_where_that_is_allowed(tmp_path, wheels, install, fetched):
    good, sandbox, said = checked(tmp_path, wheels, install)
    assert good
    assert [asked for kind, _, asked in sandbox.calls if kind == "install"] == fetched
    assert ("allow it with --supercharge-install PyYAML" in said) == (bool(wheels) and not install)


FETCHED = "PyYAML-1-py3-none-any.whl"  # by the fake sandbox, with a digest of zeros


@pytest.mark.parametrize(
    ("then", "digest", "good", "line"),
    [
        (FETCHED, "0" * 64, True, ""),
        (FETCHED, "1" * 64, False, f"{FETCHED} is not the file it was accepted with: its SHA-256 is now {'0' * 64}"),
        (
            "pyyaml-0-py3-none-any.whl",
            "1" * 64,
            True,
            f"was accepted with pyyaml-0-py3-none-any.whl, and is checked with {FETCHED}",
        ),
    ],
    ids=["the same", "another content", "another version"],
)
def test_what_is_fetched_now_is_compared_with_what_was_fetched_then(tmp_path, then, digest, good, line):
    content, _, said = checked(tmp_path, {then: digest}, ["PyYAML"])
    assert content is good
    told = [text for text in said.splitlines() if "m:f: " in text]
    assert [text.partition("m:f: ")[2] for text in told] == ([line] if line else [])


@pytest.mark.parametrize(("level", "good"), [(2, True), (3, False)])
def test_the_check_is_done_at_the_level_of_the_run(tmp_path, level, good):
    sandbox = FakeSandbox(split=lambda overlay, test: Verdict.FAIL)
    assert checked(tmp_path, {}, level=level, sandbox=sandbox)[0] is good
    kind, seen, _ = sandbox.calls[-1]
    assert kind == ("isolated" if good else "split")
    # The test's half sees the function as it was before: a stub.
    assert seen == ({} if good else {"m.py": reopen(SOURCE, [KNOWN])})


@pytest.mark.parametrize(
    ("now", "passes", "edited"),
    [
        (SOURCE, True, False),
        (SOURCE.replace(b"return", b"x = x\n    return"), True, True),
        (SOURCE.replace(b"(x)", b"(x, y=0)"), False, False),
        (SOURCE.replace(b"    return", b"    'Load x.'\n    return"), False, False),
        (b"import yaml\n", False, False),
    ],
    ids=["the same", "edited", "another signature", "another docstring", "gone"],
)
def test_a_body_may_be_edited_and_a_specification_may_not(tmp_path, now, passes, edited):
    specification = fingerprints.of(SOURCE, KNOWN).specification
    shelf.save(tmp_path, dataclasses.replace(record({}), specification=specification))
    (tmp_path / "m.py").write_bytes(now)
    (found,), said = run(tmp_path, FakeSandbox())
    assert (found.passes, found.edited) == (passes, edited)
    assert (len(found.lines) == 1) is (now is not SOURCE)
    assert ("--supercharge-forget m:f" in said) is not passes
    assert set(found.entry()) == {"stub", "file", "filled", "passes", "edited", "lines"}


def test_project_tests_that_are_skipped_here_are_named_and_are_no_evidence_alone(tmp_path):
    (tmp_path / "m.py").write_bytes(SOURCE)
    sandbox = FakeSandbox(gate=lambda overlay, nodeids: GateResult(skipped=frozenset({"t.py::a"})))
    shelf.save(tmp_path, dataclasses.replace(record({}), gate=("t.py::a",)))
    (found,), said = run(tmp_path, sandbox)
    assert found.passes
    assert "m:f: 1 of its 1 project tests are skipped here: t.py::a" in said
    shelf.save(tmp_path, dataclasses.replace(record({}), gate=("t.py::a",), tests=()))
    (found,), said = run(tmp_path, sandbox)
    assert not found.passes
    assert "m:f: nothing of its evidence could be run" in said


def test_only_restricts_the_check_to_what_it_names(tmp_path):
    (tmp_path / "m.py").write_bytes(SOURCE)
    mark = "from pytest_supercharger import supercharge\n\n\n@supercharge\n"
    (tmp_path / "n.py").write_text(f"{mark}def g():\n    'Do it.'\n    ...\n")
    shelf.save(tmp_path, record({}))
    chosen = {glob: run(tmp_path, FakeSandbox(), only=(glob,))[0] for glob in ("m:*", "n:*", "*")}
    assert {glob: [one.stub for one in found] for glob, found in chosen.items()} == {
        "m:*": ["m:f"],
        "n:*": ["n:g"],
        "*": ["n:g", "m:f"],
    }
    assert [(one.filled, one.passes) for one in chosen["*"]] == [(False, False), (True, True)]
    with pytest.raises(SettingsError, match="--supercharge-only x matches no stub and no evidence"):
        run(tmp_path, FakeSandbox(), only=("x",))


def test_a_function_whose_definition_does_not_run_here_is_named_and_nothing_is_held_against_it(tmp_path):
    (tmp_path / "m.py").write_bytes(b"if w:\n    def f(x): return 1\nelse:\n    def f(x): return 2\n")
    sandbox = FakeSandbox(
        judge=lambda overlay, test: Verdict.FAIL,
        evaluate=lambda overlay, module, probe: Output(
            kind=OutputKind.VALUE, text=str(probe.expression.endswith(", 4)"))
        ),
    )
    hashed = fingerprints.of((tmp_path / "m.py").read_bytes(), KNOWN).function
    shelf.save(tmp_path, dataclasses.replace(record({}), function_hash=hashed))
    (found,), _ = run(tmp_path, sandbox)
    assert found.passes
    line = "cannot be checked on this machine: the definition of line 2 does not run here, that of line 4 does"
    assert found.lines == [line]
    shelf.save(tmp_path, dataclasses.replace(record({}), stub="m:f#2", function_hash=""))
    assert [one.passes for one in run(tmp_path, sandbox)[0]] == [True, False]


@pytest.mark.parametrize("whole", [False, True])
def test_a_project_test_that_rests_on_others_is_checked_among_them(tmp_path, whole):
    def gate(overlay, nodeids):
        among = nodeids is None or (not whole and "t.py" in nodeids)
        tests = {"t.py::test_f": among, "t.py::broken": False} if among else {"t.py::test_f": False}
        return GateResult(tests={k: PairResult(verdict=Verdict.PASS if v else Verdict.FAIL) for k, v in tests.items()})

    (tmp_path / "m.py").write_bytes(SOURCE)
    shelf.save(tmp_path, dataclasses.replace(record({}), gate=("t.py::test_f",)))
    (found,), said = run(tmp_path, FakeSandbox(gate=gate))
    assert found.passes, said
