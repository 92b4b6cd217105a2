"""Stubs that come in bursts, wait for a node, then for the cores of their developer: a seeded simulation.

Not M/M/c: developers work by day, one run brings several stubs at once, and each developer has cores of their own. A
formula for the mean of a steady stream says nothing of the slow end of such a day. Where the simulation is fed a steady
stream, it must agree with the formula, and a test holds it to that.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Fleet", "Load", "Outcome", "arrivals", "erlang_c_wait", "queue", "simulate"]

# The share of a day's work in each hour from 8 to 18: a peak before and one after lunch.
_HOURS = (0.04, 0.09, 0.16, 0.14, 0.05, 0.10, 0.16, 0.13, 0.09, 0.04)
_FIRST_HOUR = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What comes in, and what one stub takes."""

    stubs: int  # a day
    developers: int
    burst: float  # stubs of one run, on average
    tokens: float  # of one stub
    samples: float  # of one stub, decoded at once
    sandbox_seconds: float  # CPU, of one stub


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What there is."""

    nodes: int
    rate: float  # tokens a second of one node with all rows busy
    rows: int
    cores: int  # of each developer

    def places(self, load: Load) -> int:
        """Stubs that one node works on at once."""
        return max(1, int(self.rows / load.samples))

    def decoding_seconds(self, load: Load) -> float:
        """Of one stub, while the node is full; an emptier node is faster, which is left out."""
        return load.tokens * self.places(load) / self.rate

    def stubs_an_hour(self, load: Load) -> float:
        """What the nodes can decode at most."""
        return 3600 * self.nodes * self.rate / load.tokens

    def sandboxes_an_hour(self, load: Load) -> float:
        """What the cores of all developers can check at most."""
        return 3600 * load.developers * self.cores / load.sandbox_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Seconds, in order, of every stub of the simulated days."""

    node_waits: list[float]
    core_waits: list[float]
    totals: list[float]


def arrivals(load: Load, days: int, rng: random.Random) -> Iterator[tuple[float, int]]:
    """Seconds and developer of every stub; the runs of an hour come evenly at random, their sizes are geometric."""
    for day in range(days):
        for hour, share in enumerate(_HOURS):
            runs = load.stubs * share / load.burst
            begin = 3600.0 * (24 * day + _FIRST_HOUR + hour)
            at = rng.expovariate(runs)
            while at < 1:
                developer = rng.randrange(load.developers)
                yield from [(begin + 3600 * at, developer)] * _geometric(load.burst, rng)
                at += rng.expovariate(runs)


def _geometric(mean: float, rng: random.Random) -> int:
    return 1 if mean <= 1 else 1 + int(math.log(1 - rng.random()) / math.log(1 - 1 / mean))


def queue(jobs: Sequence[tuple[float, float]], servers: int) -> list[tuple[float, float]]:
    """Start and end of each (arrival, service), first come, first served; the jobs are in order of arrival."""
    free = [0.0] * servers
    found = []
    for arrival, service in jobs:
        start = max(arrival, heapq.heappop(free))
        heapq.heappush(free, start + service)
        found.append((start, start + service))
    return found


def simulate(load: Load, fleet: Fleet, days: int, seed: int) -> Outcome:
    """Put the stubs of some days through nodes and cores."""
    came = list(arrivals(load, days, random.Random(seed)))
    seconds = fleet.decoding_seconds(load)
    decoded = queue([(at, seconds) for at, _ in came], fleet.nodes * fleet.places(load))
    mine: defaultdict[int, list[int]] = defaultdict(list)
    for number in sorted(range(len(came)), key=lambda number: decoded[number][1]):
        mine[came[number][1]].append(number)
    checked: dict[int, tuple[float, float]] = {}
    for numbers in mine.values():
        jobs = [(decoded[number][1], load.sandbox_seconds) for number in numbers]
        checked |= dict(zip(numbers, queue(jobs, fleet.cores), strict=True))
    return Outcome(
        node_waits=sorted(decoded[number][0] - came[number][0] for number in checked),
        core_waits=sorted(checked[number][0] - decoded[number][1] for number in checked),
        totals=sorted(checked[number][1] - came[number][0] for number in checked),
    )


def erlang_c_wait(per_second: float, service: float, servers: int) -> float:
    """The mean wait of M/M/c, in closed form."""
    offered = per_second * service
    term, total = 1.0, 0.0
    for number in range(servers):
        total += term
        term *= offered / (number + 1)
    waiting = term * servers / (servers - offered)
    return waiting / (total + waiting) * service / (servers - offered)
