"""A sandbox whose gate answers from a list, and the answers."""

from __future__ import annotations

from pytest_supercharger.domain import PairResult, Verdict

PASS = PairResult(verdict=Verdict.PASS)
FAIL = PairResult(verdict=Verdict.FAIL, detail="AssertionError: assert 1 == 2\nmore")


class Scripted:
    """A sandbox whose gate answers from a list, the last one from then on."""

    def __init__(self, *results):
        self.results = list(results)
        self.asked = []

    def gate(self, overlay, nodeids):
        self.asked.append((overlay, nodeids))
        return self.results.pop(0) if len(self.results) > 1 else self.results[0]


def reached(*stubs):
    return PairResult(verdict=Verdict.FAIL, detail="StubNotFilled", reached=frozenset(stubs))
