"""Project tests that are to blame for what they say of the candidates of one stub."""

from __future__ import annotations

from collections.abc import Collection

from pytest_supercharger.matrix import Matrix

__all__ = ["ask_again", "do_otherwise", "to_blame"]


def to_blame(matrix: Matrix) -> set[str]:
    """Project tests that fail and pass with one body, for two that give different results on an input."""
    seen: dict[str, list[str]] = {}
    for key, gate in matrix.gates.items():
        for node in gate.unsteady:
            seen.setdefault(node, []).append(key)
    pairs = ((node, one, other) for node, keys in seen.items() for one in keys for other in keys if one < other)
    return {node for node, one, other in pairs if do_otherwise(matrix, one, other)}


def ask_again(matrix: Matrix, flaky: Collection[str]) -> tuple[str, ...]:
    """Drop what was known of the gate for candidates that fail none but these tests; returns their ids."""
    found = tuple(key for key, gate in matrix.gates.items() if gate.failures and set(gate.failures) <= set(flaky))
    for key in found:
        del matrix.gates[key]
    return found


def do_otherwise(matrix: Matrix, one: str, other: str) -> bool:
    """Whether two candidates give different results on an input."""
    pairs = ((matrix.outputs.get((one, probe)), matrix.outputs.get((other, probe))) for probe in matrix.probes)
    return any(a is not None and b is not None and (a.kind, a.text) != (b.kind, b.text) for a, b in pairs)
