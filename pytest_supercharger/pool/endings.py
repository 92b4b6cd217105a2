"""How a question ends that nobody is left for."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_supercharger.pool.state import Done, Job, Node, Standing

__all__ = ["failure"]


def failure(job: Job, able: Sequence[Node], nodes: Sequence[Node]) -> Done:
    """What the job is told: `able` are those of the nodes that could still do something for it."""
    refused = [node.last_error for node in nodes if node.standing is Standing.REFUSED]
    if refused and len(refused) == len(nodes):
        return Done(job=job, error=refused[0])
    if job.last_failure:
        return Done(job=job, error=job.last_failure)
    if job.declined and not able:
        return Done(job=job, exhausted=True)
    said = next((node.last_error for node in nodes if node.last_error), "")
    return Done(job=job, error=said or "no model node is left; start one with supercharger-node")
