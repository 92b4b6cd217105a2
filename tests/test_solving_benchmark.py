"""`benchmarks/solve` without a sandbox: what the other rules choose from, what is counted, what is judged twice."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pytest_supercharger import stubs
from pytest_supercharger.calibrating import tasks
from pytest_supercharger.calibrating.lines import Lines
from pytest_supercharger.domain import Candidate, GeneratedTest, PairResult, SourceFile, Verdict
from pytest_supercharger.matrix import Matrix

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.append(str(BENCHMARKS))

from solving import figures, judging, rules  # noqa: E402 (benchmarks are no package)

SOURCE = b"from pytest_supercharger import supercharge\n\n\n@supercharge\ndef f(x: int) -> int:\n    '''Return x.'''\n"


def test_other_rules_choose_among_samples_and_not_among_the_readings_beside_them():
    (stub,) = stubs.find(SourceFile(path=Path("m.py"), relpath="m.py", module="m", data=SOURCE))
    matrix = Matrix(stub=stub, trusted=())
    matrix.add_code([Candidate(id=name, text_id=name, body=f"return {name!r}\n") for name in ("said", "beside")])
    matrix.add_tests([GeneratedTest(id="t", name="test_f", source="def test_f(): pass\n")])
    matrix.pairs["said", "t"] = PairResult(verdict=Verdict.FAIL)
    matrix.pairs["beside", "t"] = PairResult(verdict=Verdict.PASS)
    assert rules.codet(matrix, examples=False) == "said"
    assert rules.first_pair(matrix, None) is None


def line(**changed):
    cost = {"codes": 3, "suites": 1, "tokens": 90, "model_seconds": 2.0}
    answer = {"answered": True, "right": True}
    whole = {"group": "Mbpp", "error": "", "seconds": None, "candidates": 3, "right_candidates": 2, "any_right": True}
    return whole | {"rules": dict.fromkeys(figures.NAMES, answer), "cost": cost, "greedy_cost": cost} | changed


def test_a_search_that_failed_is_one_that_we_did_not_answer():
    failed = {"group": "Mbpp", "error": "internal error: x", "search_failed": True}
    lost = {"group": "Mbpp", "error": "the node is gone"}
    group = figures.summary([line(), failed, lost])["all"]
    tried = {name: (rule["tried"], rule["answered"]) for name, rule in group["rules"].items()}
    assert tried == dict.fromkeys(figures.NAMES, (1, 1)) | {"accepted": (2, 1), "top-1": (2, 1)}
    assert group["rules"]["accepted"]["share_answered"] == 0.5


def test_rules_that_choose_from_our_samples_have_no_cost_of_their_own(capsys):
    found = figures.summary([line()])
    costs = {name: rule["tokens"] for name, rule in found["all"]["rules"].items()}
    assert costs == dict.fromkeys(figures.NAMES) | {"accepted": 90, "top-1": 90, "greedy": 90}
    figures.show(found)
    assert capsys.readouterr().out.count("  -") == 4 * 4 * 2


class Busy:
    """A sandbox on which every first run of a test runs out of time."""

    def __init__(self):
        self.seen = set()

    def run_tests(self, overlay, tests, *, isolated):
        (test,) = tests
        verdict = Verdict.PASS if test.id in self.seen else Verdict.TIMEOUT
        self.seen.add(test.id)
        return {test.id: PairResult(verdict=verdict)}


def test_running_out_of_time_once_is_no_verdict(tmp_path):
    task = tasks.Task(
        id="Mbpp/1",
        group="Mbpp",
        module="m",
        name="f",
        source="",
        reference="",
        contract="",
        inputs=([1],),
        atol=0.0,
        view="lambda got, *_: got",
    )
    record = Lines(tmp_path / "verdicts.jsonl")
    judge = judging.Judge(task=task, sandbox=Busy(), record=record, known={}, lock=threading.Lock())
    assert judge.right(b"def f(x): return x\n")
    assert [item["right"] for item in record.items] == [True]


@pytest.mark.parametrize("every", ["0", "-1"])
def test_the_library_is_asked_for_every_first_function_at_least(every):
    command = [sys.executable, BENCHMARKS / "clean", "--library", "--every", every]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--every: give 1 or more" in done.stderr
