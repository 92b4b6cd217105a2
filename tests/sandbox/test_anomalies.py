"""After what a slot gets no more jobs."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_supercharger.sandbox.anomalies import anomaly

QUIET = {"limit": "", "ooms": 0, "leftover": 0, "foreign": 0}
HELLO = {"rss": 40 << 20}


def answer(**fields: Any) -> dict[str, Any]:
    return {"runs": [QUIET], "clean": True, "rss": 60 << 20, **fields}


def test_an_ordinary_answer_is_none() -> None:
    assert anomaly(answer(), HELLO) == ""
    assert anomaly({"ok": True}, {}) == ""


@pytest.mark.parametrize(
    "fields",
    [
        {"clean": False},
        {"runs": [QUIET, {**QUIET, "limit": "cpu"}]},
        {"runs": [{**QUIET, "ooms": 1}]},
        {"runs": [{**QUIET, "leftover": 1}]},
        {"runs": [{**QUIET, "foreign": 1}]},
        {"runs": [1]},
        {"runs": 1},
        {"rss": 600 << 20},
    ],
)
def test_anything_odd_is_one(fields: dict[str, Any]) -> None:
    assert anomaly(answer(**fields), HELLO)
