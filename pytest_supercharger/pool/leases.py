"""Jobs and leases, and where each sample index is: answered, waiting, or asked of one node (of two while doubled)."""

from __future__ import annotations

import itertools

from pytest_supercharger.pool.policy import Grant
from pytest_supercharger.pool.state import Action, Cancel, Done, Job, Lease, Node, Start

__all__ = ["Leases"]


class Leases:
    """Keeps the books; what has to be carried out is put on `actions`."""

    def __init__(self) -> None:
        self.jobs: dict[int, Job] = {}
        self.leases: dict[int, Lease] = {}
        self.asked = 0  # samples
        self.doubled = 0  # of them, those asked of a second node
        self.actions: list[Action] = []
        self._numbers = itertools.count(1)

    def begin(self, grant: Grant, now: float) -> None:
        """Ask the node for the samples."""
        job, node = grant.job, grant.node
        lease = Lease(
            id=next(self._numbers),
            job=job,
            node=node,
            indices=grant.indices,
            left=set(grant.indices),
            begun=now,
            heard=now,
            is_hedge=grant.of is not None,
        )
        if not node.under_way:
            node.waiting_since = now
        node.under_way += len(grant.indices)
        node.peak = max(node.peak, node.under_way)
        job.waiting.difference_update(grant.indices)
        job.leases.add(lease.id)
        self.leases[lease.id] = lease
        self.asked += len(grant.indices)
        if grant.of is not None:
            grant.of.hedged = True
            self.doubled += len(grant.indices)
        self.actions.append(Start(lease=lease))

    def answered(self, job: Job, index: int) -> None:
        """The sample is here: nobody else is to send it."""
        job.missing.discard(index)
        for number in [*job.leases]:
            other = self.leases[number]
            if index in other.left:
                self.off(other, index)
                if not other.left:
                    self.cancel(other)
        if not job.missing:
            self.jobs.pop(job.id, None)
            self.actions.append(Done(job=job))

    def off(self, lease: Lease, index: int) -> None:
        """The lease has nothing more to do with this sample."""
        lease.left.discard(index)
        lease.node.under_way -= 1

    def requeue(self, job: Job, indices: set[int]) -> None:
        """These wait for somebody again, as far as nobody else is asked for them."""
        asked = {index for number in job.leases for index in self.leases[number].left}
        job.waiting |= (indices & job.missing) - asked

    def forget(self, lease: Lease) -> None:
        """The lease is over."""
        self.leases.pop(lease.id, None)
        lease.job.leases.discard(lease.id)
        lease.node.under_way -= len(lease.left)

    def cancel(self, lease: Lease) -> None:
        """The lease is over, and its node is told so."""
        self.forget(lease)
        self.actions.append(Cancel(lease=lease))

    def take_back(self, node: Node) -> None:
        """Nothing more is expected of the node."""
        for lease in [lease for lease in self.leases.values() if lease.node is node]:
            left = set(lease.left)
            self.cancel(lease)
            self.requeue(lease.job, left)

    def drop(self, job: Job) -> None:
        """Nobody waits for the job any more."""
        self.jobs.pop(job.id, None)
        for number in [*job.leases]:
            self.cancel(self.leases[number])
