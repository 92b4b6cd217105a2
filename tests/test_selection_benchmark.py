"""`benchmarks/selection` on pools small enough to know what it has to say."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "selection"
sys.path.append(str(BENCHMARK.parent))

from selecting import accepting, fitting, pools  # noqa: E402 (benchmarks are no package)


def row(outputs, *, right):
    """A candidate with three tests, two mutated inputs and two examples; only right ones pass any."""
    return {
        "loads": True,
        "tests": "111" if right else "000",
        "outputs": outputs[:3],
        "fuzz": outputs[3:],
        "examples": [int(right)] * 2,
        "right": right,
        "right_humaneval": right,
    }


def task(number, *, solved=True):
    """Ten samples: mostly the right one in several texts, or only functions that return a constant."""
    rows = [row([1, 2, 3, 4, 5], right=solved) for _ in range(5)] + [row([6] * 5, right=False)]
    return {
        "task": f"T/{number}",
        "samples": [0, 1, 2, 3, 4, 0, 1, 2, 5, 5],
        "suites": [[0, 1], [2], [0, 2], [1]],
        "tests": 3,
        "examples": 2,
        "candidates": rows,
    }


@pytest.fixture
def folder(tmp_path):
    for name in pools.POOLS:
        records = [task(number, solved=number < 8) for number in range(12)]
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.write("\n".join(map(json.dumps, records)))
    return tmp_path


def run(*arguments):
    return subprocess.run([sys.executable, BENCHMARK, *arguments], capture_output=True, text=True, check=False)


def test_the_command_prints_and_writes_its_figures(folder):
    json_file, picture = folder / "out.json", folder / "curve.svg"
    done = run("--data", folder, "--draws", "2", "--fit", "--json", json_file, "--picture", picture)
    assert done.returncode == 0, done.stderr
    figures = json.loads(json_file.read_text(encoding="utf-8"))
    assert figures["ranking"]["right"]["ours"] == pytest.approx([8 / 12] * 12)
    accepted = {row["setting"]: row for row in figures["acceptance"]}["s10,5e"]
    assert 0 < accepted["accepted"] <= 8 / 12
    assert accepted["precision"] == 1.0
    assert picture.read_text(encoding="utf-8").count("<polyline") == 6
    assert "fewer samples than the same budget" in done.stdout


def test_a_folder_without_pools_is_one_line(tmp_path):
    done = run("--data", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"selection: {tmp_path / 'weak.jsonl.gz'} is not a pool")
    assert len(done.stderr.splitlines()) == 1


def test_a_draw_counts_equal_texts_and_equal_tests(folder):
    (order,) = pools.orders(pools.read(folder)["weak"][0], 1)
    evidence = order.evidence(10, 4, trusted=1)
    assert {b.id: b.samples for b in evidence.behaviours} == {"0": 2, "1": 2, "2": 2, "3": 1, "4": 1, "5": 2}
    assert evidence.weights == (2.0, 2.0, 2.0)
    assert [b.trusted for b in evidence.behaviours] == [True] * 5 + [False]
    assert evidence.behaviours[5].passes == ()  # a live run does not get so far


def test_intervals_and_calibration():
    assert accepting.wilson(9, 10) == pytest.approx((0.596, 0.982), abs=1e-3)
    assert accepting.wilson(0, 0) == (0.0, 1.0)
    assert accepting.calibration_error([(0.95, True), (0.95, False), (0.15, False)]) == pytest.approx((0.9 + 0.15) / 3)


def case(number, value, *, right):
    return accepting.Case(
        pool="weak",
        codes=5,
        trusted=True,
        task=f"T/{number}",
        terms=dict.fromkeys(fitting.PRIOR, 0.0) | {"loo": value},
        probability=0.5,
        conditions=True,
        right=right,
        right_humaneval=right,
    )


def test_the_fit_follows_the_outcomes_and_a_task_has_no_say_in_its_own_probability():
    cases = [case(number, number % 2, right=number % 2 == 1) for number in range(400)]
    weights = fitting.fit(cases)
    assert weights["loo"] > fitting.PRIOR["loo"]
    assert weights["con"] == pytest.approx(fitting.PRIOR["con"])
    changed = [case(0, 0.0, right=True), *cases[1:]]
    assert fitting.held_out(changed)(changed[0]) == fitting.held_out(cases)(cases[0])
