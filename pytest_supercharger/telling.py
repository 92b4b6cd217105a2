"""What a run of project tests says of each: which open stubs it called, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_supercharger.domain import LIMITS, PairResult, Verdict
from pytest_supercharger.ordering import places
from pytest_supercharger.sandbox.base import GateResult

__all__ = ["caller", "calls", "caught", "others", "reached", "says_what_it_does", "told"]


def told(result: GateResult) -> dict[str, object]:
    """What can be compared of a run with another one: which stub each test called, and what came of it."""
    told: dict[str, object] = dict(result.reached_at_import)
    told |= {node: (None, stubs) for node, stubs in result.skipped_after.items()}
    return told | {node: (pair.verdict, pair.reached) for node, pair in result.tests.items() if says_what_it_does(pair)}


def others(told: Mapping[str, object], before: Mapping[str, object]) -> set[str]:
    """Which tests came to something else than before; what is not told is no difference."""
    return {node for node, known in before.items() if told.get(node, known) != known}


def says_what_it_does(pair: PairResult) -> bool:
    """Whether a test came to an end of its own: one that an open stub leaves waiting is ended, at once or in time."""
    return pair.verdict is not Verdict.INFRA and not (pair.reached and pair.verdict in LIMITS)


def calls(node: str, met: Mapping[str, frozenset[str]]) -> frozenset[str] | None:
    """Which stubs a test calls, or what it is collected from; None where that is not known."""
    known = [met[place] for place in places(node) if place in met]
    return frozenset().union(*known) if known else None


def caller(node: str, stub: str, met: Mapping[str, frozenset[str]]) -> str:
    """Which part of a test calls a stub, the test itself if it does; "" for none."""
    return max((place for place in places(node) if stub in met.get(place, ())), key=len, default="")


def reached(result: GateResult) -> Iterator[tuple[str, frozenset[str]]]:
    """Which test or collector called which open stubs."""
    yield from ((node, pair.reached) for node, pair in result.tests.items())
    yield from result.skipped_after.items()
    yield from result.reached_at_import.items()


def caught(result: GateResult) -> frozenset[str]:
    """The stubs that modules called while they were imported, without a failure of that."""
    found = (stubs for node, stubs in result.reached_at_import.items() if node not in result.errors)
    return frozenset().union(*found)
