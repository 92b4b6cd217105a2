"""The engines of a run: opened, given one environment, filled with slots, closed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docker.errors import DockerException

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox import health, users
from pytest_supercharger.sandbox.engine import EngineFacts, connect, engine_address, facts
from pytest_supercharger.sandbox.greeting import Greeting
from pytest_supercharger.sandbox.host import fitting_slots
from pytest_supercharger.sandbox.pool import SlotPool
from pytest_supercharger.sandbox.prepared import prepare
from pytest_supercharger.sandbox.reaper import ClientIdentity, slots_in_use
from pytest_supercharger.sandbox.slot import Slot
from pytest_supercharger.sandbox.split_slot import SplitSlot
from pytest_supercharger.sandbox.spread import Member, Spread
from pytest_supercharger.sandbox.tunnel import Tunnel

if TYPE_CHECKING:
    from docker import DockerClient

    from pytest_supercharger.sandbox.base import Limits
    from pytest_supercharger.sandbox.placement import Placement
    from pytest_supercharger.sandbox.prepared import Prepared

__all__ = ["Engine", "Engines"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """An engine that answers."""

    address: str  # as the user gave it
    client: DockerClient
    facts: EngineFacts
    tunnel: Tunnel | None = None

    @classmethod
    def open(cls, address: str) -> Engine:
        """Reach the engine; SandboxError says why that cannot be."""
        tunnel = Tunnel(address) if address.startswith("ssh://") else None
        try:
            client = connect(tunnel.address if tunnel is not None else address)
            return cls(address=address, client=client, facts=facts(client, address), tunnel=tunnel)
        except BaseException:
            if tunnel is not None:
                tunnel.close()
            raise

    def answers(self) -> bool:
        """Whether it is still there."""
        try:
            return bool(self.client.ping())
        except (DockerException, OSError):
            return False

    def close(self) -> None:
        """Let go of it."""
        self.client.close()
        if self.tunnel is not None:
            self.tunnel.close()


class Engines:
    """All engines of a run; `places` are those that have the environment, once it is there."""

    def __init__(self, hosts: Sequence[str], report: Callable[[str], None]) -> None:
        """Open those at `hosts`, or the one of DOCKER_HOST; of several, those that answer."""
        self._report = report
        self.all = _open(dict.fromkeys(hosts or [engine_address()]), report)
        self.places: list[tuple[Engine, Prepared]] = []

    def prepare(self, project: Path, limits: Limits, placement: Placement) -> None:
        """Bring the environment up, the same one on each."""
        pairs = [(engine.client, engine.facts) for engine in self.all]
        found = prepare(pairs, project, limits, placement, self._report)
        self.places = [(self.all[index], prepared) for index, prepared in found]

    def fill(self, slots: int | None, setup: Mapping[str, Any], catch_up: Callable[[int], None]) -> Spread:
        """Places for slots: `slots` in all, by default one a core of each engine.

        `catch_up` brings what it may have missed to the engine of this place, before each of its jobs.
        """
        sizes = [self._size(slots, index, *place) for index, place in enumerate(self.places)]
        # No engine has a number of another: two addresses may lead to one.
        numbers = self._numbers(sum(size + 2 * _pairs(size) for size in sizes if size))
        members, greeting = [], Greeting(self._report)
        for index, ((engine, prepared), size) in enumerate(zip(self.places, sizes, strict=True)):
            if size:
                member = _member(engine, prepared, size, setup, greeting, numbers)
                member.catch_up = partial(catch_up, index)
                members.append(member)
        if len(members) > 1:
            parts = ", ".join(f"{member.size} at {member.address}" for member in members)
            self._report(f"sandbox: slots on {len(members)} engines: {parts}")
        return Spread(members, self._report)

    def close(self) -> None:
        """Remove what was made on them, and let go; each step is taken whatever the one before it came to."""
        with contextlib.ExitStack() as stack:
            for engine in self.all:
                stack.callback(engine.close)
            for engine, prepared in self.places:
                stack.callback(_remove, engine, prepared)

    def _numbers(self, count: int) -> Iterator[int]:
        """Numbers that no slot of another run has on any of the engines."""
        taken: set[int] = set()
        for engine, _ in self.places:
            with contextlib.suppress(DockerException, OSError):  # gone: the first job there will tell
                taken |= slots_in_use(engine.client)
        return iter(users.choose(count, taken, ClientIdentity.current()))

    def _size(self, slots: int | None, index: int, engine: Engine, prepared: Prepared) -> int:
        local = engine.facts.address.startswith("unix://") and engine.tunnel is None
        cores = len(os.sched_getaffinity(0)) if local else engine.facts.cpus
        share = cores if slots is None else len(range(index, slots, len(self.places)))
        memory = _available_memory() if local else engine.facts.memory_bytes
        size = fitting_slots(share, prepared.memory_bytes, memory) if share else 0
        if size < share:
            self._report(f"sandbox: {size} of {share} slots, as more do not fit into the free memory")
        return size


def _open(addresses: Iterable[str], report: Callable[[str], None]) -> list[Engine]:
    opened, problems = [], []
    for address in addresses:
        try:
            opened.append(Engine.open(address))
        except SandboxError as error:
            problems.append(error)
    if not opened:
        raise problems[0]
    for problem in problems:
        report(f"sandbox: one engine less: {problem}")
    return opened


def _member(
    engine: Engine,
    prepared: Prepared,
    size: int,
    setup: Mapping[str, Any],
    greeting: Greeting,
    numbers: Iterator[int],
) -> Member:
    api = engine.client.api
    singles = list(islice(numbers, size))
    halves = list(islice(numbers, 2 * _pairs(size)))

    def slot(number: int) -> Slot:
        return greeting.hear(Slot.start(api, prepared.spec(singles[number]), setup))

    def pair(number: int) -> Slot:
        one, other = (prepared.spec(half) for half in halves[2 * number :][:2])
        return greeting.hear(SplitSlot.pair(api, (one, other), setup))

    return Member(
        address=engine.address,
        size=size,
        slots=SlotPool(size, slot, check=health.problem),
        pairs=SlotPool(_pairs(size), pair, check=health.split_problem),
        answers=engine.answers,
    )


def _pairs(size: int) -> int:
    return max(1, size // 2)


def _remove(engine: Engine, prepared: Prepared) -> None:
    try:
        prepared.remove()
    except (DockerException, OSError):
        if engine.answers():
            raise


def _available_memory() -> int:
    for line in Path("/proc/meminfo").read_text("ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 1 << 62
