"""When a client that found the queue full is told to come again."""

from __future__ import annotations

import pytest

from model_node.pace import Pace


def test_the_wait_is_what_is_ahead_by_how_fast_samples_end() -> None:
    pace = Pace()
    for number in range(1000):
        pace.ended(100.0 + number / 2)
    now = 100.0 + 999 / 2
    assert pace.wait(1, now) == 0.5
    assert pace.wait(8, now) == 4.0


def test_a_node_that_has_become_slow_is_seen_before_its_next_sample() -> None:
    pace = Pace()
    pace.ended(10.0, samples=2)
    assert pace.wait(2, 11.0) == 2.0
    assert pace.wait(2, 13.0) == 6.0


def test_many_judgements_that_come_at_once_have_taken_their_time() -> None:
    pace = Pace()
    pace.ended(0.0)
    pace.ended(100.0, samples=100)
    assert pace.wait(3, 100.001) == pytest.approx(3, abs=0.01)


def test_it_is_neither_too_short_nor_too_long() -> None:
    pace = Pace()
    pace.ended(1.0, samples=64)
    assert pace.wait(0, 1.001) == 0.1
    assert pace.wait(10_000, 61.0) == 10.0


def test_where_too_little_has_ended_or_the_node_has_rested_it_is_a_guess() -> None:
    pace = Pace()
    assert pace.wait(5, 1.0) == 0.25
    pace.ended(1.0)
    assert pace.wait(5, 3.0) == 0.25
    pace.ended(2.0)
    assert pace.wait(5, 3.0) == 10.0
    pace.rested()
    assert pace.wait(5, 3.0) == 0.25
