"""Who gets which samples, when a second node is asked, who is given up, how long a pause is: values in, values out.

Nodes pull: whoever has a free row gets a chunk of what waits. A chunk is as large as the node's share of the measured
speed, so that a slow node never holds much when the work ends, and a node leaves work alone that a faster one would
finish sooner.
"""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pytest_supercharger.pool.state import Job, Lease, Node, Standing, Tuning, runs

__all__ = ["Grant", "grants", "hedges", "pace", "pause", "preferred", "silent", "stalled", "usable"]

_ABOUT_AS_FAST = 1.25
_WORTH_IT = 1.1  # a second node has to be sooner by this factor
_CODES = frozenset({"code", "repair"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """These samples of this job are asked of this node."""

    job: Job
    node: Node
    indices: range
    of: Lease | None = None  # the lease that it doubles


def preferred(stub: str, kind: str, models: Iterable[str]) -> str:
    """The model to ask by preference: another one for the tests of a stub than for its code; "" where all are alike."""
    known = sorted(set(models))
    if len(known) < 2:
        return ""
    first = zlib.crc32(stub.encode("utf-8", "replace"))
    return known[(first + (kind not in _CODES)) % len(known)]


def usable(node: Node, job: Job, tuning: Tuning) -> bool:
    """Whether the node could ever do something for the job."""
    return (
        node.standing is not Standing.REFUSED
        and node.name not in job.declined
        and job.failures[node.name] < tuning.attempts
        and job.lost[node.name] < tuning.losses
    )


def pace(node: Node, usual: float, now: float, fallback: float) -> float:
    """Tokens a second of one sample; less than was measured where the next one is overdue."""
    speed = node.speed or fallback
    waited = now - node.waiting_since
    if node.under_way and waited > 2 * usual / speed:
        return usual / waited
    return speed


def grants(
    nodes: Sequence[Node], jobs: Sequence[Job], paces: Mapping[str, float], usual: float, now: float, tuning: Tuning
) -> list[Grant]:
    """What to ask of whom, for jobs in order of importance; `usual` is how many tokens a sample has.

    A first round gives work only to the models that are asked by preference, a second one to whoever is left.
    """
    if not jobs:
        return []
    able = [node for node in nodes if node.standing is Standing.UP and not node.draining]
    free = {node.name: room for node in able if node.rests_until <= now and (room := node.free(tuning.smallest)) > 0}
    backlog = sum(len(job.waiting) for job in jobs)
    if backlog > sum(free.values()):
        for node in able:
            if node.rests_until <= now and (
                more := free.get(node.name, 0) + _ahead(node, paces[node.name], usual, tuning)
            ):
                free[node.name] = more
    sharing = _Sharing(able, free, paces, usual, backlog, tuning)
    taken: dict[int, set[int]] = {}
    found: list[Grant] = []
    for strict in (True, False) if any(job.model for job in jobs) else (False,):
        for job in jobs:
            if not sharing.free:
                return found
            left = taken.setdefault(job.id, set(job.waiting))
            found += sharing.serve(job, left, strict=strict)
    return found


def _ahead(node: Node, speed: float, usual: float, tuning: Tuning) -> int:
    """Samples that may wait at a node: those that it begins with while the next ones are on their way to it."""
    waiting = max(0, node.under_way + node.others - node.rows)
    if waiting >= node.rows:  # so it is, as a rule, while much waits
        return 0
    return max(0, round(min((tuning.ahead + 2 * node.delay) * node.rows * speed / usual, node.rows)) - waiting)


class _Sharing:
    """One round of sharing out: free rows go down as grants are made."""

    def __init__(
        self,
        able: Sequence[Node],
        free: dict[str, int],
        paces: Mapping[str, float],
        usual: float,
        backlog: int,
        tuning: Tuning,
    ) -> None:
        self.free = free
        self._able = able
        self._paces = paces
        self._usual = usual
        self._backlog = backlog
        self._tuning = tuning
        self._idle = [node for node in able if node.name in free]
        self._power = {node.name: node.rows * paces[node.name] for node in able}
        power = sum(self._power[node.name] for node in self._idle) or 1.0
        self._quota = {node.name: math.ceil(backlog * self._power[node.name] / power) for node in self._idle}
        self._fastest = max((paces[node.name] for node in able), default=0.0)

    def serve(self, job: Job, left: set[int], *, strict: bool) -> list[Grant]:
        found = []
        while left:
            node = self._choose(job, strict=strict)
            if node is None:
                break
            run = next(runs(left))
            chunk = run[: self._size(node)]
            found.append(Grant(job=job, node=node, indices=chunk))
            left.difference_update(chunk)
            self._backlog -= len(chunk)
            self._quota[node.name] -= len(chunk)
            self.free[node.name] -= len(chunk)
            if self.free[node.name] <= 0:
                del self.free[node.name]
                self._idle.remove(node)
        return found

    def _choose(self, job: Job, *, strict: bool) -> Node | None:
        open_to = [
            node
            for node in self._idle
            if (not strict or job.model in ("", node.model))
            and usable(node, job, self._tuning)
            and not self._sooner_elsewhere(node, job)
        ]
        return min(
            open_to, key=lambda node: (job.failures[node.name] + job.lost[node.name], self._load(node)), default=None
        )

    def _load(self, node: Node) -> float:
        used = node.rows - self.free[node.name]
        return (1 + used / node.rows) / self._paces[node.name]

    def _size(self, node: Node) -> int:
        """Samples of one chunk: the node's share of what waits, as far as it has rows, and no prefill for too few."""
        free, smallest = self.free[node.name], self._tuning.smallest
        if self._backlog > sum(self.free.values()):  # a few may wait there, so that no row is idle meanwhile
            return min(max(free, smallest), node.most)
        return min(free, max(smallest, self._quota[node.name]), node.most)

    def _sooner_elsewhere(self, node: Node, job: Job) -> bool:
        """Whether faster nodes, busy as they are, would have done all that waits before this one has done a sample."""
        mine = self._paces[node.name]
        if mine * _ABOUT_AS_FAST >= self._fastest:
            return False
        faster = [one for one in self._able if self._paces[one.name] > mine * _ABOUT_AS_FAST]
        faster = [one for one in faster if usable(one, job, self._tuning)]
        power = sum(self._power[one.name] for one in faster)
        if not power:
            return False
        best = max(self._paces[one.name] for one in faster)
        return self._usual / mine > _WORTH_IT * (self._backlog * self._usual / power + self._usual / best)


def hedges(
    nodes: Sequence[Node],
    leases: Iterable[Lease],
    paces: Mapping[str, float],
    usual: float,
    now: float,
    budget: int,
    tuning: Tuning,
) -> list[Grant]:
    """Samples that are overdue, asked of an idle node as well; at most `budget` of them."""
    free = {
        node.name: node.rows - node.under_way - node.others
        for node in nodes
        if node.standing is Standing.UP and not node.draining and node.rests_until <= now
    }
    found: list[Grant] = []
    fastest = max(paces.values(), default=1.0)
    overdue = [one for one in leases if not (one.is_hedge or one.hedged) and one.left]
    for lease in sorted(overdue, key=lambda one: one.heard):
        waited = now - lease.heard
        expected = usual / (lease.node.speed or fastest)
        if budget <= 0 or waited <= tuning.hedge_after * expected:
            continue
        able = [
            node
            for node in nodes
            if free.get(node.name, 0) > 0
            and node is not lease.node
            and usable(node, lease.job, tuning)
            and usual / paces[node.name] * _WORTH_IT < waited
        ]
        if not able:
            continue
        node = max(able, key=lambda one: (one.model == lease.node.model, paces[one.name]))
        chunk = next(runs(lease.left))[: min(budget, free[node.name], node.most)]
        found.append(Grant(job=lease.job, node=node, indices=chunk, of=lease))
        free[node.name] -= len(chunk)
        budget -= len(chunk)
    return found


def silent(nodes: Sequence[Node], tuning: Tuning) -> list[Node]:
    """Nodes that say nothing, neither samples nor their load, while others do."""
    up = [node for node in nodes if node.standing is Standing.UP]
    latest = max((node.heard for node in up), default=0.0)
    return [node for node in up if latest - node.heard > tuning.silence]


def stalled(
    leases: Iterable[Lease], nodes: Sequence[Node], paces: Mapping[str, float], now: float, tuning: Tuning
) -> list[Lease]:
    """Leases without a sample for longer than their longest one should take, while other nodes get theirs done."""
    found = []
    for lease in leases:
        speed = lease.node.speed or max(paces.values(), default=1.0)
        limit = max(tuning.stall, 2 * lease.job.tokens / speed)
        if now - lease.heard > limit and any(
            node is not lease.node and node.samples and node.heard > lease.heard + limit / 2 for node in nodes
        ):
            found.append(lease)
    return found


def pause(failures: int, rng: random.Random, tuning: Tuning) -> float:
    """Seconds of rest after so many failures in a row: exponential, with full jitter (Brooker, 2015)."""
    return rng.uniform(0.0, min(tuning.longest_pause, tuning.pause * 2.0 ** min(failures, 16)))
