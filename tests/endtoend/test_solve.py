"""`benchmarks/solve` on two tiny tasks: real search, real containers, a node that answers from a file."""

from __future__ import annotations

import hashlib
import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest
from replay import fenced, node

ROOT = Path(__file__).resolve().parents[2]
RIGHT = {
    "task_id": "HumanEval/1",
    "prompt": 'def double(n: int) -> int:\n    """Twice a number.\n    >>> double(2)\n    4\n    """\n',
    "canonical_solution": "\n    return n * 2\n",
    "entry_point": "double",
    "contract": "\n    assert isinstance(n, int)\n",
    "base_input": [[1], [2]],
    "plus_input": [[0], [-3]],
    "atol": 0,
}
WRONG = {  # the shown assert is not enough: all answers forget that pairs may be empty
    "task_id": "Mbpp/1",
    "prompt": '"""\nWrite a function to find the first of a pair, or 0.\nassert first((3, 4)) == 3\n"""\n',
    "canonical_solution": "def first(pair):\n  return pair[0] if pair else 0\n",
    "entry_point": "first",
    "contract": "\n  assert isinstance(pair, tuple)\n",
    "base_input": [[[3, 4]]],
    "plus_input": [[[5, 6]], [[]]],
    "assertion": "assert first((3, 4)) == 3\n",
    "atol": 0,
}
BROKEN = {"task_id": "Mbpp/2", "prompt": "no function"}
CODES = {
    "HumanEval/1": ["return n * 2", "return n + n", "result = n\n    return result + n", "return 2 * n"],
    "Mbpp/1": [
        "return pair[0]",
        "a = pair[0]\n    return a",
        "at = 0\n    return pair[at]",
        "both = pair\n    return both[0]",
    ],
}
TESTS = {
    "HumanEval/1": [f"def test_double():\n    assert double({n}) == {2 * n}\n" for n in (1, 5, 0, -1)],
    "Mbpp/1": [f"def test_first():\n    assert first(({n}, 1)) == {n}\n" for n in (1, 5, 0, -1)],
}


def entries():
    for task, header in ((RIGHT, "double(n: int) -> int"), (WRONG, "first(pair)")):
        name, key = task["entry_point"], task["task_id"]
        stub = f"part_{hashlib.sha256(key.encode()).hexdigest()[:8]}:{name}"
        for body in CODES[key]:
            yield {"kind": "code", "stub": stub, "text": fenced(f"def {header}:\n    {body}\n")}
        for test in TESTS[key]:
            yield {"kind": "test", "stub": stub, "text": fenced(test)}
    yield {"kind": "judge", "stub": "*", "score": 0.9}


@pytest.mark.docker
def test_tasks_are_solved_and_judged_and_a_killed_run_goes_on_from_its_record(tmp_path):
    tasks, out, report = tmp_path / "tasks.jsonl", tmp_path / "out", tmp_path / "figures.json"
    tasks.write_text("".join(json.dumps(task) + "\n" for task in (RIGHT, WRONG, BROKEN)))
    options = ["--tasks", tasks, "--out", out, "--json", report, "--parallel", "1", "--verbose", "--node"]
    with node(tmp_path, [*entries()]) as running:
        command = [sys.executable, ROOT / "benchmarks" / "solve", *options, running.address]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as first:
            said = [*itertools.takewhile(lambda line: not line.startswith("solve: 2 of 3"), first.stdout)]
            first.kill()
        assert len({line.split(":")[1] for line in said if " codes, " in line}) == 1, "noted before the next is begun"
        answers, results = (out / "answers.jsonl").read_bytes(), (out / "results.jsonl").read_bytes()
        assert results.count(b"\n") == 2
        (out / "results.jsonl").write_bytes(results + b'{"torn')
        done = subprocess.run([*command], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(report.read_text())["groups"]["all"]
    assert (figures["tasks"], figures["errors"]) == (2, 1), done.stdout
    chosen = {name: (rule["answered"], rule["right"]) for name, rule in figures["rules"].items()}
    assert chosen == dict.fromkeys(chosen, (2, 1))
    assert (out / "answers.jsonl").read_bytes().startswith(answers)
    assert all(line.split(":")[1] not in done.stdout for line in said if " codes, " in line), "searched again"
