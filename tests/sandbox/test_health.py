"""A slot that judges wrongly is found by pairs whose outcome is known."""

from __future__ import annotations

from typing import Any, cast

import pytest
from zygote_slot import GOOD, ZygoteSlot

from pytest_supercharger.domain import Verdict
from pytest_supercharger.sandbox import health
from pytest_supercharger.sandbox.slot import Slot

FACTS = {
    "foreign": 0, "status": 70, "signal": None, "own_status": True, "limit": "", "starved": False, "ooms": 0,
    "leftover": 0, "unit": "", "lead": False, "cpu": 0.1, "wall": 0.2,
}  # fmt: skip


@pytest.mark.docker
def test_a_good_slot_has_no_problem(zygote: ZygoteSlot) -> None:
    assert zygote.pair(GOOD).verdict is Verdict.PASS
    assert health.problem(zygote.slot) == ""
    assert health.problem(zygote.slot) == ""


class Liar:
    """Stands for a slot in which every test comes to the same."""

    def __init__(self, other: dict[str, Any] | None = None, **facts: Any) -> None:
        self.facts, self.other = facts, {"messages": [{"type": "end", "exit": 0, "collected": []}], **(other or {})}

    def exchange(self, job: dict[str, Any], seconds: float) -> tuple[dict[str, Any], dict[str, Any]]:
        if "candidate" in job:  # of a split run
            halves = (
                self.exchange(job["test"], seconds)[1],
                {"kind": "result", "runs": [{**self.run(""), **self.other}]},
            )
            return job, dict(zip(("test", "candidate"), halves, strict=True))
        return job, {"kind": "result", "runs": [self.run(test["name"]) for (test,) in job["forks"]]}

    def run(self, name: str) -> dict[str, Any]:
        node = f"{name}.py::test_it"
        test = {"type": "test", "node": node, "phases": ["passed"] * 3, "seconds": 0.1}
        end = {"type": "end", "exit": 0, "collected": [node], "changed": []}
        return {**FACTS, "messages": [test, end], **self.facts}


@pytest.mark.parametrize(
    ("slot", "found"),
    [
        (Liar(), "a test that is wrong came to pass"),
        (Liar(messages=[]), "a test that is right came to fail"),
        (Liar(limit="cpu"), "a test that is right came to timeout"),
        (Liar(ooms=1), "a test that is right came to memory"),
        (Liar(limit="wall", starved=True), "a test that is right came to infra"),
        (Liar(foreign="many"), "a test that is right came to infra"),
    ],
)
def test_a_slot_that_judges_wrongly_is_told_apart(slot: Liar, found: str) -> None:
    assert health.problem(cast("Slot", slot)).startswith(found)


@pytest.mark.parametrize(
    ("slot", "found"),
    [
        (Liar(), "a test that is wrong came to pass in two containers"),
        (Liar(messages=[]), "a test that is right came to fail in two containers"),
        (Liar({"limit": "cpu"}), "a test that is right came to timeout in two containers"),
        (Liar({"own_status": False}), "a test that is right came to fail in two containers"),
        (Liar({"foreign": "many"}), "a test that is right came to infra in two containers"),
    ],
)
def test_a_split_slot_that_judges_wrongly_is_told_apart_by_either_half(slot: Liar, found: str) -> None:
    assert health.split_problem(cast("Slot", slot)).startswith(found)
