"""`supercharger calibrate` on three of its tasks: real search, real containers, a node that answers from a file."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from replay import fenced, node

from pytest_supercharger import client, containers, fits
from pytest_supercharger.calibrating import judging, library
from pytest_supercharger.calibrating.command import Calibrate
from pytest_supercharger.calibrating.layout import lay_out
from pytest_supercharger.options import Settings
from pytest_supercharger.reporting import Reporter

TASKS = {task.name: task for task in library.shipped()}
THREE = [TASKS[name] for name in ("count_between", "every_second", "limited")]
CODES = {
    "count_between": (
        "def count_between(numbers: list[int], low: int, high: int) -> int:\n",
        "return sum(low <= n <= high for n in numbers)",
        "return len([n for n in numbers if low <= n <= high])",
        "return sum(1 for n in numbers if n >= low and n <= high)",
        "return len(list(filter(lambda n: low <= n <= high, numbers)))",
    ),
    "every_second": (  # nothing is trusted here, and all agree on the wrong half
        "def every_second(items: list[object]) -> list[object]:\n",
        "return items[1::2]",
        "return [item for i, item in enumerate(items) if i % 2]",
        "return list(items)[1::2]",
        "return [items[i] for i in range(1, len(items), 2)]",
    ),
    "limited": ("def limited(value: float, low: float, high: float) -> float:\n", *["return value"] * 4),
}
TESTS = {
    "count_between": "def test_count_between():\n    assert count_between([1, 2], 0, 9) == 2\n",
    "every_second": "def test_every_second():\n    assert every_second([1, 2, 3]) == [2]\n",
    "limited": "def test_limited():\n    assert limited(1, 0, 2) == 1\n",
}


def entries():
    for name, (header, *bodies) in CODES.items():
        stub = TASKS[name].stub_id
        yield from ({"kind": "code", "stub": stub, "text": fenced(f"{header}    {body}\n")} for body in bodies)
        yield {"kind": "test", "stub": stub, "text": fenced(TESTS[name])}
    yield {"kind": "judge", "stub": "*", "score": 0.9}


def calibrate(address, tasks, **more):
    said = io.StringIO()
    settings = Settings(dry_run=True, nodes=(address,), samples=4, suites=1, time=60.0)
    status = Calibrate(settings=settings, reporter=Reporter(said), tasks=lambda: tasks, **more).run()
    return status, said.getvalue()


@pytest.mark.docker
def test_the_best_candidate_of_each_task_is_judged_and_a_second_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.setenv("SUPERCHARGER_STATE", str(tmp_path / "state"))
    report = tmp_path / "figures.json"
    with node(tmp_path, [*entries()]) as running:
        status, said = calibrate(running.address, THREE[:2])
        assert status == 0, said
        assert "2 tasks for replay:replay.jsonl (replay), 0 of them known already" in said
        status, said = calibrate(running.address, THREE, json=report)
        assert status == 0, said
        assert "3 tasks for replay:replay.jsonl (replay), 2 of them known already" in said
        _, again = calibrate(running.address, THREE)
        assert "accepted (" not in again, "searched again"
        with client.NodePool([running.address]) as pool:
            used = fits.look_up(pool)
    figures = json.loads(report.read_text())
    assert [(row["task"], row["trusted"], row["right"], row["judged"]) for row in figures["tasks"]] == [
        ("easy/count_between", True, True, 0.9),
        ("easy/every_second", False, False, 0.9),
        ("easy/limited", True, None, None),
    ]
    assert figures["groups"]["all"]["outcomes"] == figures["fit"]["outcomes"] == 2
    assert used.name == "shipped fit (of this model only 2 of the 30 outcomes that are needed are known)"


@pytest.mark.docker
def test_every_reference_is_right_by_its_own_tests_and_an_empty_body_is_not(tmp_path):
    project = lay_out(tmp_path / "project", [*TASKS.values()])
    with (
        containers.sandbox(project, Settings(), lambda line: None) as sandbox,
        ThreadPoolExecutor(2) as threads,
    ):

        def verdicts(task):
            empty = task.source.replace("    raise NotImplementedError\n", "    return None\n")
            return judging.judge(task, sandbox, task.reference.encode()), judging.judge(task, sandbox, empty.encode())

        found = dict(zip(TASKS, threads.map(verdicts, TASKS.values()), strict=True))
    assert {name: right for name, (right, _) in found.items()} == dict.fromkeys(TASKS, (True, ""))
    assert [name for name, (_, (right, _)) in found.items() if right] == []
