"""The decisions of a run for scripts: the file of `--supercharge-json`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from pytest_supercharger.disputes import Dispute
from pytest_supercharger.domain import Decision, Outcome
from pytest_supercharger.errors import SourceError
from pytest_supercharger.reporting import clean
from pytest_supercharger.writeback import temporaries

__all__ = ["write_json"]


def write_json(
    path: Path, outcomes: Iterable[Outcome], calibration: str = "", more: Mapping[str, object] | None = None
) -> None:
    """Write the decisions for scripts, whole or not at all; `calibration` says where the probabilities come from.

    `more` are keys that a mode of its own brings.

    Raises:
        SourceError: the file cannot be written.
    """
    entries = [_entry(outcome) for outcome in outcomes]
    document: dict[str, object] = {"version": 1, "calibration": clean(calibration), "stubs": entries}
    document |= more or {}
    try:
        temporaries.put(path, (json.dumps(document, indent=2) + "\n").encode())
    except OSError as error:
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
        "mutation_score": None if outcome.mutation is None else round(outcome.mutation.share, 4),
        "tokens": outcome.tokens,
        "models": dict(outcome.models),
        "author": outcome.author,
        "seconds": round(outcome.seconds, 2),
        "needs": list(outcome.needs),
        "duplicates": outcome.duplicates,
        "rejections": dict(outcome.rejections),
        "details": {reason: clean(detail) for reason, detail in outcome.details.items() if detail},
        "failing": clean(outcome.failing),
        "question": None if outcome.question is None else _question(outcome.question),
        "together": list(outcome.together),
        "redo": outcome.redo,
        "error": outcome.decision is Decision.ERROR,
    }


def _question(question: Dispute) -> dict[str, object]:
    groups = [
        {
            "answer": clean(group.answer),
            "samples": group.samples,
            "test": clean(group.test),
            "example": clean(group.example),
            "note": clean(group.note),
        }
        for group in question.groups
    ]
    return {"input": clean(question.input), "samples": question.samples, "groups": groups}
