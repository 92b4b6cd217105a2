"""Project tests that are to blame for what they say of the candidates of one stub."""

from __future__ import annotations

from collections.abc import Collection

from pytest_supercharger.matrix import Matrix

__all__ = ["ask_again", "to_blame"]


def to_blame(matrix: Matrix) -> set[str]:
    """Project tests that fail and pass with one body, for two that give different results on an input."""
    seen: dict[str, list[str]] = {}
    for key, gate in matrix.gates.items():
        for node in gate.unsteady:
            seen.setdefault(node, []).append(key)
    pairs = ((node, one, other) for node, keys in seen.items() for one in keys for other in keys if one < other)
    return {node for node, one, other in pairs if matrix.do_otherwise(one, other)}


def ask_again(matrix: Matrix, flaky: Collection[str]) -> tuple[str, ...]:
    """Drop what was known of the gate for candidates that fail none but these tests; returns their ids."""
    found = tuple(key for key, gate in matrix.gates.items() if gate.failures and set(gate.failures) <= set(flaky))
    for key in found:
        del matrix.gates[key]
    return found
