"""What is charged to a search."""

from __future__ import annotations

from pytest_supercharger.stopwatch import Stopwatch


def test_waiting_is_not_counted():
    now = [100.0]
    watch = Stopwatch(lambda: now[0])
    now[0] += 3
    watch.pause()
    now[0] += 50
    assert watch.seconds == 3
    watch.resume()
    now[0] += 4
    assert (watch.seconds, watch.paused) == (7, 50)


def test_whoever_works_for_a_search_may_set_its_watch_going():
    now = [0.0]
    watch = Stopwatch(lambda: now[0])
    watch.pause()
    watch.pause()
    now[0] += 10
    watch.resume()
    now[0] += 5
    watch.resume()  # the search itself, when it wakes up
    assert (watch.seconds, watch.paused) == (5, 10)
