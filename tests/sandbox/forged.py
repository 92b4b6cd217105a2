"""Facts of a sandbox that nobody has run, for tests of the rules that judge them."""

from __future__ import annotations

from typing import Any

from pytest_supercharger.domain import GeneratedTest, PairResult, Probe
from pytest_supercharger.sandbox import verdict as rules
from pytest_supercharger.sandbox.protocol import module_name

JOB = {"id": 3, "nonce": "n1", "kind": "tests"}
TEST = GeneratedTest(id="t", name="test_it", source="def test_it():\n    assert True\n")
FILE = f"{module_name(TEST)}.py"
NODE = f"{FILE}::test_it"
PROBES = (
    Probe(id="a", imports="", setup="", expression="f(1)"),
    Probe(id="b", imports="", setup="", expression="f(2)"),
)


def passed(node: str = NODE) -> dict[str, Any]:
    return {"type": "test", "node": node, "phases": ["passed"] * 3, "seconds": 0.1}


def failed(detail: str = "AssertionError: assert 3 == 4", **fields: Any) -> dict[str, Any]:
    phases = ["passed", "failed", "passed"]
    return {**passed(), "phases": phases, "error": "AssertionError", "detail": detail, "where": "x.py:3", **fields}


def end(*nodes: str, exit: int = 0, **fields: Any) -> dict[str, Any]:
    return {"type": "end", "exit": exit, "collected": list(nodes or [NODE]), "changed": [], **fields}


def run(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    facts = {
        "messages": list(messages),
        "foreign": 0,
        "status": 70,
        "signal": None,
        "own_status": True,
        "limit": "",
        "starved": False,
        "ooms": 0,
        "leftover": 0,
        "unit": "",
        "lead": False,
        "cpu": 0.1,
        "wall": 0.2,
    }
    return {**facts, **fields}


def result(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"id": 3, "nonce": "n1", "kind": "result", "runs": list(runs), "clean": True}


def judge(*messages: dict[str, Any], test: GeneratedTest = TEST, **fields: Any) -> PairResult:
    return rules.tests_results(JOB, result(run(*messages, **fields)), [test])["t"]
