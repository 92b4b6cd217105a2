"""When a slot has seen something after which it gets no more jobs, as its own answer tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["anomaly"]

_GROWTH = 96 * 1024 * 1024  # of PID 1, its cache of compiled tests included


def anomaly(result: Mapping[str, Any], hello: Mapping[str, Any]) -> str:
    """What was odd about the job behind `result` or about its place, "" for nothing."""
    if result.get("clean") is False:
        return "something is left that cannot be removed"
    runs = result.get("runs", [])
    if not isinstance(runs, list) or not all(isinstance(run, dict) for run in runs):
        return "runs that are none"
    for run in runs:
        for name in ("limit", "ooms", "leftover", "foreign"):
            if run.get(name):
                return f"{name}: {run[name]}"
    grown = _number(result.get("rss")) - _number(hello.get("rss"))
    return f"PID 1 has grown by {grown} bytes" if grown > _GROWTH else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
