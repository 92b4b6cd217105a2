"""The whole example project, filled by a model whose answers are known: methods, a coroutine, fixtures, parameters."""

from __future__ import annotations

import ast
import difflib
import re
import shutil
from pathlib import Path

import answers
import pytest
from commands import supercharge
from replay import decisions, node

from pytest_supercharger.domain import Verdict
from pytest_supercharger.sandbox.docker import DockerSandbox

pytestmark = pytest.mark.docker

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MODULES = ("shop/orders.py", "shop/pricing.py", "shop/text.py")


def copy_of(project, folder):
    return Path(shutil.copytree(project, folder / "shop", ignore=shutil.ignore_patterns("__pycache__", ".*_cache")))


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """One run over a copy of the example: the project afterwards, the run, its decisions. Tests leave it as it is."""
    folder = tmp_path_factory.mktemp("filled")
    project = copy_of(ROOT / "examples", folder)
    report = folder / "decisions.json"
    with node(folder, answers.read(HERE / "cases" / "corner_shop.md")) as running:
        done = supercharge(project, "--supercharge-node", running.address, f"--supercharge-json={report}")
    return project, done, decisions(report)


@pytest.fixture
def project(filled, tmp_path):
    """A copy of the filled example that a test may change."""
    return copy_of(filled[0], tmp_path)


def test_every_stub_is_accepted_and_the_tests_pass(filled):
    _, done, decided = filled
    assert done.returncode == 0, done.stdout
    assert {entry["decision"] for entry in decided.values()} == {"accepted"}
    assert len(decided) == 12
    assert re.search(r"^=+ \d+ passed in", done.stdout, re.MULTILINE)


def test_nothing_but_markers_bodies_and_imports_changes(filled):
    for relpath in MODULES:
        old, new = ((root / relpath).read_text("utf-8") for root in (ROOT / "examples", filled[0]))
        changes = difflib.SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False).get_opcodes()
        assert gone(old.splitlines(), changes) <= {
            "from pytest_supercharger import supercharge",
            "@supercharge",
            "raise NotImplementedError",
            "",
        }
        assert added(new.splitlines(), changes) <= bodies(new) | {"import re", ""}


def gone(lines, changes):
    return {line.strip() for tag, begin, end, *_ in changes if tag != "equal" for line in lines[begin:end]}


def added(lines, changes):
    return {line for tag, *_, begin, end in changes if tag != "equal" for line in lines[begin:end]}


def bodies(text):
    """The lines of all functions below signature and docstring."""
    lines = text.splitlines()
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {line for node in functions for line in lines[node.body[0].end_lineno : node.end_lineno]}


def test_what_was_accepted_is_right_by_tests_no_model_has_seen(project):
    shutil.copytree(ROOT / "benchmarks" / "reference", project / "reference")
    with DockerSandbox(project, slots=1) as sandbox:
        result = sandbox.gate({}, ["reference"])
    assert (result.problem, dict(result.errors)) == ("", {})
    assert len(result.tests) > 70
    assert [node for node, pair in result.tests.items() if pair.verdict is not Verdict.PASS] == []


def test_a_second_run_has_nothing_to_fill(project):
    done = supercharge(project)
    assert done.returncode == 0, done.stdout
    assert "supercharge: no stubs marked @supercharge" in done.stdout
    assert re.search(r"^=+ \d+ passed in", done.stdout, re.MULTILINE)


def test_a_check_finds_the_body_that_was_broken_by_hand(project):
    assert "@supercharge" not in (project / "shop/text.py").read_text("utf-8")
    done = supercharge(project, flag="--supercharge-check")
    assert done.returncode == 0, done.stdout
    assert "12 of 12 accepted functions pass their evidence" in done.stdout

    begin_with(project / "shop/text.py", "initials", 'name += " x"')
    begin_with(project / "shop/orders.py", "most_expensive", "pass")
    done = supercharge(project, flag="--supercharge-check")
    assert done.returncode == 1, done.stdout
    assert "shop.text:initials: edited by hand since it was accepted" in done.stdout
    assert "shop.orders:Cart.most_expensive: edited by hand since it was accepted" in done.stdout
    assert "11 of 12 accepted functions pass their evidence" in done.stdout
    assert re.search(r"shop\.text:initials: \S+: fail: AssertionError", done.stdout)


def begin_with(path, name, line):
    """Put a line between docstring and body of a function: which of the right bodies stands there is open."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    (function,) = [n for n in ast.walk(ast.parse("".join(lines))) if getattr(n, "name", "") == name]
    first = function.body[1]
    lines.insert(first.lineno - 1, " " * first.col_offset + line + "\n")
    path.write_text("".join(lines), "utf-8")
