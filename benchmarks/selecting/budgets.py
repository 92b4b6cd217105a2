"""Asking on while it helps against a fixed number of samples: the policy of a live run, played on the pools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from pytest_supercharger import search
from pytest_supercharger.agreement import Assessment, assess
from selecting.pools import ALL, Order, Task, orders

TAU = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What one way of asking came to over all draws of a pool; samples are answers a task."""

    accepted: float
    precision: float
    precision_humaneval: float
    codes: float
    suites: float

    @property
    def samples(self) -> float:
        """Codes and suites a task."""
        return self.codes + self.suites


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    accepted: bool
    right: bool
    right_humaneval: bool
    codes: int
    suites: int


def adaptive(tasks: Sequence[Task], policy: search.Policy, draws: int) -> Spending:
    """The search as it is, without repairs, improved suites and expected outputs: the pools have none."""
    return _sum([_play(order, policy) for order in _orders(tasks, draws)])


def fixed(tasks: Sequence[Task], codes: int, suites: int, draws: int) -> Spending:
    """Everything is drawn, then it is decided."""
    return _sum([_once(order, codes, suites) for order in _orders(tasks, draws)])


def _orders(tasks: Sequence[Task], draws: int) -> Iterator[Order]:
    for task in tasks:
        yield from orders(task, draws, "budget")


def _once(order: Order, codes: int, suites: int) -> _Run:
    assessment = assess(order.evidence(codes, suites, trusted=ALL), tau=TAU)
    return _run(order, assessment if not assessment.unmet else None, codes, suites)


def _play(order: Order, policy: search.Policy) -> _Run:
    progress, rng = search.Progress(), Random(0)
    while True:
        action = search.next_action(progress, policy, rng)
        if isinstance(action, search.Accept | search.Abstain):
            chosen = progress.assessment if isinstance(action, search.Accept) else None
            return _run(order, chosen, progress.codes, progress.suites)
        if isinstance(action, search.AskCode):
            progress = replace(progress, codes=progress.codes + action.n)
        elif isinstance(action, search.AskTests):
            progress = replace(progress, suites=progress.suites + action.n)
        progress = replace(
            progress,
            no_more_codes=progress.codes >= len(order.codes),
            no_more_suites=progress.suites >= len(order.suites),
        )
        evidence = order.evidence(progress.codes, progress.suites, trusted=ALL)
        progress = search.observe(progress, assess(evidence, tau=policy.tau))


def _run(order: Order, chosen: Assessment | None, codes: int, suites: int) -> _Run:
    row = order.task.rows[int(chosen.best)] if chosen is not None and chosen.best is not None else None
    return _Run(
        accepted=row is not None,
        right=row is not None and row.right,
        right_humaneval=row is not None and row.right_humaneval,
        codes=codes,
        suites=suites,
    )


def _sum(runs: Sequence[_Run]) -> Spending:
    written = sum(run.accepted for run in runs)
    return Spending(
        accepted=written / len(runs),
        precision=sum(run.right for run in runs) / max(written, 1),
        precision_humaneval=sum(run.right_humaneval for run in runs) / max(written, 1),
        codes=sum(run.codes for run in runs) / len(runs),
        suites=sum(run.suites for run in runs) / len(runs),
    )
