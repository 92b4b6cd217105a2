"""The pool's scheduler with simulated nodes in virtual time: seconds of a cluster in milliseconds, always the same."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pytest_supercharger.pool import policy
from pytest_supercharger.pool.scheduler import Scheduler
from pytest_supercharger.pool.state import Cancel, Done, Job, Lease, Start, Trouble, TroubleKind, Tuning

__all__ = ["Machine", "Round", "Simulation", "Stub"]

_TICK = 0.1
_LATENCY = 0.002  # seconds, one way
_TIMEOUT = 3.0  # of a question after who a node is or how busy


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One question of a stub."""

    kind: str = "code"
    samples: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """A stub asks its questions one after the other."""

    name: str
    rounds: tuple[Round, ...]
    seconds: float = 1e6  # of each question


@dataclass(slots=True, kw_only=True)
class Machine:
    """A simulated node: `rows` samples at once, `speed` tokens a second each."""

    name: str
    rows: int = 4
    speed: float = 100.0
    model: str = "m"
    alive: bool = True
    reachable: bool = True  # False: it is paused or cut off, and what it does is seen once it is back
    slowness: float = 1.0
    garbage: bool = False
    full: bool = False
    waiting: deque[tuple[Lease, int]] = field(default_factory=deque)
    running: dict[tuple[int, int], Lease] = field(default_factory=dict)
    held: list[Callable[[], None]] = field(default_factory=list)
    done: int = 0


class Simulation:
    """Runs stubs on machines; what came of them is in `got`, by stub and question."""

    def __init__(
        self,
        machines: Sequence[Machine],
        *,
        seed: int = 0,
        tokens: tuple[int, int] = (100, 100),
        tuning: Tuning | None = None,
    ) -> None:
        """`tokens` are the fewest and the most of a sample."""
        self.now = 0.0
        self.machines = {machine.name: machine for machine in machines}
        self.scheduler = Scheduler(random.Random(seed), tuning)
        self.got: dict[tuple[str, int], Counter[int]] = {}
        self.models: dict[tuple[str, int], set[str]] = {}
        self.ends: dict[tuple[str, int], Done] = {}
        self.ended_at: dict[tuple[str, int], float] = {}
        self.cancelled = 0
        self._tokens = tokens
        self._seed = seed
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count(1)
        self._open = 0

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Do something at a moment."""
        heapq.heappush(self._events, (moment, next(self._numbers), action))

    def run(self, stubs: Sequence[Stub], *, until: float = 1e6) -> float:
        """Seconds until every stub has its answers."""
        for machine in self.machines.values():
            self.scheduler.add_node(machine.name, 0.0)
            self._introduce(self.scheduler.nodes[machine.name])
        self.scheduler.models = frozenset(machine.model for machine in self.machines.values())
        self._open = len(stubs)
        for stub in stubs:
            self._ask(stub, 0)
        self.at(0.0, self._tick)
        while self._events and self._open and self.now < until:
            self.now, _, action = heapq.heappop(self._events)
            action()
        return self.now

    # -- faults

    def kill(self, name: str) -> None:
        """The process is gone, and its streams with it."""
        machine = self.machines[name]
        machine.alive = False
        machine.waiting.clear()
        machine.held.clear()
        machine.running.clear()
        for lease in [lease for lease in self.scheduler.held.leases.values() if lease.node.name == name]:
            self._end(lease, Trouble(TroubleKind.LOST, f"model node {name} is not reachable"))

    def restart(self, name: str, *, model: str = "") -> None:
        """It is started again, with another model if one is given."""
        machine = self.machines[name]
        machine.alive, machine.model = True, model or machine.model

    def pause(self, name: str) -> None:
        """Nothing is heard of it."""
        self.machines[name].reachable = False

    def resume(self, name: str) -> None:
        """What it has done is heard all at once."""
        machine = self.machines[name]
        machine.reachable = True
        held, machine.held = machine.held, []
        for action in held:
            action()

    # -- stubs

    def _ask(self, stub: Stub, number: int) -> None:
        asked = stub.rounds[number]
        indices = range(asked.samples)
        models = self.scheduler.models
        job = Job(
            id=next(self._numbers),
            missing=set(indices),
            waiting=set(indices),
            begun=self.now,
            deadline=self.now + stub.seconds,
            kind=asked.kind,
            model=policy.preferred(stub.name, asked.kind, models),
            payload=(stub, number),
        )
        self.got[stub.name, number] = Counter()
        self.models[stub.name, number] = set()
        self.scheduler.add(job)

    def _over(self, done: Done) -> None:
        stub, number = done.job.payload
        self.ends[stub.name, number] = done
        self.ended_at[stub.name, number] = self.now
        if number + 1 < len(stub.rounds) and not done.error:
            self._ask(stub, number + 1)
        else:
            self._open -= 1

    # -- the scheduler's hands

    def _tick(self) -> None:
        self._step()
        self.at(self.now + _TICK, self._tick)

    def _step(self) -> None:
        for action in self.scheduler.step(self.now):
            if isinstance(action, Start):
                self._later(_LATENCY, lambda lease=action.lease: self._start(lease))
            elif isinstance(action, Cancel):
                self._cancel(action.lease)
            elif isinstance(action, Done):
                self._over(action)
                self.at(self.now, self._step)
            elif action.introduce:
                self._introduce(action.node)
            else:
                self._weigh(action.node)

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        self.at(self.now + seconds, action)

    def _introduce(self, node) -> None:
        machine = self.machines[node.name]
        if not (machine.alive and machine.reachable):
            wait = _LATENCY if machine.reachable else _TIMEOUT
            self._later(
                wait, lambda: self.scheduler.unreachable(node, f"model node {node.name} is not reachable", self.now)
            )
            return
        self.scheduler.introduced(
            node, model=machine.model, label=machine.model, rows=machine.rows, context=4096, now=self.now
        )

    def _weigh(self, node) -> None:
        machine = self.machines[node.name]
        if machine.alive and machine.reachable and machine.full:
            self._later(_LATENCY, lambda: self.scheduler.unreachable(node, "busy", self.now, full=True))
        elif machine.alive and machine.reachable:
            running, queued = len(machine.running), len(machine.waiting)
            self.scheduler.loaded(node, running=running, queued=queued, reported=0.0, draining=False, now=self.now)
        else:
            self._later(_TIMEOUT, lambda: self.scheduler.unreachable(node, "no answer", self.now))

    # -- what machines do

    def _start(self, lease: Lease) -> None:
        machine = self.machines[lease.node.name]
        if lease.id not in self.scheduler.held.leases:
            return
        if not machine.reachable:
            machine.held.append(lambda: self._start(lease))
        elif not machine.alive:
            self._end(lease, Trouble(TroubleKind.LOST, f"model node {machine.name} is not reachable"))
        elif machine.model != lease.node.model:
            self._end(lease, Trouble(TroubleKind.OTHER_MODEL, f"model node {machine.name} has another model"))
        elif machine.full:
            self._end(lease, Trouble(TroubleKind.BUSY, f"model node {machine.name} is busy", 0.25))
        else:
            machine.waiting.extend((lease, index) for index in lease.indices)
            self._fill(machine)

    def _fill(self, machine: Machine) -> None:
        while machine.waiting and len(machine.running) < machine.rows:
            lease, index = machine.waiting.popleft()
            if lease.id not in self.scheduler.held.leases:
                continue
            machine.running[lease.id, index] = lease
            tokens = self._length(lease, index)
            seconds = tokens / machine.speed * machine.slowness
            self._later(
                seconds, lambda lease=lease, index=index, tokens=tokens: self._finish(machine, lease, index, tokens)
            )

    def _length(self, lease: Lease, index: int) -> int:
        """Tokens of a sample: they hang on the question and the index, not on who is asked."""
        stub, number = lease.job.payload
        return random.Random(f"{self._seed}:{stub.name}:{number}:{index}").randint(*self._tokens)

    def _finish(self, machine: Machine, lease: Lease, index: int, tokens: int) -> None:
        if not machine.reachable:
            machine.held.append(lambda: self._finish(machine, lease, index, tokens))
            return
        if machine.running.pop((lease.id, index), None) is None:
            return  # cancelled or killed meanwhile
        machine.done += 1
        self._later(_LATENCY, lambda: self._deliver(machine, lease, index, tokens))
        self._fill(machine)

    def _deliver(self, machine: Machine, lease: Lease, index: int, tokens: int) -> None:
        sent = index + 1000 if machine.garbage else index
        if self.scheduler.sample(lease, sent, tokens=tokens, torn=False, now=self.now):
            stub, number = lease.job.payload
            self.got[stub.name, number][index] += 1
            self.models[stub.name, number].add(lease.node.model)
        if not lease.left:
            self.scheduler.ended(lease, None, self.now)
        self._step()

    def _end(self, lease: Lease, trouble: Trouble) -> None:
        self._later(_LATENCY, lambda: (self.scheduler.ended(lease, trouble, self.now), self._step()))

    def _cancel(self, lease: Lease) -> None:
        machine = self.machines[lease.node.name]
        self.cancelled += 1
        for key in [key for key in machine.running if key[0] == lease.id]:
            del machine.running[key]
        self._fill(machine)
