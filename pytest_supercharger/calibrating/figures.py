"""What a calibration came to: figures by kind of task, before and after the fit, and the table of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from pytest_supercharger.acceptance import threshold
from pytest_supercharger.calibrating.outcomes import Line, known_of
from pytest_supercharger.calibration import ENOUGH, Fit, Known, calibration_error, held_out

__all__ = ["figures", "table"]

Figures = dict[str, Any]
_HEAD = ("tasks", "outcomes", "right", "accepted before", "right", "after", "right")


def figures(lines: Sequence[Line], found: Fit, model: str, tau: float) -> Figures:
    """The figures of all lines; what is said of the time after the fit is said by fits without the task at hand."""
    rated = [(line, known) for line in lines if (known := known_of(line)) is not None]
    knowns = [known for _, known in rated]
    after = dict(zip((line["task"] for line, _ in rated), held_out(knowns), strict=True))
    strict = found.calibration("").strict
    rows = [_row(line, after.get(line["task"]), strict, tau) for line in lines]
    groups = {name: [row for row in rows if name in ("all", row["group"])] for name in _groups(lines)}
    return {
        "model": model,
        "tau": tau,
        "used": found.suffices,
        "fit": asdict(found),
        "calibration_error": {
            "before": round(_error(knowns, [known.probability for known in knowns]), 4),
            "after": round(_error(knowns, [after[line["task"]] for line, _ in rated]), 4),
        },
        "groups": {name: _counts(some) for name, some in groups.items()},
        "tasks": rows,
    }


def _groups(lines: Sequence[Line]) -> dict[str, None]:
    return dict.fromkeys([*(line["group"] for line in lines), "all"])


def _row(line: Line, after: float | None, strict: bool, tau: float) -> Figures:
    """One task; before the fit the stricter rule holds without trusted tests."""
    before = line["conditions"] and line["probability"] >= threshold(tau, trusted=line["trusted"])
    now = threshold(tau, trusted=line["trusted"], strict=strict)
    return {
        **{key: line[key] for key in ("task", "group", "decision", "trusted", "right", "judged")},
        "probability": round(line["probability"], 4),
        "calibrated": None if after is None else round(after, 4),
        "accepted_before": before,
        "accepted_after": line["conditions"] and after is not None and after >= now,
    }


def _counts(rows: Sequence[Figures]) -> dict[str, int]:
    rated = [row for row in rows if row["right"] is not None]
    before, after = ([row for row in rated if row[f"accepted_{when}"]] for when in ("before", "after"))
    parts = {"": rated, "accepted_before": before, "accepted_after": after}
    counts = {"tasks": len(rows), "outcomes": len(rated), "right": sum(row["right"] for row in rated)}
    for name in ("accepted_before", "accepted_after"):
        counts |= {name: len(parts[name]), f"{name}_right": sum(row["right"] for row in parts[name])}
    return counts


def _error(knowns: Sequence[Known], probabilities: Sequence[float]) -> float:
    return calibration_error([(p, known.right) for p, known in zip(probabilities, knowns, strict=True)])


def table(found: Figures) -> Iterator[str]:
    """The figures for people, line by line."""
    yield f"calibration of {found['model']}, acceptance at {found['tau']:g}"
    widths = [max(len(head), 5) for head in _HEAD]
    first = max(map(len, found["groups"]))
    yield " " * first + "".join(f"  {head:>{width}}" for head, width in zip(_HEAD, widths, strict=True))
    for name, counts in found["groups"].items():
        cells = zip(counts.values(), widths, strict=True)
        yield f"{name:<{first}}" + "".join(f"  {count:>{width}}" for count, width in cells)
    error, fit = found["calibration_error"], found["fit"]
    yield f"calibration error {error['before']:.3f} before, {error['after']:.3f} after (each task held out of its fit)"
    yield f"fit: a = {fit['a']:.3f}, b = {fit['b']:.3f}, from {fit['outcomes']} outcomes"
    yield _judge(fit)
    if not found["used"]:
        yield f"this fit is not used: {ENOUGH} outcomes are needed; give more tasks with --tasks FILE"


def _judge(fit: Figures) -> str:
    if not fit["judge_error"]:
        return "judge: not asked often enough to have a weight"
    weight = f"judge: weight {fit['judge']:.3f}, standard error {fit['judge_error']:.3f}"
    return f"{weight}: {'it is asked' if fit['c'] else 'not clearly worth anything, so it is not asked'}"
