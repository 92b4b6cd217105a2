"""The figures of all tasks, by data set and together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import mean
from typing import Any

__all__ = ["NAMES", "show", "summary", "wilson"]

Line = dict[str, Any]
NAMES = {
    "accepted": "ours, accepted",
    "top-1": "ours, top-1",
    "greedy": "(a) greedy, one answer",
    "first pair": "(b) seed's rule, no judge",
    "first pair, judge": "(b) seed's rule, judge >= 0.8",
    "CodeT": "(c) CodeT",
    "CodeT, examples": "(c) CodeT, examples first",
}
_OURS = ("accepted", "top-1")
_COST_OF = {"accepted": "cost", "top-1": "cost", "greedy": "greedy_cost"}  # the others choose from our samples
_COSTS = ("codes", "suites", "tokens", "model_seconds")


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """The 95% interval of a share."""
    if not n:
        return 0.0, 1.0
    share, spread = hits / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def summary(results: Sequence[Line]) -> Line:
    """All figures; a task without a result counts as an error, and as unanswered by us where our search failed."""
    groups = {"all": results}
    for result in results:
        groups.setdefault(result["group"], [])
    for name in groups:
        groups[name] = groups[name] if name == "all" else [r for r in results if r["group"] == name]
    return {name: _group(lines) for name, lines in groups.items()}


def _group(lines: Sequence[Line]) -> Line:
    good = [line for line in lines if not line.get("error")]
    lost = sum(bool(line.get("search_failed")) for line in lines)
    live = [line["seconds"] for line in good if line["seconds"] is not None]
    drawn, right = sum(line["candidates"] for line in good), sum(line["right_candidates"] for line in good)
    return {
        "tasks": len(good),
        "errors": len(lines) - len(good),
        "any_right": sum(line["any_right"] for line in good),
        "right_candidates": round(right / drawn, 4) if drawn else 0.0,
        "search_seconds": round(mean(live), 1) if live else None,
        "rules": {name: _rule(name, good, lost if name in _OURS else 0) for name in NAMES},
    }


def _rule(name: str, good: Sequence[Line], lost: int) -> Line:
    """A rule over the tasks on which it could be tried, and those that it lost by an error of its own."""
    tried = [line for line in good if name in line["rules"]]
    answered = sum(line["rules"][name]["answered"] for line in tried)
    right = sum(line["rules"][name]["right"] for line in tried)
    low, high = wilson(answered - right, answered)
    costs = [line[_COST_OF[name]] for line in tried] if name in _COST_OF else []
    count = len(tried) + lost
    return {
        "tried": count,
        "answered": answered,
        "right": right,
        "wrong": answered - right,
        "share_answered": round(answered / count, 4) if count else 0.0,
        "share_right": round(right / count, 4) if count else 0.0,
        "wrong_of_answered": round((answered - right) / answered, 4) if answered else 0.0,
        "wrong_of_answered_95": [round(low, 4), round(high, 4)],
        **{key: round(mean(cost[key] for cost in costs), 1) if costs else None for key in _COSTS},
    }


def show(figures: Line) -> None:
    """The figures as tables."""
    for name, group in figures.items():
        print(f"\n{name}: {group['tasks']} tasks, {group['errors']} errors")
        print(f"  any candidate right {group['any_right']}, share of candidates right {group['right_candidates']:.1%}")
        if group["search_seconds"] is not None:
            print(f"  a search with every answer fresh took {group['search_seconds']} s on average, sandbox included")
        heads = (
            "tasks",
            "answered",
            "right",
            "wrong",
            "wrong of answered, 95%",
            *(c.replace("_", " ") for c in _COSTS),
        )
        print(f"  {'':30} " + "  ".join(heads))
        for key, rule in group["rules"].items():
            print(f"  {NAMES[key]:30} " + _row(rule, heads))


def _row(rule: Line, heads: Sequence[str]) -> str:
    if not rule["tried"]:
        return "not tried: the node has no judge"
    low, high = rule["wrong_of_answered_95"]
    wrong = f"{rule['wrong_of_answered']:.1%} ({low:.1%}-{high:.1%})" if rule["answered"] else "-"
    shares = [f"{rule[key]:.1%}" for key in ("share_answered", "share_right")]
    costs = ["-" if rule[cost] is None else f"{rule[cost]:g}" for cost in _COSTS]
    cells = [str(rule["tried"]), *shares, str(rule["wrong"]), wrong, *costs]
    return "  ".join(cell.rjust(len(head)) for cell, head in zip(cells, heads, strict=True))
