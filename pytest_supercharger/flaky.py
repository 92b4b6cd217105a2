"""Project tests that are to blame for what they say of the candidates of one stub."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from pytest_supercharger.domain import Output, OutputKind, Probe
from pytest_supercharger.matrix import Matrix

__all__ = ["Blame", "ask_again", "do_otherwise"]

_AGAIN = 2  # more runs on every input: by chance a coin falls the same way once
_REPEATABLE = frozenset({OutputKind.VALUE, OutputKind.EXCEPTION})

Run = Callable[[str, Sequence[Probe]], Mapping[str, Output]]


class Blame:
    """Who is to blame where a project test fails and passes with one body: the body, or the test."""

    def __init__(self, matrix: Matrix, run: Run) -> None:
        """`run` runs a candidate on inputs once more; what it does not give is not known."""
        self._matrix = matrix
        self._run = run
        self._steady: dict[str, bool] = {}  # candidate id -> whether it gave the same each time

    def nodes(self, known: Collection[str]) -> set[str]:
        """Project tests that change with each of two bodies that give different results on an input, always the same.

        A body whose own results change says nothing about a test. `known` are those that are not asked about.
        """
        seen: dict[str, list[str]] = {}
        for key, gate in self._matrix.gates.items():
            for node in gate.unsteady - frozenset(known):
                seen.setdefault(node, []).append(key)
        pairs = ((node, one, other) for node, keys in seen.items() for one in keys for other in keys if one < other)
        return {
            node
            for node, one, other in pairs
            if do_otherwise(self._matrix, one, other) and self._is_steady(one) and self._is_steady(other)
        }

    def _is_steady(self, key: str) -> bool:
        if key not in self._steady:
            self._steady[key] = self._repeats(key)
        return self._steady[key]

    def _repeats(self, key: str) -> bool:
        matrix = self._matrix
        known = {probe: matrix.outputs[key, probe] for probe in matrix.probes if (key, probe) in matrix.outputs}
        if any(output.kind is OutputKind.UNSTABLE for output in known.values()):
            return False
        known = {probe: output for probe, output in known.items() if output.kind in _REPEATABLE}
        for _ in range(_AGAIN):
            again = self._run(key, [matrix.probes[probe] for probe in known])
            if any(_shown(again.get(probe)) != _shown(output) for probe, output in known.items()):
                return False
        return bool(known)


def ask_again(matrix: Matrix, flaky: Collection[str]) -> tuple[str, ...]:
    """Drop what was known of the gate for candidates that fail none but these tests, and each of them once only.

    One that failed a test each time keeps that: the test may change with others and be right about this one.
    """
    found = tuple(
        key for key, gate in matrix.gates.items() if gate.failures and gate.failures.keys() <= gate.unsteady & {*flaky}
    )
    for key in found:
        del matrix.gates[key]
    return found


def do_otherwise(matrix: Matrix, one: str, other: str) -> bool:
    """Whether two candidates give different results on an input."""
    pairs = ((matrix.outputs.get((one, probe)), matrix.outputs.get((other, probe))) for probe in matrix.probes)
    return any(_says(a) and _says(b) and _shown(a) != _shown(b) for a, b in pairs)


def _says(output: Output | None) -> bool:
    """Whether it is a result: a limit, or a machine that was busy, says nothing of what a body does."""
    return output is not None and output.kind in _REPEATABLE


def _shown(output: Output | None) -> tuple[OutputKind, str] | None:
    return None if output is None else (output.kind, output.text)
