"""The question that would decide an abstention: an input on which candidates differ, and who answers what.

Which input is asked about: the one whose largest group of answers is nearest to half of what may still be right
(TiCoder, arXiv 2208.05950), so that any answer rules out as much as can be. A candidate counts by its samples and the
score of its class.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

from pytest_supercharger import source
from pytest_supercharger.agreement import Assessment
from pytest_supercharger.declared import binds, classes
from pytest_supercharger.disputes import Dispute, Group
from pytest_supercharger.domain import Output, OutputKind, Probe, SourceFile
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.pasting import changed, paste
from pytest_supercharger.reporting import clean

__all__ = ["dispute", "failed_check"]

_SHOWN = 4  # groups of answers
_TRIED = 8  # inputs, the most even first, for one whose answers can be written as tests
_LONGEST = 200  # characters of an answer, and of an input
_SILENT = frozenset({OutputKind.INVALID, OutputKind.INFRA, OutputKind.BLOCKED, OutputKind.OPAQUE})

_Answers = Mapping[tuple[OutputKind, str], list[str]]  # kind and text of an output -> the candidates that give it


def dispute(matrix: Matrix, assessment: Assessment, file: SourceFile) -> Dispute | None:
    """The question to the user; None where the candidates that may be right agree on every input.

    `file` is that of the stub: a pasted test may import what it defines.
    """
    mass = _masses(matrix, assessment)
    ranked: list[tuple[float, int, str, _Answers]] = []
    for probe in matrix.probes.values():
        answers = _answers(matrix, probe, mass)
        if len(answers) > 1:
            largest = max(math.fsum(mass[key] for key in keys) for keys in answers.values())
            ranked.append((round(abs(largest - 0.5), 2), len(_shown(probe)), probe.id, answers))
    if not ranked:
        return None
    ranked.sort(key=lambda row: row[:3])
    names, known = _defined(file)
    asked = [_asked(matrix, matrix.probes[row[2]], row[3], names, known) for row in ranked[:_TRIED]]
    writable = (question for question in asked if sum(bool(group.test) for group in question.groups) > 1)
    return next(writable, asked[0])


def _defined(file: SourceFile) -> tuple[frozenset[str], frozenset[str]]:
    """The names that the file binds, and the classes it defines, as the user wrote it."""
    tree = source.parse(source.decode(file.data, name=file.relpath).text, name=file.relpath)
    return frozenset(name for statement in tree.body for name in binds(statement)), frozenset(classes(tree.body))


def _masses(matrix: Matrix, assessment: Assessment) -> dict[str, float]:
    """How probable it is that each candidate is right, of those that pass all that is trusted."""
    drawn = matrix.drawn
    scores = {key: max(group.score, 0.0) for group in assessment.classes for key in group.ids if matrix.vouched(key)}
    # Where nothing tells them apart, all that is known is how often each was written.
    flat = not any(scores.values())
    weights = {key: drawn[key] * (1.0 if flat else score) for key, score in scores.items()}
    total = math.fsum(weights.values())
    return {key: weight / total for key, weight in weights.items() if weight}


def _answers(matrix: Matrix, probe: Probe, mass: Mapping[str, float]) -> _Answers:
    found: defaultdict[tuple[OutputKind, str], list[str]] = defaultdict(list)
    for key in mass:
        output = matrix.outputs.get((key, probe.id))
        if output is not None and output.kind not in _SILENT:
            found[output.kind, output.text].append(key)
    return found


def _asked(matrix: Matrix, probe: Probe, answers: _Answers, names: Collection[str], known: Collection[str]) -> Dispute:
    drawn = matrix.drawn
    groups = []
    watched = frozenset().union(*(changed(matrix.outputs[keys[0], probe.id]) for keys in answers.values()))
    for (kind, text), keys in answers.items():
        output = matrix.outputs[keys[0], probe.id]
        pasted = paste(matrix.stub, probe, output, names, watched, classes=known)
        groups.append(
            Group(
                answer=_answer(kind, text, output),
                samples=sum(drawn[key] for key in keys),
                test=pasted.test,
                example=pasted.example,
                note=pasted.note,
            )
        )
    groups.sort(key=lambda group: (-group.samples, group.answer))
    total = sum(group.samples for group in groups)
    return Dispute(input=clean(_shown(probe), _LONGEST), samples=total, groups=tuple(groups[:_SHOWN]))


def _answer(kind: OutputKind, text: str, output: Output) -> str:
    if kind is OutputKind.EXCEPTION:
        return clean(f"raises {output.preview or text}", _LONGEST)
    told = output.preview or text
    return clean(told if kind is OutputKind.VALUE else f"{kind.value} {told}".strip(), _LONGEST)


def _shown(probe: Probe) -> str:
    setup = "; ".join(line for line in probe.setup.splitlines() if line.strip())
    return f"{setup}; {probe.expression}" if setup else probe.expression


def failed_check(matrix: Matrix) -> str:
    """Where nobody passes the user's own checks: the check that most candidates fail, and how; "" otherwise."""
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
