"""The nodes of a run in one table, for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_supercharger.pool.state import Node, Standing

__all__ = ["entries", "states", "table"]

_HEAD = ("node", "model", "state", "tokens/s", "samples", "queue", "errors")


def table(nodes: Sequence[Node]) -> list[str]:
    """One line a node, below a head; then, for each that cannot be used, why."""
    rows = [_HEAD, *(_row(node) for node in nodes)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return lines + [node.last_error for node in nodes if node.standing is not Standing.UP and node.last_error]


def entries(nodes: Sequence[Node]) -> list[dict[str, object]]:
    """The same for scripts, and more exactly."""
    return [
        {
            "node": node.name,
            "model": node.label,
            "digest": node.model,
            "state": _state(node),
            "tokens_per_second": round(node.reported, 1),
            "tokens_per_second_a_sample": round(node.speed, 1),
            "samples": node.samples,
            "rows": node.rows,
            "under_way": node.under_way,
            "queue": node.queued,
            "errors": node.errors,
            "last_error": node.last_error,
        }
        for node in nodes
    ]


def states(nodes: Sequence[Node]) -> list[tuple[str, str]]:
    """The name and the state of each node."""
    return [(node.name, _state(node)) for node in nodes]


def _row(node: Node) -> tuple[str, ...]:
    return (
        node.name,
        f"{node.label} {node.model[:12]}".strip() or "?",
        _state(node),
        f"{node.reported:.0f}",
        str(node.samples),
        str(node.queued),
        str(node.errors),
    )


def _state(node: Node) -> str:
    return "draining" if node.standing is Standing.UP and node.draining else node.standing.value
