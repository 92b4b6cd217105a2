"""The question that would decide an abstention: the input on which candidates differ, and who answers what."""

from __future__ import annotations

from collections import Counter

from pytest_supercharger.agreement import Assessment
from pytest_supercharger.domain import OutputKind, Probe
from pytest_supercharger.matrix import Matrix

__all__ = ["dispute"]

_SHOWN = 4  # groups of answers


def dispute(matrix: Matrix, assessment: Assessment) -> str:
    """Say on which input the best two groups disagree, with their answers and sizes; "" where they do not."""
    if assessment.distinguishing is None:
        return _failed_check(matrix)
    probe = list(matrix.probes.values())[assessment.distinguishing]
    answers: Counter[str] = Counter()
    for key, drawn in matrix.drawn.items():
        output = matrix.outputs.get((key, probe.id))
        if output is not None and output.kind is not OutputKind.INVALID:
            answers[output.preview or f"{output.kind.value} {output.text}".strip()] += drawn
    lines = [f"the candidates disagree on {_ask(probe)}"]
    lines += [f"  {count} of {sum(answers.values())} give {text}" for text, count in answers.most_common(_SHOWN)]
    lines.append("add the right answer to the docstring as an example, then run again")
    return "\n".join(lines)


def _ask(probe: Probe) -> str:
    setup = "; ".join(line for line in probe.setup.splitlines() if line.strip())
    return f"{setup}; {probe.expression}" if setup else probe.expression


def _failed_check(matrix: Matrix) -> str:
    """Where nobody passes the user's own checks: the check that most candidates fail, and how."""
    failed: Counter[tuple[str, str]] = Counter()
    for key in matrix.candidates:
        failing = matrix.failing_trusted(key)
        if failing is not None:
            failed[failing] += matrix.drawn[key]
    if not failed or any(matrix.vouched(key) for key in matrix.candidates):
        return ""
    (test, reason), count = failed.most_common(1)[0]
    name = next((t.name for t in matrix.trusted if t.id == test), test)
    return f"{count} of {sum(matrix.drawn.values())} candidates fail {name}: {reason}"
