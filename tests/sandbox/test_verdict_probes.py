"""Outputs of inputs on forged facts: two runs have to say the same."""

from __future__ import annotations

from typing import Any

import pytest
from forged import JOB, PROBES, end, result, run

from pytest_supercharger.domain import Output, OutputKind
from pytest_supercharger.sandbox.verdict import probe_result


def said(unit: str, kind: str = "value", text: str = "4", frame: str | None = None) -> list[dict[str, Any]]:
    frame = text if frame is None else frame
    return [
        {"type": "output", "unit": unit, "kind": kind, "text": text, "frame": frame, "preview": text},
        {"type": "ended", "unit": unit, "status": 70},
    ]


def outputs(*runs: dict[str, Any]) -> dict[str, Output]:
    return probe_result(JOB, result(*runs), PROBES)


FULL = [*said("0:0"), *said("0:1"), *said("1:0"), *said("1:1")]


def test_two_equal_runs_make_an_output() -> None:
    assert {key: (output.kind, output.text) for key, output in outputs(run(*FULL, end())).items()} == {
        "a": (OutputKind.VALUE, "4"),
        "b": (OutputKind.VALUE, "4"),
    }


@pytest.mark.parametrize(
    ("messages", "fields", "kind"),
    [
        ([*said("0:0"), *said("0:1", text="5")], {}, OutputKind.UNSTABLE),
        ([*said("0:0", frame="m.C"), *said("0:1", text="5", frame="m.C")], {}, OutputKind.OPAQUE),
        ([*said("0:0", text="'<state of '"), *said("0:1", text="' <state of '")], {}, OutputKind.UNSTABLE),
        ([*said("0:0"), *said("0:1", kind="exception")], {}, OutputKind.UNSTABLE),
        ([*said("0:0", kind="nonsense"), *said("0:1", kind="nonsense")], {}, OutputKind.OPAQUE),
        ([*said("0:0"), *said("0:1")], {"foreign": 1}, OutputKind.OPAQUE),
        ([{**message, "status": 0} if "status" in message else message for message in FULL], {}, OutputKind.EXCEPTION),
        ([*said("0:0")[:1], *said("0:0"), *said("0:1")], {}, OutputKind.UNSTABLE),
        ([], {"unit": "0:0", "limit": "cpu"}, OutputKind.TIMEOUT),
        ([], {"unit": "0:0", "limit": "wall", "starved": True}, OutputKind.INFRA),
        ([], {"unit": "0:0", "ooms": 1, "status": None, "signal": 9}, OutputKind.MEMORY),
        ([], {"unit": "0:0", "status": 0}, OutputKind.EXCEPTION),
        (said("0:0"), {"unit": "0:1", "limit": "cpu"}, OutputKind.UNSTABLE),
        ([], {"limit": "cpu", "lead": True}, OutputKind.TIMEOUT),
        ([{"type": "import", "error": "ImportError", "detail": "ImportError: x"}], {}, OutputKind.EXCEPTION),
        ([{"type": "import", "error": "MemoryError", "detail": ""}], {}, OutputKind.MEMORY),
        ([{"type": "ended", "unit": "0:0", "status": 0}] * 1 + said("0:1"), {}, OutputKind.UNSTABLE),
    ],
)
def test_probe_rules(messages: list[dict[str, Any]], fields: dict[str, Any], kind: OutputKind) -> None:
    assert outputs(run(*messages, **fields))["a"].kind is kind


def test_an_odd_answer_makes_every_probe_infra() -> None:
    assert {output.kind for output in probe_result(JOB, {}, PROBES).values()} == {OutputKind.INFRA}
