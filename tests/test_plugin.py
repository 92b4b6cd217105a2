"""When the plugin acts, what pytest's own run sees of it, and its exit status."""

from __future__ import annotations

import json
import re
import shutil
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from fakes import CODES, STUB, TESTS, FakeGenerator, agreeable, bodies, disagreeable, install

from pytest_supercharger import fits
from pytest_supercharger.calibration import Fit
from pytest_supercharger.domain import PairResult, Verdict
from pytest_supercharger.errors import SourceError
from pytest_supercharger.sandbox.base import GateResult
from pytest_supercharger.session import Session
from pytest_supercharger.solver import Solver
from pytest_supercharger.writeback import files

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
TEST = "from calc import double\n\ndef test_double():\n    assert double(21) == 42\n"


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Modules of one inner run must not be seen by the next; nothing is inherited from the run that runs us."""
    monkeypatch.delenv("PYTEST_SUPERCHARGE_FILLED", raising=False)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name in {"calc", "conftest", "test_calc"}:
            del sys.modules[name]


@pytest.fixture
def generator():
    return FakeGenerator(code=CODES, test=TESTS)


@pytest.fixture
def accepting(monkeypatch, generator):
    sandbox = agreeable()
    install(monkeypatch, sandbox, generator)
    return sandbox


@pytest.fixture
def refusing(monkeypatch, generator):
    sandbox = disagreeable()
    install(monkeypatch, sandbox, generator)
    return sandbox


@pytest.fixture
def project(pytester):
    write(pytester, calc=STUB, test_calc=TEST)
    return pytester


def write(pytester, **files):
    """Byte-exact, unlike makepyfile."""
    for name, text in files.items():
        (pytester.path / f"{name}.py").write_text(text, encoding="utf-8")


def filled(pytester):
    return "supercharge" not in (pytester.path / "calc.py").read_text()


def untouched(pytester):
    return (pytester.path / "calc.py").read_text() == STUB


def test_without_the_flag_nothing_happens(project, accepting):
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    assert untouched(project)
    assert accepting.calls == []


def test_filled_stubs_make_a_green_run_with_status_0(project, accepting):
    result = project.runpytest("--supercharge")
    assert result.ret == 0
    result.assert_outcomes(passed=1)
    assert filled(project)


@pytest.mark.parametrize(("level", "last"), [("2", "isolated"), ("3", "split")])
def test_the_level_holds_from_the_search_to_the_joining(project, accepting, level, last):
    assert project.runpytest("--supercharge", "--supercharge-level", level).ret == 0
    written = (project.path / "calc.py").read_bytes()
    calls = [(kind, overlay) for kind, overlay, _ in accepting.calls if kind in ("isolated", "split", "tests")]
    kinds = [kind for kind, overlay in calls if written in overlay.values()]  # mutants are never written
    assert kinds[-1] == last
    assert ("tests" in kinds) is (level == "2")


def test_a_stub_in_a_module_that_a_conftest_imports_is_filled_first(project, accepting):
    project.makeconftest("import calc\n\nASKED = calc.double\n")
    result = project.runpytest("--supercharge")
    assert result.ret == 0
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("workers", [(), ("-n0",), ("-n2",)])
def test_stubs_are_filled_once_by_the_controller(project, accepting, generator, workers):
    result = project.runpytest("--supercharge", *workers)
    assert result.ret == 0
    result.assert_outcomes(passed=1)
    assert result.stdout.str().count("1 stubs to fill") == 1
    assert filled(project)


@pytest.mark.parametrize("workers", [(), ("-n0",), ("-n2",)])
def test_an_open_stub_is_one_failed_report(project, refusing, workers):
    result = project.runpytest("--supercharge", *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["*calc:double: abstained: no candidate passes the trusted tests*", "STUB OPEN calc.py*"]
    )
    assert untouched(project)


def test_an_open_stub_is_in_the_junit_file(project, refusing):
    project.runpytest("--supercharge", "--junitxml=report.xml")
    cases = ET.parse(project.path / "report.xml").getroot().iter("testcase")
    failures = {case.get("name"): case.find("failure") for case in cases}
    assert "abstained" in failures["double"].text


@pytest.mark.parametrize("choice", ["-k nothing", "-m nothing", "--lf", "-x", "test_calc.py"])
def test_selecting_tests_does_not_select_stubs(project, accepting, choice):
    project.runpytest("--supercharge", *choice.split())
    assert filled(project)


def test_an_open_stub_fails_the_run_also_where_no_test_is_selected(project, refusing):
    assert project.runpytest("--supercharge", "-k", "nothing").ret == pytest.ExitCode.TESTS_FAILED


def test_a_project_without_tests_is_green_when_all_stubs_are_filled(pytester, accepting):
    write(pytester, calc=STUB)
    assert pytester.runpytest("--supercharge").ret == 0


def test_a_project_without_tests_and_stubs_stays_status_5(pytester, accepting):
    write(pytester, calc="x = 1\n")
    result = pytester.runpytest("--supercharge")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["*no stubs marked @supercharge*"])


def test_collect_only_lists_the_stubs_and_fills_nothing(project, accepting):
    result = project.runpytest("--supercharge", "--collect-only")
    result.stdout.fnmatch_lines(["supercharge: 1 stubs", "  calc:double (calc.py:5)"])
    assert untouched(project)
    assert accepting.calls == []


@pytest.mark.parametrize("look", ["--help", "--version", "--markers", "--fixtures", "--cache-show", "--setup-plan"])
def test_looking_modes_never_fill(project, accepting, look):
    project.runpytest("--supercharge", look)
    assert untouched(project)
    assert accepting.calls == []


def test_an_inherited_run_is_inert(project, accepting, monkeypatch):
    monkeypatch.setenv("PYTEST_SUPERCHARGE_FILLED", str(project.path))
    project.runpytest("--supercharge")
    assert untouched(project)


def test_the_environment_is_left_as_it_was(project, accepting, monkeypatch):
    import os

    project.runpytest("--supercharge")
    assert "PYTEST_SUPERCHARGE_FILLED" not in os.environ
    monkeypatch.setenv("PYTEST_SUPERCHARGE_FILLED", "/elsewhere")
    project.runpytest("--supercharge")
    assert os.environ["PYTEST_SUPERCHARGE_FILLED"] == "/elsewhere"


def test_only_selects_stubs(pytester, accepting):
    write(pytester, calc=STUB + STUB.partition("\n\n\n")[2].replace("double", "triple"))
    pytester.runpytest("--supercharge", "--supercharge-only", "calc:dou*")
    text = (pytester.path / "calc.py").read_text()
    assert "@supercharge\ndef triple" in text
    assert "@supercharge\ndef double" not in text


def test_only_that_matches_nothing_is_status_4(project, accepting):
    result = project.runpytest("--supercharge", "--supercharge-only", "nobody:*")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --supercharge-only nobody:* matches no stub; the project has calc:double"])


def test_dry_run_shows_the_diff_and_writes_nothing(project, accepting):
    result = project.runpytest("--supercharge-dry-run")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["-@supercharge", "+    return *"])
    assert untouched(project)
    assert not (project.path / ".supercharge").exists()
    assert "test session starts" not in result.stdout.str()


def test_a_patch_can_be_applied_by_git(project, accepting):
    result = project.runpytest("--supercharge-patch=fill.patch")
    assert result.ret == 0
    assert untouched(project)
    project.run("git", "init", "-q", ".")
    assert project.run("git", "apply", "fill.patch").ret == 0
    assert filled(project)


def test_the_json_file_has_the_agreed_keys(project, accepting):
    project.runpytest("--supercharge", "--supercharge-json=out.json")
    document = json.loads((project.path / "out.json").read_text())
    assert (document["version"], document["calibration"]) == (1, "shipped fit")
    (stub,) = document["stubs"]
    assert stub["stub"] == "calc:double"
    assert (stub["file"], stub["line"], stub["decision"]) == ("calc.py", 5, "accepted")
    assert stub["probability"] >= 0.95
    assert {"reason", "candidates", "tests", "seconds"} <= set(stub)


def test_the_stored_fit_of_the_model_is_used_and_named(project, accepting, generator, monkeypatch):
    monkeypatch.setenv("SUPERCHARGER_STATE", str(project.path / "state"))
    generator.identities = frozenset({"m"})
    fits.save(Fit(a=-9.0, outcomes=36), "m", "scripted")
    result = project.runpytest("--supercharge", "--supercharge-json=out.json")
    result.stdout.fnmatch_lines(["supercharge: probabilities: calibrated on 36 tasks for scripted"])
    document = json.loads((project.path / "out.json").read_text())
    assert document["calibration"] == "calibrated on 36 tasks for scripted"
    assert document["stubs"][0]["decision"] == "abstained"
    assert document["stubs"][0]["probability"] < 0.1


@pytest.mark.parametrize("workers", [(), ("-n0",), ("-n2",)])
def test_check_fails_while_a_stub_is_left(project, accepting, workers):
    result = project.runpytest("--supercharge-check", *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*calc.py:5: calc:double is not filled*"])


def test_check_replays_the_evidence_without_a_model(project, accepting, generator):
    project.runpytest("--supercharge")
    asked = len(generator.questions)
    result = project.runpytest("--supercharge-check")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*1 of 1 accepted functions pass their evidence*"])
    assert len(generator.questions) == asked


def test_check_says_that_code_was_edited_and_still_passes(project, accepting):
    project.runpytest("--supercharge")
    path = project.path / "calc.py"
    path.write_text(path.read_text().replace("    return", "    x = int(x)\n    return"))
    result = project.runpytest("--supercharge-check")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*edited by hand since it was accepted*"])


@pytest.mark.parametrize("flags", [("--collect-only",), ("--setup-plan",), ()])
def test_a_check_is_never_left_out_without_a_word(project, accepting, monkeypatch, flags):
    if not flags:
        monkeypatch.setenv("PYTEST_SUPERCHARGE_FILLED", str(project.path))
    result = project.runpytest("--supercharge-check", *flags)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --supercharge-check *; *"])


def test_forget_deletes_the_evidence_and_nothing_else(project, accepting):
    project.runpytest("--supercharge")
    path = project.path / ".supercharge/evidence/calc/double.json"
    before = (project.path / "calc.py").read_bytes()
    assert path.exists()
    wrong = project.runpytest("--supercharge-forget=calc:half")
    assert wrong.ret == pytest.ExitCode.USAGE_ERROR
    line = "ERROR: --supercharge-forget calc:half matches no function with evidence; there is evidence of calc:double"
    wrong.stderr.fnmatch_lines([line])
    assert path.exists()
    result = project.runpytest("--supercharge-forget=calc:*", "--supercharge-json=out.json", "-n2")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*calc:double: forgotten; .supercharge/evidence/calc/double.json is deleted"])
    assert not path.exists()
    assert (project.path / "calc.py").read_bytes() == before
    assert json.loads((project.path / "out.json").read_text())["forgotten"] == ["calc:double"]
    assert "test session starts" not in result.stdout.str()


AGAIN = "# twice as much\nimport calc_table\n\n" + STUB + '\n\ndef other(x):  # not to be touched\n    return {"x":x}\n'


def test_redo_fills_an_accepted_function_anew_or_leaves_it_as_it_is(project, accepting, generator, monkeypatch):
    write(project, calc=AGAIN, calc_table="")
    assert project.runpytest("--supercharge", "--supercharge-json=out.json").ret == 0
    path, evidence = project.path / "calc.py", project.path / ".supercharge/evidence/calc/double.json"
    path.write_text(path.read_text().replace("return x * 2\n", "y = x  # by hand\n    return y * 2\n"))
    edited, record = path.read_bytes(), evidence.read_bytes()
    assert b"by hand" in edited

    install(monkeypatch, disagreeable(), generator)
    result = project.runpytest("--supercharge-redo=calc:double", "--supercharge-json=out.json")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*1 stubs to fill", "*calc:double: abstained: *; the body that it has stays"])
    result.stdout.fnmatch_lines(["NOT REDONE calc.py*"])
    (entry,) = json.loads((project.path / "out.json").read_text())["stubs"]
    assert (entry["decision"], entry["redo"]) == ("abstained", True)
    assert (path.read_bytes(), evidence.read_bytes()) == (edited, record)

    codes = bodies("double", "x: int", "sum((x, x))", "x + x", "2 * x")
    install(monkeypatch, agreeable(), FakeGenerator(code=codes, test=TESTS))
    result = project.runpytest("--supercharge-redo=calc:*", "--supercharge-patch=redo.patch")
    assert result.ret == 0
    assert (path.read_bytes(), evidence.read_bytes()) == (edited, record)
    assert project.runpytest("--supercharge-redo=calc:*").ret == 0
    written = path.read_bytes()
    path.write_bytes(edited)
    project.run("git", "init", "-q", ".")
    assert project.run("git", "apply", "redo.patch").ret == 0
    assert evidence.read_bytes() != record
    before, _, after = edited.partition(b"    y = x  # by hand\n    return y * 2\n")
    for new in (written, path.read_bytes()):
        assert new.startswith(before + b"    return ")
        assert new.endswith(after)
        assert b"by hand" not in new


@pytest.mark.parametrize("workers", [(), ("-n0",), ("-n2",)])
def test_the_prompt_is_shown_without_node_and_docker(project, monkeypatch, workers):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    many = "".join(f"def number_{n}():\n    '{'Long. ' * 90}'\n\n\n" for n in range(1000))
    write(project, other=STUB.replace("double", "triple"), calc=many + STUB)
    shown = ("--supercharge-show-prompt", "--supercharge-only=calc:*", "--supercharge-json=out.json")
    result = project.runpytest(*shown, *workers)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["--- user", "*def double(x: int) -> int:*", "--- assistant"])
    (entry,) = json.loads((project.path / "out.json").read_text())["prompts"]
    assert entry["stub"] == "calc:double"
    assert entry["characters"] == sum(len(entry[role]) for role in ("system", "user", "assistant"))
    assert f"calc:double (calc.py:{many.count(chr(10)) + 5}): {entry['characters']} characters" in result.stdout.str()
    assert {"number_0", "number_999"} - {*entry["dropped"]} == {"number_999"}
    result.stdout.fnmatch_lines(["supercharge: dropped for want of room: number_0; number_1; *"])
    assert (project.path / "calc.py").read_text() == many + STUB


def test_check_fails_when_the_evidence_fails(project, accepting, monkeypatch):
    project.runpytest("--supercharge")
    install(monkeypatch, disagreeable(), None)
    assert project.runpytest("--supercharge-check").ret == pytest.ExitCode.TESTS_FAILED


def test_check_fails_when_a_project_test_no_longer_runs(project, monkeypatch, generator):
    node = "test_calc.py::test_double"
    stopped = PairResult(verdict=Verdict.FAIL, reached=frozenset({"calc:double"}))
    passed = PairResult(verdict=Verdict.PASS)
    gate = lambda overlay, nodeids: GateResult(tests={node: passed if overlay else stopped})  # noqa: E731
    install(monkeypatch, agreeable(gate=gate), generator)
    assert project.runpytest("--supercharge").ret == 0
    broken = GateResult(errors={"test_calc.py": "ImportError: no module named gone"})
    install(monkeypatch, agreeable(gate=lambda overlay, nodeids: broken), None)
    result = project.runpytest("--supercharge-check")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*calc:double: test_calc.py fails: ImportError*"])


def test_an_error_nobody_foresaw_is_one_line(project, accepting, monkeypatch):
    def reach(self, sandbox):
        raise RuntimeError("surprise")

    monkeypatch.setattr(Session, "_reach", reach)
    result = project.runpytest_inprocess("--supercharge")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = result.stdout.str() + result.stderr.str()
    assert "supercharge failed: RuntimeError: surprise (test_plugin.py:" in said
    assert "please report this as a bug" in said
    assert "Traceback" not in said
    assert untouched(project)


@pytest.mark.parametrize(
    "hook",
    [
        "accept(outcome):\n    if outcome.stub.module == 'other':\n        raise KeyError('oh')\n",
        "question(question):\n    if 'other' in question.stub_id:\n        raise KeyError('oh')\n",
    ],
    ids=["accept", "question"],
)
def test_a_plugin_that_fails_on_one_stub_leaves_the_others_alone(project, accepting, hook):
    write(project, other=STUB)
    project.makepyfile(rude=f"def pytest_supercharge_{hook}")
    project.syspathinsert()
    result = project.runpytest_inprocess("--supercharge", "-p", "rude")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*other:double: error: internal error: KeyError: 'oh' (rude.py:3)"])
    assert filled(project)
    assert (project.path / "other.py").read_text() == STUB


def test_ctrl_c_in_one_stub_stops_them_all(project, accepting):
    write(project, other=STUB)
    project.makepyfile(rude="def pytest_supercharge_accept(outcome):\n    raise KeyboardInterrupt\n")
    project.syspathinsert()
    result = project.runpytest_inprocess("--supercharge", "-p", "rude", no_reraise_ctrlc=True)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert untouched(project)
    assert accepting.closed


@pytest.mark.parametrize("error", [RecursionError("too deep"), KeyError("x"), OSError("read timed out")])
def test_whatever_breaks_in_one_stub_is_that_stubs_error(project, accepting, monkeypatch, error):
    def start(self, stub, *args, real=Solver.__init__):
        if stub.module == "other":
            raise error
        real(self, stub, *args)

    write(project, other=STUB)
    monkeypatch.setattr(Solver, "__init__", start)
    result = project.runpytest_inprocess("--supercharge", "--supercharge-json=out.json")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    stubs = {entry["stub"]: entry for entry in json.loads((project.path / "out.json").read_text())["stubs"]}
    assert stubs["calc:double"]["decision"] == "accepted"
    assert stubs["other:double"]["decision"] == "error"
    assert stubs["other:double"]["reason"].startswith(f"internal error: {type(error).__name__}: ")


def broken(*args, **kwargs):
    raise OSError("no space left")


def loud(path):
    return f"def pytest_supercharge_written(outcome, path):\n    raise ValueError('{path}')\n"


@pytest.mark.parametrize("where", ["writeback.journal.clear", "jsonreport.write_json", "reporting.table", "hook"])
def test_nothing_ends_the_run_once_files_have_changed(project, accepting, monkeypatch, where):
    project.syspathinsert()
    project.makepyfile(rude="" if where != "hook" else loud("no space left"))
    if where != "hook":
        monkeypatch.setattr(f"pytest_supercharger.{where}", broken)
    result = project.runpytest_inprocess("--supercharge", "-p", "rude", "--supercharge-json=out.json")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert filled(project)
    result.assert_outcomes(passed=1, failed=1)  # the ordinary test, and what went wrong
    result.stdout.fnmatch_lines(["supercharge: the files are written, but *no space left*"])
    assert (project.path / "out.json").exists() == (where != "jsonreport.write_json")
    if where != "reporting.table":
        result.stdout.fnmatch_lines(["calc:double *accepted*", "-@supercharge"])


def test_a_file_that_could_not_be_written_beside_others_is_an_error_of_its_functions(pytester, accepting, monkeypatch):
    def apply(changes, real=files.apply):
        real(changes[:1])
        raise SourceError("cannot write the filled sources: disk full; written before that: calc.py")

    write(pytester, calc=STUB, other=STUB, test_calc=TEST)
    with monkeypatch.context() as patched:
        patched.setattr(files, "apply", apply)
        result = pytester.runpytest_inprocess("--supercharge")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*other:double: error: cannot write the filled sources: disk full*"])
    assert filled(pytester)
    assert (pytester.path / "other.py").read_text() == STUB
    install(monkeypatch, agreeable(), FakeGenerator())
    result = pytester.runpytest_inprocess("--supercharge")
    result.stdout.fnmatch_lines(["*other:double: kept from an interrupted run*"])
    assert "supercharge" not in (pytester.path / "other.py").read_text()


@pytest.mark.parametrize(
    "bad", ["supercharge_confidence = high", "supercharge_nodes = nowhere", "supercharge_samples = 0"]
)
def test_a_wrong_ini_value_breaks_only_runs_with_the_flag(project, accepting, bad):
    (project.path / "calc.py").write_text("def double(x):\n    return x * 2\n")
    project.makeini(f"[pytest]\n{bad}\n")
    assert project.runpytest().ret == 0
    result = project.runpytest("--supercharge")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {bad.partition(' ')[0]} is *; give *"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_patch_that_cannot_be_written_is_one_line_with_status_4(project, accepting):
    result = project.runpytest("--supercharge-patch=/dev/full")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*/dev/full cannot be written (No space left on device); give --supercharge-patch*"])


def test_a_module_that_is_already_imported_asks_for_a_second_run(project, accepting):
    project.syspathinsert()
    project.makepyfile(early="import calc\n")
    result = project.runpytest("--supercharge", "-p", "early")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*calc.py was imported before it was filled; run pytest again*"])
    assert filled(project)


def test_an_installed_copy_is_refused(project, accepting, monkeypatch):
    elsewhere = project.mkdir("elsewhere")
    (elsewhere / "pkg").mkdir()
    (elsewhere / "pkg" / "__init__.py").write_text("")
    source = project.path / "src" / "pkg"
    source.mkdir(parents=True)
    (source / "__init__.py").write_text("")
    (source / "mod.py").write_text(STUB)
    (elsewhere / "pkg" / "mod.py").write_text(STUB)
    (project.path / "calc.py").unlink()
    (project.path / "test_calc.py").unlink()
    (project.path / "pytest.ini").write_text("[pytest]\nnorecursedirs = elsewhere\n")
    monkeypatch.syspath_prepend(str(elsewhere))
    result = project.runpytest("--supercharge")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: pkg.mod would be imported from *elsewhere*pip install -e .*"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (STUB.replace("raise NotImplementedError", "return x"), "*calc.py:5*marked but has a body*"),
        ("from pytest_supercharger import supercharge\n\ndef broken(:\n", "*calc.py:3*"),
        (STUB.partition('    """')[0] + "    ...\n", "*calc.py:5*docstring*"),
        (STUB.replace("@supercharge\n", "@supercharge(speed=3)\n"), "*calc.py:5*speed*"),
    ],
    ids=["has a body", "does not parse", "no docstring", "unknown option"],
)
def test_what_cannot_be_a_stub_is_one_line_with_status_4(pytester, accepting, text, message):
    write(pytester, calc=text)
    result = pytester.runpytest("--supercharge")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in result.errlines if line.startswith("ERROR")]
    assert pytest.LineMatcher([line]).fnmatch_lines([message]) is None
    assert (pytester.path / "calc.py").read_text() == text


def test_an_interrupted_run_keeps_what_was_accepted(project, accepting, monkeypatch):
    """The join step is interrupted: nothing is written; the next run writes without a model."""

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("pytest_supercharger.joining.join", interrupted)
        result = project.runpytest("--supercharge", no_reraise_ctrlc=True)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert untouched(project)
    install(monkeypatch, agreeable(), FakeGenerator())
    result = project.runpytest("--supercharge")
    assert result.ret == 0
    assert filled(project)
    result.stdout.fnmatch_lines(["*calc:double: kept from an interrupted run*"])


@pytest.mark.parametrize("what", ["return 'not ours'", "raise KeyError('oh')"])
def test_a_plugin_may_refuse_what_an_interrupted_run_kept(project, accepting, monkeypatch, what):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("pytest_supercharger.joining.join", interrupted)
        assert project.runpytest("--supercharge", no_reraise_ctrlc=True).ret == pytest.ExitCode.INTERRUPTED
    install(monkeypatch, agreeable(), FakeGenerator())
    project.makepyfile(rude=f"def pytest_supercharge_accept(outcome):\n    {what}\n")
    project.syspathinsert()
    result = project.runpytest_inprocess("--supercharge", "-p", "rude")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert untouched(project)
    result.stdout.fnmatch_lines(["*calc:double: what an interrupted run kept is refused by a plugin: *"])


@pytest.fixture
def house_rules(project):
    """The plugin of the examples, as the page of hooks says to use it."""
    shutil.copytree(EXAMPLES / "plugins", project.path / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    project.syspathinsert()
    return ("--supercharge", "-p", "plugins.house_rules")


def test_the_plugin_of_the_examples_changes_questions_and_hears_of_writes(project, accepting, generator, house_rules):
    assert project.runpytest(*house_rules).ret == 0
    said = {question.kind.value: "that a beginner can read" in question.user for question in generator.questions}
    assert said == {"code": True, "test": False}
    noted = (project.path / "supercharged.txt").read_text()
    assert re.fullmatch(r"calc:double in calc\.py, probability 0\.\d\d\n", noted)


def test_the_plugin_of_the_examples_refuses_with_its_reason(project, monkeypatch, house_rules):
    steps = "".join(f"    x{n} = x\n" for n in range(30))
    long = [f"def double(x: int) -> int:\n{steps}    return {text}\n" for text in ("x + x", "2 * x", "x * 2")]
    install(monkeypatch, agreeable(), FakeGenerator(code=long, test=TESTS))
    result = project.runpytest(*house_rules)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*refused by a plugin: 31 lines, and 20 are allowed here*"])
    assert untouched(project)
    assert not (project.path / "supercharged.txt").exists()


def test_a_read_only_file_is_refused_before_a_model_is_asked(project, accepting, generator):
    (project.path / "calc.py").chmod(0o444)
    result = project.runpytest("--supercharge")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: calc.py*read-only*"])
    assert generator.questions == []


def test_a_file_that_changed_meanwhile_is_not_written(project, accepting, monkeypatch):
    path = project.path / "calc.py"

    def gate(overlay, nodeids):
        from pytest_supercharger.sandbox.base import GateResult

        path.write_text(STUB + "\n# edited meanwhile\n")
        return GateResult()

    install(monkeypatch, agreeable(gate=gate), FakeGenerator(code=CODES, test=TESTS))
    result = project.runpytest("--supercharge")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *calc.py*changed*"])
    assert path.read_text() == STUB + "\n# edited meanwhile\n"


def test_a_node_that_is_down_is_one_line_with_status_4(project, monkeypatch):
    monkeypatch.setattr("pytest_supercharger.run.Run._sandbox", lambda self, project: agreeable())
    result = project.runpytest("--supercharge", "--supercharge-node", "127.0.0.1:1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: model node 127.0.0.1:1 is not reachable; start it with *supercharger-node*"])
    assert untouched(project)


def test_no_docker_is_one_line_with_status_4_and_nothing_runs_on_the_host(project, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    result = project.runpytest("--supercharge", "--supercharge-node", "127.0.0.1:1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: Docker is not reachable*"])
    assert untouched(project)
