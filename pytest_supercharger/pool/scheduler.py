"""The pool without gRPC: what happened goes in, what is to be done comes out; time is a number that is passed in.

What a node leaves undone waits again at once, index by index: none is lost, and none counts twice.
"""

from __future__ import annotations

import random
from collections import defaultdict

from pytest_supercharger.pool import policy
from pytest_supercharger.pool.endings import failure
from pytest_supercharger.pool.leases import Leases
from pytest_supercharger.pool.state import (
    Action,
    Cancel,
    Done,
    Job,
    Lease,
    Node,
    Probe,
    Standing,
    Trouble,
    TroubleKind,
    Tuning,
)

__all__ = ["Scheduler"]

_SMOOTH = 0.2  # weight of the newest figure
_LARGEST = 1024  # samples of one request, whatever the queue holds: the protocol takes no more
_LOOK = 0.05  # seconds between two looks at what is overdue: that may wait, and costs more than what is at hand
_LONGEST_STEP = 1.0  # seconds; after a longer one it was we who slept, not the nodes


class Scheduler:
    """Owns nodes, jobs and leases; used by one thread, or by a simulation."""

    def __init__(self, rng: random.Random, tuning: Tuning | None = None) -> None:
        """`rng` is for the jitter of pauses."""
        self.tuning = tuning or Tuning()
        self.nodes: dict[str, Node] = {}
        self.models: frozenset[str] = frozenset()  # that nodes may have; any where none is given
        self._rng = rng
        self._usual: defaultdict[str, float] = defaultdict(float)  # tokens of a sample, by kind
        self.held = Leases()
        self._last_step = self._last_look = 0.0
        self._must_look = True  # something has gone wrong: a job may have nobody left
        self._last_up = 0.0

    # -- nodes

    def add_node(self, name: str, now: float) -> Node:
        """A node that nobody has asked yet who it is."""
        return self.nodes.setdefault(name, Node(name=name, heard=now))

    def drop_node(self, name: str, now: float) -> None:
        """The node is no longer one of ours."""
        if (node := self.nodes.pop(name, None)) is not None:
            node.standing = Standing.REFUSED
            self.held.take_back(node)

    def introduced(
        self, node: Node, *, model: str, label: str, rows: int, context: int, now: float, queue: int = 0
    ) -> None:
        """The node has said who it is; `queue` is how many samples may wait there, 0 where it does not say."""
        node.heard, node.probing = now, False
        if self.models and model not in self.models:
            known = ", ".join(sorted(digest[:12] for digest in self.models))
            message = f"model node {node.name} has the model {model[:12]} ({label}), this run has {known}"
            self.refuse(node, f"{message}; start it with that model, or start a run of its own", now)
            return
        node.speed = node.speed if node.model == model else 0.0
        node.model, node.label, node.rows, node.context = model, label, max(1, rows), context
        node.standing, node.draining, node.most = Standing.UP, False, min(queue or _LARGEST, _LARGEST)

    def loaded(self, node: Node, *, running: int, queued: int, reported: float, draining: bool, now: float) -> None:
        """The node has said how busy it is."""
        node.heard, node.probing = now, False
        node.delay = _smooth(node.delay, now - node.asked_load)
        node.others = max(0, running + queued - node.peak)
        node.queued, node.reported, node.draining = queued, reported, draining

    def refuse(self, node: Node, message: str, now: float) -> None:
        """Ask this node nothing, until it says something else of itself."""
        node.probing, node.rests_until = False, now + self.tuning.longest_pause
        node.standing, node.last_error = Standing.REFUSED, message
        self.held.take_back(node)

    def unreachable(self, node: Node, message: str, now: float, *, full: bool = False) -> None:
        """The node did not say who it is, or how busy; that its queue is full is a word of it too."""
        node.probing, node.heard = False, now if full else node.heard
        if node.standing is Standing.UP:
            return  # a question after the load that is lost is no loss; `silent` sees to it
        self._failed(node, message, now)
        if node.standing is not Standing.REFUSED:
            node.standing = Standing.DOWN

    # -- jobs

    def add(self, job: Job) -> None:
        """Somebody waits for these samples."""
        self.held.jobs[job.id] = job

    def drop(self, job: Job) -> None:
        """Nobody waits any more."""
        self.held.drop(job)

    # -- leases

    def sample(self, lease: Lease, index: int, *, tokens: int, torn: bool, now: float) -> bool:
        """Whether this sample counts: one that nobody waits for, or that ended in an error, does not."""
        node, job = lease.node, lease.job
        if lease.id not in self.held.leases:
            return False
        node.heard = node.waiting_since = now
        if index not in lease.left:
            if index not in lease.indices:
                node.errors += 1
                message = f"model node {node.name} sent sample {index}, which nobody asked for; look at its log"
                self.ended(lease, Trouble(TroubleKind.BROKEN, message), now)
                self.held.actions.append(Cancel(lease=lease))
            return False
        self._learn(lease, tokens, now)
        lease.heard = now
        self.held.off(lease, index)
        if torn and job.torn[index] + 1 < self.tuning.attempts:
            job.torn[index] += 1
            node.errors += 1
            self.held.requeue(job, {index})
            return False
        if index not in job.missing:
            return False
        self.held.answered(job, index)
        node.samples += 1
        node.failures = 0
        return True

    def torso(self, lease: Lease, index: int, now: float) -> None:
        """The node cancelled a sample half-way: it is still wanted."""
        if lease.id in self.held.leases and index in lease.left:
            lease.node.heard = now
            self.held.off(lease, index)
            self.held.requeue(lease.job, {index})

    def ended(self, lease: Lease, trouble: Trouble | None, now: float) -> None:
        """The stream is over; what it leaves undone waits for somebody else."""
        if lease.id not in self.held.leases:
            return
        node, job = lease.node, lease.job
        if trouble is None:
            node.heard = now
            if lease.left:
                message = f"model node {node.name} ended its stream before the last sample; look at its log"
                trouble = Trouble(TroubleKind.BROKEN, message)
        left = set(lease.left)
        self.held.forget(lease)
        self.held.requeue(job, left)
        if trouble is not None:
            self._trouble(node, job, trouble, now)

    # -- what is to be done

    def step(self, now: float) -> list[Action]:
        """Everything that is due by now."""
        self._forgive(now)
        looks = self._must_look or now - self._last_look >= _LOOK
        if looks:
            self._last_look, self._must_look = now, False
            self._end_late(now)
            for node in policy.silent([*self.nodes.values()], self.tuning):
                self._lose(node, f"model node {node.name} does not answer while others do; look at its machine", now)
        self._share_out(now, looks=looks)
        if looks:
            self._give_up(now)
            self._probe(now)
        actions, self.held.actions = self.held.actions, []
        return actions

    def usual(self) -> float:
        """Tokens of a sample, as a rule."""
        known = [tokens for tokens in self._usual.values() if tokens]
        return sum(known) / len(known) if known else 100.0

    def _forgive(self, now: float) -> None:
        gap = now - self._last_step
        if self._last_step and gap > _LONGEST_STEP:
            for node in self.nodes.values():
                node.heard += gap
                node.waiting_since += gap
            for lease in self.held.leases.values():
                lease.heard += gap
        self._last_step = now

    def _end_late(self, now: float) -> None:
        for job in [job for job in self.held.jobs.values() if now >= job.deadline]:
            self.drop(job)
            self.held.actions.append(Done(job=job))

    def _share_out(self, now: float, *, looks: bool) -> None:
        nodes, usual = [*self.nodes.values()], self.usual()
        up = [node for node in nodes if node.standing is Standing.UP]
        if up:
            self._last_up = now
        known = [node.speed for node in up if node.speed]
        fallback = sum(known) / len(known) if known else 1.0
        paces = {node.name: policy.pace(node, usual, now, fallback) for node in nodes}
        waiting = [job for job in self.held.jobs.values() if job.waiting]
        waiting.sort(key=lambda job: (-job.priority, job.id))
        for grant in policy.grants(nodes, waiting, paces, usual, now, self.tuning):
            self.held.begin(grant, now)
        if looks:
            self._ask_elsewhere(nodes, paces, usual, now)

    def _ask_elsewhere(self, nodes: list[Node], paces: dict[str, float], usual: float, now: float) -> None:
        for lease in policy.stalled([*self.held.leases.values()], nodes, paces, now, self.tuning):
            message = f"model node {lease.node.name} works on a sample for longer than it can take; look at its log"
            self.held.actions.append(Cancel(lease=lease))
            self.ended(lease, Trouble(TroubleKind.LOST, message), now)
        budget = int(self.tuning.hedged * max(self.held.asked, 10)) - self.held.doubled
        for grant in policy.hedges(nodes, self.held.leases.values(), paces, usual, now, budget, self.tuning):
            self.held.begin(grant, now)

    def _give_up(self, now: float) -> None:
        """End the jobs that nobody is left for."""
        anybody = any(node.standing is Standing.UP for node in self.nodes.values())
        for job in [job for job in self.held.jobs.values() if job.waiting and not job.leases]:
            if not (job.troubled or not anybody):
                continue
            able = [node for node in self.nodes.values() if policy.usable(node, job, self.tuning)]
            if any(node.standing is Standing.UP for node in able):
                continue
            if able and now - max(self._last_up, job.begun) < self.tuning.patience:
                continue
            self.drop(job)
            self.held.actions.append(failure(job, able, [*self.nodes.values()]))

    def _probe(self, now: float) -> None:
        for node in self.nodes.values():
            introduce = node.standing is not Standing.UP
            due = node.rests_until if introduce else node.asked_load + self.tuning.probe
            if not node.probing and now >= due:
                node.probing, node.asked_load, node.peak = True, now, node.under_way
                self.held.actions.append(Probe(node=node, introduce=introduce))

    # -- bookkeeping

    def _learn(self, lease: Lease, tokens: int, now: float) -> None:
        if not tokens:
            return
        node, took = lease.node, max(1e-6, now - lease.begun)
        node.speed = _smooth(node.speed, tokens / took)
        self._usual[lease.job.kind] = _smooth(self._usual[lease.job.kind], tokens)

    def _lose(self, node: Node, message: str, now: float) -> None:
        self._failed(node, message, now)
        node.standing = Standing.DOWN
        self.held.take_back(node)

    def _failed(self, node: Node, message: str, now: float, *, alone: bool = True) -> None:
        node.errors += 1
        node.failures += alone  # else others behind the same address go on, and its rest is a short one
        node.last_error = message
        node.rests_until = now + policy.pause(node.failures, self._rng, self.tuning)

    def _trouble(self, node: Node, job: Job, trouble: Trouble, now: float) -> None:
        self._must_look = True
        kind, message = trouble.kind, str(trouble)
        if kind is TroubleKind.BUSY:
            node.failures += 1
            jitter = policy.pause(node.failures, self._rng, self.tuning)
            node.rests_until = now + trouble.retry_after + jitter
        elif kind is TroubleKind.DECLINED:
            job.declined.add(node.name)
        elif kind is TroubleKind.REFUSED:
            self.drop(job)
            self.held.actions.append(Done(job=job, error=message))
        elif kind is TroubleKind.FOREIGN:
            self.refuse(node, message, now)
        elif kind is TroubleKind.LATE:
            job.deadline = min(job.deadline, now)
        else:
            self._broke(node, job, trouble, now)

    def _broke(self, node: Node, job: Job, trouble: Trouble, now: float) -> None:
        job.last_failure = str(trouble)
        if trouble.kind is TroubleKind.LOST:
            job.lost[node.name] += 1
            self._lose(node, str(trouble), now)
            return
        alone = trouble.kind is not TroubleKind.REPLICA
        (job.failures if alone else job.lost)[node.name] += 1
        self._failed(node, str(trouble), now, alone=alone)
        if trouble.kind is TroubleKind.OTHER_MODEL and node.standing is Standing.UP:
            node.standing = Standing.NEW
            self.held.take_back(node)


def _smooth(old: float, new: float) -> float:
    return (1 - _SMOOTH) * old + _SMOOTH * new if old else new
