"""What is kept of a calibration, and the figures made of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_supercharger import acceptance
from pytest_supercharger.calibrating import library
from pytest_supercharger.calibrating.figures import figures, table
from pytest_supercharger.calibrating.outcomes import Outcomes, known_of
from pytest_supercharger.calibration import fit
from pytest_supercharger.errors import SourceError
from pytest_supercharger.options import Settings

TASKS = library.shipped()[:3]
LINE = {
    "decision": "accepted",
    "probability": 0.97,
    "features": {"n": 5.0},
    "trusted": True,
    "seconds": 3.0,
    "right": True,
    "why": "",
    "conditions": True,
    "judged": None,
}


def test_what_is_known_is_known_to_the_next_run(tmp_path):
    outcomes = Outcomes(tmp_path, Settings())
    outcomes.add(TASKS[1], LINE | {"right": False})
    outcomes.add(TASKS[0], LINE)
    again = Outcomes(tmp_path, Settings())
    assert again.missing(TASKS) == [TASKS[2]]
    known = [(TASKS[0].id, True), (TASKS[1].id, False)]
    assert [(line["task"], line["right"]) for line in again.all()] == sorted(known), "whichever came first"


def test_another_state_of_weights_settings_or_task_is_asked_anew(tmp_path, monkeypatch):
    Outcomes(tmp_path, Settings()).add(TASKS[0], LINE)
    changed = replace(TASKS[0], inputs=([1],))
    assert Outcomes(tmp_path, Settings()).missing([TASKS[0], changed]) == [changed]
    assert Outcomes(tmp_path, Settings(samples=4)).missing(TASKS[:1]) == [TASKS[0]]
    monkeypatch.setattr(acceptance, "VERSION", "another")
    assert Outcomes(tmp_path, Settings()).all() == []


def test_the_last_word_on_a_task_counts_and_a_torn_line_does_not(tmp_path):
    outcomes = Outcomes(tmp_path, Settings())
    for right in (True, False):
        outcomes.add(TASKS[0], LINE | {"right": right})
    with (tmp_path / "outcomes.jsonl").open("a") as file:
        file.write('{"torn')
    assert [line["right"] for line in Outcomes(tmp_path, Settings()).all()] == [False]


def test_a_file_that_is_not_ours_is_told(tmp_path):
    (tmp_path / "outcomes.jsonl").write_text("not JSON\n")
    with pytest.raises(SourceError, match="move it away"):
        Outcomes(tmp_path, Settings())


def lines():
    """36 tasks on which a model is too sure of itself, 12 of them without trusted tests."""
    for i in range(36):
        yield LINE | {"task": f"{i}", "group": "easy" if i % 2 else "tricky", "right": i % 3 != 0, "trusted": i >= 12}
    yield LINE | {"task": "none", "group": "tricky", "right": None, "probability": 0.0, "conditions": False}


def test_the_table_holds_what_is_accepted_against_what_is_right_before_and_after():
    some = [*lines()]
    found = fit(known for line in some if (known := known_of(line)) is not None)
    shown = figures(some, found, "small", 0.95)
    assert shown["used"]
    assert shown["groups"]["all"] == {
        "tasks": 37,
        "outcomes": 36,
        "right": 24,
        "accepted_before": 24,
        "accepted_before_right": 16,
        "accepted_after": 0,
        "accepted_after_right": 0,
    }
    assert shown["groups"]["easy"]["tasks"] + shown["groups"]["tricky"]["tasks"] == 37
    assert shown["calibration_error"]["after"] < 0.1 < shown["calibration_error"]["before"]
    text = "\n".join(table(shown))
    assert f"a = {found.a:.3f}, b = {found.b:.3f}, from 36 outcomes" in text
    assert "judge: not asked often enough" in text


def test_too_few_outcomes_are_said():
    some = [*lines()][:5]
    shown = figures(some, fit(filter(None, map(known_of, some))), "small", 0.95)
    assert "this fit is not used: 30 outcomes are needed" in "\n".join(table(shown))
