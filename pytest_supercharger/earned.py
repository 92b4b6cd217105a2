"""Which generated tests have earned a vote: those that tell right code from other code.

A test that passes on the empty stub says nothing of what stands there, one whose verdict changes from run to run says
nothing twice. The others have to tell something apart: they fail on a mutant of a candidate that they pass, or on a
candidate that behaves otherwise. What is not known is not held against a test, and where there is hardly a mutant that
it could have noticed, nothing is demanded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_supercharger.behaviour import Told
from pytest_supercharger.domain import OutputKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_supercharger.behaviour import Behaviour, Evidence

__all__ = ["earned", "speaking", "telling"]

IDLE = 0.25  # what is left of the weight of a test that tells nothing apart
SURVIVORS = 3  # mutants that a test has to let pass, and none that it notices, before that is held against it

_NOTHING = Told()


def earned(evidence: Evidence) -> tuple[float, ...]:
    """The share of its weight that each generated test has earned."""
    return tuple(_share(evidence, t) for t in range(len(evidence.weights)))


def telling(evidence: Evidence) -> tuple[bool, ...]:
    """Whether each generated test noticed a mutant, or another candidate falls by it."""
    tests = range(len(evidence.weights))
    return tuple(bool(_told(evidence, t).killed) or _fells(evidence, t) for t in tests)


def speaking(behaviour: Behaviour, weights: Sequence[float], shares: Sequence[float]) -> tuple[float, ...]:
    """The weights with which tests speak for or against one candidate.

    One without a vote says nothing for a candidate; what it says against it is still counted.
    """
    passes = behaviour.passes
    return tuple(
        weight * (share if t < len(passes) and passes[t] else 1.0)
        for t, (weight, share) in enumerate(zip(weights, shares, strict=True))
    )


def _share(evidence: Evidence, t: int) -> float:
    told = _told(evidence, t)
    if told.unsteady or told.blank:
        return 0.0
    if told.killed or told.survived < SURVIVORS or _fells(evidence, t):
        return 1.0
    return IDLE


def _told(evidence: Evidence, t: int) -> Told:
    return evidence.told[t] if t < len(evidence.told) else _NOTHING


def _fells(evidence: Evidence, t: int) -> bool:
    return any(_falls(behaviour, t) for behaviour in evidence.behaviours)


def _falls(behaviour: Behaviour, t: int) -> bool:
    """A candidate that fails the test, and gives some result: one that only raises is like an empty stub."""
    fails = t < len(behaviour.passes) and behaviour.passes[t] is False
    return fails and behaviour.loads and any(o is not None and o.kind is OutputKind.VALUE for o in behaviour.outputs)
