"""Where a search may stand, and what it does next."""

from __future__ import annotations

from random import Random

from pytest_supercharger.agreement import Assessment
from pytest_supercharger.search import Action, Parent, Policy, Progress, next_action

POLICY = Policy()
READY = Assessment(best="a", probability=0.97, features={"k": 3.0})
UNSURE = Assessment(
    best="a", probability=0.81, features={"k": 3.0}, unmet=("probability 0.81 is below 0.95", "no second sample")
)
NOBODY = Assessment(best=None, probability=0.0, unmet=("no candidate passes the trusted tests",))
PARENT = Parent(candidate_id="p", test_id="t", trusted_passed=1, trusted_failed=1)


def after(progress: Progress, policy: Policy = POLICY) -> Action:
    return next_action(progress, policy, Random(1))
