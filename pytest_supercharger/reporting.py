"""What people and scripts read: progress lines, the decision table, the JSON file."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from pytest_supercharger.domain import Decision, Outcome
from pytest_supercharger.errors import SourceError

__all__ = ["Reporter", "clean", "explain", "table", "write_json"]


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
    if outcome.question:
        lines.append("  " + clean(outcome.question).replace("\n", "\n  "))
    return "\n".join(lines)


def _example(detail: str) -> str:
    return f" ({clean(' '.join(detail.split()), 120)})" if detail else ""


def write_json(path: Path, outcomes: Iterable[Outcome]) -> None:
    """Write the decisions for scripts, whole or not at all.

    Raises:
        SourceError: the file cannot be written.
    """
    document = {"version": 1, "stubs": [_entry(outcome) for outcome in outcomes]}
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise SourceError(
            f"{path} cannot be written ({error.strerror}); give --supercharge-json another file"
        ) from None


def _entry(outcome: Outcome) -> dict[str, object]:
    return {
        "stub": outcome.stub.id,
        "file": outcome.stub.relpath,
        "line": outcome.stub.line,
        "decision": outcome.decision.value,
        "probability": round(outcome.probability, 4),
        "reason": clean(outcome.reason),
        "candidates": outcome.candidates,
        "tests": outcome.tests,
        "samples": outcome.samples,
        "tokens": outcome.tokens,
        "seconds": round(outcome.seconds, 2),
        "needs": list(outcome.needs),
        "duplicates": outcome.duplicates,
        "rejections": dict(outcome.rejections),
        "details": {reason: clean(detail) for reason, detail in outcome.details.items() if detail},
        "question": clean(outcome.question),
        "error": outcome.decision is Decision.ERROR,
    }
