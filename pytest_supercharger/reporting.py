"""What people and scripts read: progress lines, the decision table, the JSON file."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from pytest_supercharger.disputes import Dispute
from pytest_supercharger.domain import Outcome
from pytest_supercharger.errors import SourceError
from pytest_supercharger.mutation import MutationScore

__all__ = ["Reporter", "clean", "explain", "noticed", "table", "write_patch"]


def clean(text: str, limit: int = 2000) -> str:
    """Text from inside the sandbox or from a model, made safe to print: no control characters, capped."""
    kept = "".join(c if c in "\n\t" or (c.isprintable() and c not in "\u2028\u2029") else "?" for c in text)
    return kept if len(kept) <= limit else f"{kept[:limit]} ... ({len(kept) - limit} more characters)"


class Reporter:
    """Prints progress, one whole line at a time; thread-safe."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Lines go to `stream`, standard output by default."""
        self._stream = stream or sys.stdout
        self._lock = threading.Lock()

    def line(self, text: str = "") -> None:
        """Print one progress line."""
        self.block(f"supercharge: {clean(text)}" if text else "")

    def block(self, text: str) -> None:
        """Print text as it is."""
        with self._lock:
            encoding = self._stream.encoding or "utf-8"
            # Nobody reads any more (`| head`, a full disk): no reason to leave a write-back half-way.
            with contextlib.suppress(OSError):
                self._stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
                self._stream.flush()


def table(outcomes: Sequence[Outcome]) -> str:
    """The decision table: one row a stub."""
    head = ("stub", "decision", "probability", "candidates", "tests", "samples", "seconds")
    rows = [head, *(_row(outcome) for outcome in outcomes)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _row(outcome: Outcome) -> tuple[str, ...]:
    return (
        outcome.stub.id,
        outcome.decision.value,
        f"{outcome.probability:.3f}",
        str(outcome.candidates),
        str(outcome.tests),
        str(outcome.samples),
        f"{outcome.seconds:.1f}",
    )


def explain(outcome: Outcome) -> str:
    """Why a stub stays open, for people: the reason, what was thrown away, and the question that would decide."""
    lines = [f"{outcome.stub.id}: {outcome.decision.value}: {clean(outcome.reason)}"]
    if outcome.rejections:
        counts = sorted(outcome.rejections.items(), key=lambda item: (-item[1], item[0]))
        told = (f"{n} x {clean(reason, 200)}{_example(outcome.details.get(reason, ''))}" for reason, n in counts)
        lines.append("  answers not used: " + ", ".join(told))
    if outcome.mutation is not None:
        lines.append("  " + noticed(outcome.mutation).removeprefix("; "))
    if outcome.failing:
        lines.append("  " + clean(outcome.failing).replace("\n", "\n  "))
    if outcome.question is not None:
        lines += [f"  {line}".rstrip() for line in _asked(outcome.question)]
    return "\n".join(lines)


def noticed(score: MutationScore | None) -> str:
    """How many mutants the tests notice, as a remark; "" where it is not known."""
    if score is None:
        return ""
    return f"; its tests notice {score.killed} of {score.mutants} mutants, the trusted ones {score.killed_by_trusted}"


def _asked(question: Dispute) -> Iterator[str]:
    """The question as people read it: first what differs, then what to paste for each answer."""
    yield f"the candidates disagree on {clean(question.input)}"
    for group in question.groups:
        yield f"  {group.samples} of {question.samples}: {clean(group.answer)}"
    if any(group.test for group in question.groups):
        yield "paste the test of the right answer into your tests, or its line into the docstring, then run again"
    else:
        yield "add the right answer to the docstring as an example, then run again"
    for group in question.groups:
        yield ""
        yield f"# {clean(group.answer)}" + (f" (no test: {clean(group.note)})" if group.note else "")
        if group.example:
            yield f"# in the docstring: {clean(group.example)}"
        yield from clean(group.test).splitlines()


def _example(detail: str) -> str:
    return f" ({clean(' '.join(detail.split()), 120)})" if detail else ""


def write_patch(path: Path, data: bytes) -> None:
    """Write the patch of a run.

    Raises:
        SourceError: the file cannot be written.
    """
    try:
        path.write_bytes(data)
    except OSError as error:
        problem = f"{path} cannot be written ({error.strerror}); give --supercharge-patch another file"
        raise SourceError(problem) from None
