"""The line between the two halves of a split run, as PID 1 keeps it."""

from __future__ import annotations

import time
from typing import Any

from pytest_supercharger.sandbox.frames import FRAME_LIMIT, FrameError
from pytest_supercharger.sandbox.inside.split_link import Link


def test_time_passes_for_a_job_that_has_no_room_for_what_it_is_told() -> None:
    link = Link(lambda message: None)
    link.begin(7)
    link.from_job({"data": "a question"})
    for _ in range(4):
        link.from_host({"id": 7, "data": "x" * (FRAME_LIMIT - 1000)})
    waited = link.waited(time.monotonic())
    assert link.waited(time.monotonic() + 100) == waited
    link.from_job({"data": "one more"})
    assert link.waited(time.monotonic() + 100) > waited + 50
    link.from_host({"id": 7, "data": "dropped"})
    waited = link.waited(time.monotonic())
    assert link.waited(time.monotonic() + 100) == waited


def test_a_text_that_fits_no_frame_is_more_than_a_job_may_say() -> None:
    def send(message: dict[str, Any]) -> None:
        raise FrameError("too long")

    link = Link(send)
    link.begin(7)
    link.from_job({"data": "x"})
    assert link.sent > 10**9
