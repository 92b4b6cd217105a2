"""`benchmarks/capacity`: the simulation against what can be worked out on paper."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from capacities.simulation import Fleet, Load, arrivals, erlang_c_wait, queue, simulate

LOAD = Load(stubs=1000, developers=100, burst=5, tokens=2500, samples=13, sandbox_seconds=13)
FLEET = Fleet(nodes=50, rate=900, rows=32, cores=4)


@pytest.mark.parametrize(("servers", "busy"), [(1, 0.5), (3, 0.8), (10, 0.7)])
def test_a_steady_stream_waits_as_long_as_the_closed_form_says(servers: int, busy: float) -> None:
    rng, per_second, at, jobs = random.Random(1), busy * servers, 0.0, []
    for _ in range(100_000):
        at += rng.expovariate(per_second)
        jobs.append((at, rng.expovariate(1.0)))
    waits = [start - arrival for (arrival, _), (start, _) in zip(jobs, queue(jobs, servers), strict=True)]
    assert sum(waits) / len(waits) == pytest.approx(erlang_c_wait(per_second, 1.0, servers), rel=0.1)


def test_the_closed_form_of_one_server_is_the_textbooks() -> None:
    assert erlang_c_wait(0.5, 1.0, 1) == pytest.approx(1.0)  # busy / (rate - arrivals)
    assert erlang_c_wait(1.0, 1.0, 2) == pytest.approx(1 / 3)


def test_a_day_brings_its_stubs_by_day_and_in_bursts() -> None:
    came = list(arrivals(LOAD, 100, random.Random(2)))
    assert len(came) == pytest.approx(100_000, rel=0.03)
    assert all(8 <= at / 3600 % 24 < 18 for at, _ in came)
    assert len({at for at, _ in came}) == pytest.approx(len(came) / LOAD.burst, rel=0.03)


def test_an_empty_fleet_makes_nobody_wait_and_a_small_one_does() -> None:
    outcome = simulate(LOAD, FLEET, 5, 3)
    assert outcome.node_waits[len(outcome.node_waits) // 2] == 0.0
    assert outcome.totals[0] == pytest.approx(FLEET.decoding_seconds(LOAD) + LOAD.sandbox_seconds)
    crowded = simulate(LOAD, Fleet(nodes=1, rate=90, rows=32, cores=4), 5, 3)
    assert crowded.node_waits[len(crowded.node_waits) // 2] > 60


def test_what_a_fleet_can_do_at_most() -> None:
    assert FLEET.places(LOAD) == 2
    assert FLEET.stubs_an_hour(LOAD) == pytest.approx(3600 * 50 * 900 / 2500)
    assert FLEET.sandboxes_an_hour(LOAD) == pytest.approx(3600 * 400 / 13)
