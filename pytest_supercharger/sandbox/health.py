"""Pairs of known outcome: a slot has to judge them right before it gets a job, and every so often after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_supercharger.domain import GeneratedTest, Verdict
from pytest_supercharger.sandbox import protocol, split_verdict, verdict
from pytest_supercharger.sandbox.base import Limits

if TYPE_CHECKING:
    from pytest_supercharger.sandbox.slot import Slot

__all__ = ["problem", "split_problem"]

_SECONDS = 300.0  # for an answer; PID 1 keeps the time of the tests
_ORDINARY = Limits()
_SHORT = Limits(seconds=0.03)  # PID 1 looks every 50 ms: the endless test costs about twice that


def _pair(name: str, body: str, before: str = "") -> GeneratedTest:
    return GeneratedTest(id=name, name="test_it", source=f"{before}def test_it():\n    {body}\n")


_KNOWN = {
    _pair("right", "assert sum([1, 2]) == 3"): {Verdict.PASS},
    _pair("wrong", "assert sum([1, 2]) == 4"): {Verdict.FAIL},
    _pair("not importable", "pass", "import no_such_module_at_all\n"): {Verdict.FAIL},
}
_ENDLESS = {
    # On a machine that is too busy to use up the time, it is nobody's fault.
    _pair("endless", "while True:\n        pass"): {Verdict.TIMEOUT, Verdict.INFRA},
}


def _split_pair(name: str, stub: str, body: str) -> GeneratedTest:
    """A test of a stub that the candidate's half finds in its standard library."""
    module, function = stub.split(".")
    source = f"""
from pytest_supercharger import supercharge

def known(*arguments):
    raise NotImplementedError

known.__module__, known.__qualname__ = {module!r}, {function!r}
known = supercharge(known)

def test_it():
    {body}
"""
    return GeneratedTest(id=name, name="test_it", source=source)


_SPLIT = {
    _split_pair("right", "operator.add", "assert known([1], [2]) == [1, 2]"): ({Verdict.PASS}, _ORDINARY),
    _split_pair("wrong", "operator.add", "assert known([1], [2]) == [2, 1]"): ({Verdict.FAIL}, _ORDINARY),
    _split_pair("endless", "time.sleep", "known(1000)"): ({Verdict.TIMEOUT, Verdict.INFRA}, _SHORT),
}


def problem(slot: Slot) -> str:
    """What the slot judged wrongly, "" when nothing; raises SlotBroken when it does not answer."""
    for known, limits in ((_KNOWN, _ORDINARY), (_ENDLESS, _SHORT)):
        for test, found in _ask(slot, list(known), limits).items():
            if found[0] not in known[test]:
                return f"a test that is {test.id} came to {found[0].value}: {found[1]}"
    return ""


def split_problem(slot: Slot) -> str:
    """The same for a slot of two containers; both halves work at each of the tests."""
    for test, (known, limits) in _SPLIT.items():
        job = dict(zip(("test", "candidate"), protocol.split_jobs({}, test, limits, {}), strict=True))
        found = split_verdict.split_result(*slot.exchange(job, _SECONDS), test)
        if found.verdict not in known:
            return f"a test that is {test.id} came to {found.verdict.value} in two containers: {found.detail}"
    return ""


def _ask(slot: Slot, tests: Sequence[GeneratedTest], limits: Limits) -> dict[GeneratedTest, tuple[Verdict, str]]:
    results = verdict.tests_results(
        *slot.exchange(protocol.tests_job({}, [[test] for test in tests], limits), _SECONDS), tests
    )
    none = (Verdict.INFRA, "no answer")
    return {test: (results[test.id].verdict, results[test.id].detail) if test.id in results else none for test in tests}
