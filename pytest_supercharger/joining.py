"""Step 4: all accepted bodies together pass their examples and the project's tests, else the culprits abstain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pytest_supercharger.bench import Bench
from pytest_supercharger.domain import Decision, GeneratedTest, Outcome, PairResult, Verdict
from pytest_supercharger.evidence import Record
from pytest_supercharger.ledger import Ledger
from pytest_supercharger.projecttests import ProjectTests

__all__ = ["join"]


def join(outcomes: Mapping[str, Outcome], records: Mapping[str, Record], bench: Bench) -> dict[str, Outcome]:
    """The outcomes, those turned into abstentions whose body cannot stand with the rest; so does the ledger.

    Raises:
        SandboxError: the tests cannot be run.
    """
    joined, ledger = dict(outcomes), bench.ledger
    while ledger.accepted():
        # A body that goes takes others with it, so everything is asked again until nobody goes.
        culprits = dict(_of_circles(joined, ledger)) or _of_project_tests(ledger, bench.tests)
        culprits = culprits or dict(_of_own_tests(records, bench))
        if not culprits:
            break
        for stub_id, reason in culprits.items():
            ledger.withdraw(stub_id)
            joined[stub_id] = replace(joined[stub_id], decision=Decision.ABSTAINED, reason=reason, candidate=None)
    return joined


def _of_circles(outcomes: Mapping[str, Outcome], ledger: Ledger) -> Iterator[tuple[str, str]]:
    """Who must go because it was chosen together with one that has gone."""
    accepted = ledger.accepted()
    for stub_id in accepted:
        gone = [other for other in outcomes[stub_id].together if other not in accepted]
        if gone:
            yield stub_id, f"was chosen together with {gone[0]}, which is not filled"


def _of_project_tests(ledger: Ledger, tests: ProjectTests) -> dict[str, str]:
    """Who must go, and why, for the project's tests to pass."""
    accepted = list(ledger.accepted())
    verdict = tests.gate(ledger.overlay(), accepted)
    if verdict.passed:
        return {}
    if not verdict.failures:
        return dict.fromkeys(accepted, f"the project tests gave no answer: {verdict.infra}")
    node = next(iter(verdict.failures))
    culprits = tests.culprits(lambda left_out: ledger.overlay(without=[left_out]), accepted, node)
    reason = f"together with the other accepted functions {node} fails: {verdict.failures[node]}"
    return dict.fromkeys(culprits or accepted, reason)


def _of_own_tests(records: Mapping[str, Record], bench: Bench) -> Iterator[tuple[str, str]]:
    """Who must go because its own examples fail beside the others, or because what it calls has gone."""
    overlay, withdrawn = bench.ledger.overlay(), bench.ledger.withdrawn()
    for stub_id in bench.ledger.accepted():
        own = records[stub_id].as_tests()
        # Generated tests may err, so none is held against a body here; they show what it calls.
        asked = [test for test in own if test.trusted or withdrawn]
        results = bench.splitting.run(overlay, asked, isolated=True)
        needed = {other for result in results.values() for other in result.reached}
        if withdrawn:
            # Stubs that were open all along may share a project test with this one; its body was accepted without.
            needed |= bench.tests.gate(overlay, [stub_id]).blocked & withdrawn
        if needed:
            yield stub_id, f"needs {min(needed)}, which is not filled"
        elif failure := _failure(asked, results):
            yield stub_id, f"together with the other accepted functions {failure}"


def _failure(asked: Sequence[GeneratedTest], results: Mapping[str, PairResult]) -> str:
    """The first trusted test that does not pass, with its reason; "" when all do."""
    for test in asked:
        result = results[test.id]
        if test.trusted and result.verdict is not Verdict.PASS:
            return f"{test.name} fails: {result.detail or result.verdict.value}"
    return ""
