"""`benchmarks/tune` without model and sandbox: what is counted, what a lower limit leaves, which tasks are taken."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_supercharger.domain import Answer, FinishReason

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.append(str(BENCHMARKS))

from tuning import choosing, figures, samples, table  # noqa: E402 (benchmarks are no package)


def code(task, tokens, *, body="", right=False, temperature=0.8, left=None):
    parts = (body,) if body else ()
    return samples.Sample(
        task=task,
        kind="code",
        temperature=temperature,
        tokens=tokens,
        finish=FinishReason.STOP if body else FinishReason.LENGTH,
        parts=parts,
        right=frozenset(parts if right else ()),
        left=left or {},
    )


def test_the_estimator_is_the_share_of_draws_with_a_right_one():
    assert figures.pass_at(1, 4, 1) == pytest.approx(1 / 4)
    assert figures.pass_at(2, 4, 1) == pytest.approx(3 / 6)  # of six pairs three have it
    assert figures.pass_at(2, 4, 3) == 1.0
    assert figures.pass_at(4, 4, 0) == 0.0


def test_a_percentile_is_a_value_that_there_is():
    assert figures.percentiles([30, 10, 20], (0.0, 0.5, 0.95, 1.0)) == [10, 20, 30, 30]
    assert figures.percentiles(range(1, 201), (0.5, 0.95, 0.99)) == [100, 190, 198]
    assert figures.percentiles([], (0.5,)) == []


def test_codes_are_counted_by_task_and_equal_mistakes_are_pairs():
    one = [code("A", 10, body="r", right=True), *(code("A", 20, body="w") for _ in range(2)), code("A", 30, body="v")]
    two = [code("B", 40, body="w"), code("B", 900)]
    figure = figures.by_temperature([*one, *two])["code"]["0.8"]
    assert (figure["answers"], figure["tasks"], figure["solved"]) == (6, 2, 1)
    assert figure["right"] == pytest.approx(1 / 6, abs=1e-4)
    assert figure["pass@1"] == pytest.approx((1 / 4 + 0) / 2)
    assert figure["pass@4"] == 0.5
    assert figure["most drawn is right"] == 0  # of A it is the mistake that was drawn twice
    assert figure["bodies"] == 2.0
    assert figure["equal mistakes"] == pytest.approx(1 / 3, abs=1e-4)  # w, w of the pairs of w, w, v
    assert (figure["nothing"], figure["length"]) == pytest.approx((1 / 6, 1 / 6), abs=1e-4)
    assert figure["tokens"] == {"median": 20, "95%": 900, "99%": 900, "all": 1020}


def test_a_limit_keeps_what_ended_before_it_and_what_is_still_made_of_the_rest():
    drawn = [
        code("A", 100, body="r", right=True),
        code("A", 300, body="s", right=True, left={128: 0, 256: 1}),
        code("B", 500, body="w"),
    ]
    lines = figures.by_limit(drawn, (128, 256, 512))
    assert [line["kept"] for line in lines.values()] == [0.5, 1.0, 1.0]
    assert lines["128"]["spent"] == pytest.approx((100 + 128 + 128) / 900, abs=1e-4)
    assert lines["256"]["cut"] == pytest.approx(2 / 3, abs=1e-4)
    assert lines["512"]["right per 1000"] == pytest.approx(2 / 0.9, abs=0.01)
    assert figures.enough(lines) == 256
    assert figures.enough({"128": {"kept": 0.995}}) is None  # as much as half a percent


def test_an_answer_is_cut_where_the_share_of_its_text_ends():
    answer = Answer(text="def f():\n" + "x" * 80, finish_reason=FinishReason.STOP, sample_index=0, num_tokens=40)
    shorter = samples.cut(answer, "def f():\n", 10)
    assert shorter.text == "def f():\n" + "x" * 20
    assert (shorter.finish_reason, shorter.num_tokens) == (FinishReason.LENGTH, 10)


def test_a_prompt_fits_together_with_the_longest_answer():
    prompts = {"code": [500, 513], "tests": [864, 865]}
    found = figures.fitting(prompts, {"code": 512, "tests": 160}, {1024: 0.0, 2048: 1.0})
    assert found["1024"] == {"code": 0.5, "tests": 0.5, "taken": 0.0}
    assert found["2048"] == {"code": 1.0, "tests": 1.0, "taken": 1.0}


def test_tasks_come_from_all_files_of_a_folder_in_turn_and_more_include_the_fewer(tmp_path):
    def put(name, rows):
        with gzip.open(tmp_path / name, "wt", encoding="utf-8") as file:
            file.write("\n".join(map(json.dumps, rows)))

    task = {"prompt": "", "entry_point": "f", "canonical_solution": ""}
    put("a.jsonl.gz", [task | {"task_id": f"A/{n}"} for n in range(9)])
    put("b.jsonl.gz", [task | {"task_id": f"B/{n}"} for n in range(2)])
    put("verdicts.jsonl.gz", [{"task": "A/1", "candidates": []}])
    few, all_of_them = (choosing.rows([tmp_path], limit, 0) for limit in (4, 0))
    assert [row["task_id"][0] for row in few] == ["A", "B", "A", "B"]
    assert all_of_them[:4] == few
    assert len(all_of_them) == 11


def test_the_kept_record_is_shown_with_the_defaults_marked(capsys):
    table.show(json.loads((BENCHMARKS / "tuning" / "record.json").read_text(encoding="utf-8")))
    marked = [line.split()[0] for line in capsys.readouterr().out.splitlines() if " * " in line]
    assert marked == ["0.8", "0.8", "512", "160", "8192"]


def test_a_file_without_tasks_is_one_line(tmp_path):
    (tmp_path / "none.jsonl").write_text("{}\n", encoding="utf-8")
    command = [sys.executable, BENCHMARKS / "tune", "--tasks", tmp_path / "none.jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"tune: {tmp_path / 'none.jsonl'} holds no tasks; give files in the format of HumanEval+\n"
