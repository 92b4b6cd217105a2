"""Which question is put to the user, and how it is told."""

from __future__ import annotations

import json
from pathlib import Path

from pytest_supercharger import stubs
from pytest_supercharger.agreement import assess
from pytest_supercharger.dispute import dispute, failed_check
from pytest_supercharger.domain import (
    Candidate,
    Decision,
    GeneratedTest,
    Outcome,
    Output,
    OutputKind,
    PairResult,
    Probe,
    SourceFile,
    Verdict,
)
from pytest_supercharger.jsonreport import write_json
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.projecttests import GateVerdict
from pytest_supercharger.reporting import explain

FILE = SourceFile(
    path=Path("/p/m.py"),
    relpath="m.py",
    module="m",
    data=b"""\
import enum
import os

from pytest_supercharger import supercharge


class Box:
    class Size(enum.Enum):
        BIG = 1


@supercharge
def f(x: int) -> int:
    'Return x.'
    ...
""",
)
PASSED = GateVerdict(passed=True, failures={})


def matrix_of(table, *, failing=()):
    """Candidates by name, each with what it gives on 0, 1, 2, ...; a text is a value, None nothing comparable."""
    (stub,) = stubs.find(FILE)
    matrix = Matrix(stub=stub, trusted=(GeneratedTest(id="own", name="test_own", source="", trusted=True),))
    for name, row in table.items():
        matrix.add_code([Candidate(id=name, text_id=name, body="return 1\n")])
        matrix.gates[name] = PASSED
        verdict = Verdict.FAIL if name in failing else Verdict.PASS
        matrix.pairs[name, "own"] = PairResult(verdict=verdict, detail="1 != 2")
        for number, text in enumerate(row):
            probe = Probe(id=f"p{number}", imports="from m import f", setup="", expression=f"f({number})")
            matrix.add_probes([probe])
            kind = OutputKind.OPAQUE if text is None else OutputKind.VALUE
            matrix.outputs[name, probe.id] = Output(kind=kind, text=text or "Thing")
    return matrix


def question(matrix):
    return dispute(matrix, assess(matrix.evidence(), tau=0.95), FILE)


def told(matrix):
    asked = question(matrix)
    return asked.input, [(group.answer, group.samples) for group in asked.groups]


def test_the_input_that_splits_what_may_be_right_most_evenly_is_asked_about():
    rows = {"a": "111", "b": "112", "c": "122", "d": "122"}
    assert told(matrix_of(rows)) == ("f(1)", [("1", 2), ("2", 2)])


def test_candidates_of_which_none_has_a_score_count_by_their_samples():
    matrix = matrix_of({"a": "1", "b": "1", "c": "1"})
    for name, text in zip("abc", ("KeyError", "KeyError", "IndexError"), strict=True):
        matrix.outputs[name, "p0"] = Output(kind=OutputKind.EXCEPTION, text=text)
    assert told(matrix) == ("f(0)", [("raises KeyError", 2), ("raises IndexError", 1)])


def test_where_all_agree_there_is_no_question():
    assert question(matrix_of({"a": "11", "b": "11"})) is None


def test_who_fails_a_trusted_test_has_no_say():
    assert question(matrix_of({"a": "11", "b": "11", "c": "22"}, failing="c")) is None


def test_an_input_whose_answers_cannot_be_compared_is_not_asked_about():
    rows = {"a": [None, "1", "1"], "b": [None, "1", "1"], "c": ["1", "1", "2"], "d": [None, "1", "2"]}
    assert told(matrix_of(rows))[0] == "f(2)"


def test_of_equal_inputs_the_short_one_is_asked_about():
    rows = {"a": ["1"] * 11, "b": ["2"] * 11}
    assert told(matrix_of(rows))[0] == "f(0)"


def test_an_input_with_tests_to_paste_comes_before_a_more_even_one_without():
    rows = {"a": ["nan", "1"], "b": ["nan", "1"], "c": ["inf", "1"], "d": ["[nan]", "2"]}
    asked = question(matrix_of(rows))
    assert asked.input == "f(1)"
    assert all(group.test for group in asked.groups)


def test_answers_without_a_literal_form_are_shown_all_the_same():
    asked = question(matrix_of({"a": ["[nan]"], "b": ["nan"]}))
    assert [group.test for group in asked.groups] == ["", ""]
    assert all("no literal form" in group.note for group in asked.groups)


def test_only_classes_that_the_file_defines_are_in_what_is_pasted():
    rows = {"a": ["m.os.system(command='x')"], "b": ["m" + ".a" * 900 + "(x=1)"], "c": ["m.Box.Size.BIG"]}
    tests = {group.answer[:5]: group.test for group in question(matrix_of(rows)).groups}
    assert tests["m.os."] == tests["m.a.a"] == ""
    assert "from m import Box\nfrom m import f\n" in tests["m.Box"]
    assert "assert f(0) == Box.Size.BIG\n" in tests["m.Box"]


def test_the_question_does_not_depend_on_the_order_of_the_candidates():
    rows = {"a": "121", "b": "112", "c": "122", "d": "211"}
    assert told(matrix_of(rows)) == told(matrix_of(dict(reversed(rows.items()))))


def outcome(matrix):
    return Outcome(
        stub=matrix.stub,
        decision=Decision.ABSTAINED,
        reason="not sure",
        question=question(matrix),
        failing=failed_check(matrix),
    )


def test_people_read_the_answers_and_what_to_paste():
    shown = explain(outcome(matrix_of({"a": "1", "b": "1", "c": "2"})))
    assert shown.splitlines()[1:5] == [
        "  the candidates disagree on f(0)",
        "    2 of 3: 1",
        "    1 of 3: 2",
        "  paste the test of the right answer into your tests, or its line into the docstring, then run again",
    ]
    assert "  # in the docstring: f(0) == 2\n" in shown
    assert "      assert f(0) == 2" in shown


def test_scripts_read_the_same(tmp_path):
    write_json(
        tmp_path / "d.json", [outcome(matrix_of({"a": "1", "b": "1", "c": "2"})), outcome(matrix_of({"a": "1"}))]
    )
    first, second = json.loads((tmp_path / "d.json").read_text())["stubs"]
    assert first["question"]["input"] == "f(0)"
    assert [(group["answer"], group["samples"]) for group in first["question"]["groups"]] == [("1", 2), ("2", 1)]
    assert "assert f(0) == 1" in first["question"]["groups"][0]["test"]
    assert second["question"] is None


def test_hostile_answers_are_cleaned_and_capped():
    hostile = repr("\x1b[2J" + "x" * 3000)
    asked = question(matrix_of({"a": [hostile.replace("\\x1b", "\x1b")], "b": ["1"]}))
    long = next(group for group in asked.groups if group.answer != "1")
    assert "\x1b" not in long.answer + long.test
    assert len(long.answer) < 300


def test_where_nobody_passes_the_check_that_most_fail_is_told():
    shown = explain(outcome(matrix_of({"a": "1", "b": "2"}, failing="ab")))
    assert "2 of 2 candidates fail test_own: 1 != 2" in shown
    assert "disagree" not in shown
