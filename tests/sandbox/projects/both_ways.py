"""The tests of a project run twice, outside by pytest alone and in the sandbox; one word an item from each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_supercharger.project import Project
from pytest_supercharger.sandbox.base import GateResult, Limits
from pytest_supercharger.sandbox.docker import DockerSandbox

__all__ = ["expected", "inside", "outside", "words"]

_TESTS = Path(__file__).resolve().parents[2]
LIMITS = Limits(seconds=60.0, import_seconds=60.0, gate_seconds=300.0)

# Runs with "" on the module path as `python -m pytest` does, and writes what xdist's controller sees as well.
_RECORDED = """
import json, sys, pytest

class Recorder:
    def __init__(self):
        self.words = {}
    def pytest_collectreport(self, report):
        if report.failed:
            self.words[report.nodeid] = "error"
    def pytest_runtest_logreport(self, report):
        if type(report).__name__ == "SubtestReport":
            word = "fail" if report.failed else "pass"
        elif report.failed:
            word = "fail"
        else:
            word = "skipped" if report.skipped else "pass"
        ranks = ["pass", "skipped", "fail"]
        self.words[report.nodeid] = max(self.words.get(report.nodeid, "pass"), word, key=ranks.index)

recorder = Recorder()
status = pytest.main(sys.argv[2:], plugins=[recorder])
with open(sys.argv[1], "w", encoding="utf-8") as stream:
    json.dump(recorder.words, stream)
sys.exit(status)
"""


def outside(project: Path, answer: Path, *arguments: str, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """What pytest says of each item of this trusted project, in a process of its own on this machine."""
    command = [sys.executable, "-B", "-c", _RECORDED, str(answer), "-p", "no:supercharger", *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    done = subprocess.run(
        command,
        cwd=project,
        env={**kept, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        preexec_fn=_heeding_signals,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found: dict[str, str] = json.loads(answer.read_text("utf-8"))
    return found


def _heeding_signals() -> None:
    # Who runs these tests in the background or by nohup ignores some, and so would what they start.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


def inside(project: Path) -> GateResult:
    """What the sandbox says of the same tests."""
    ours = [path for path in sys.path if not path.startswith(str(_TESTS))]  # pytest put folders of this suite there
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", ours)
        return _gate(project)


def _gate(project: Path) -> GateResult:
    roots = Project.discover(project, norecurse=(), pythonpath=()).roots
    with DockerSandbox(project, roots=roots, limits=LIMITS, slots=1) as sandbox:
        return sandbox.gate({}, None)


def words(result: GateResult) -> dict[str, str]:
    """The result of a gate run in the words of `outside`."""
    assert result.problem == "", result.problem
    assert not result.skipped & result.tests.keys()
    found = {node: "pass" if pair.verdict.value == "pass" else "fail" for node, pair in result.tests.items()}
    return found | dict.fromkeys(result.skipped, "skipped") | dict.fromkeys(result.errors, "error")


def expected(node: str) -> str:
    """What the name of a test says that will come of it."""
    name = node.rpartition("::")[2].partition("[")[0]
    if name.endswith("_fails"):
        return "fail"
    return "skipped" if name.endswith(("skips", "xfails", "skips.py")) else "pass"
