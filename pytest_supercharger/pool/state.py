"""What the pool knows: its nodes, the jobs that wait for samples, and the leases under way; no I/O, no clock."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "Action",
    "Cancel",
    "Done",
    "Job",
    "Lease",
    "Node",
    "Probe",
    "Standing",
    "Start",
    "Trouble",
    "TroubleKind",
    "Tuning",
    "runs",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """The constants of the policy; times in seconds."""

    smallest: int = 4  # samples that share one prefill; below this the prefill costs more than a second node saves
    ahead: float = 0.05  # seconds of work that may wait at a node, beside those of the way there, while more waits here
    attempts: int = 2  # of one job on a node whose engine broke on it
    losses: int = 4  # streams of one job that may be lost on one node: it may be the job that kills it
    patience: float = 5.0  # that a job waits while no node is up
    probe: float = 1.0  # between two questions after a node's load
    silence: float = 4.0  # without a word from a node while others answer
    stall: float = 10.0  # without a sample from a lease while others get theirs, at least
    pause: float = 0.2  # the first one after a failure; twice as long at most each time
    longest_pause: float = 15.0
    hedged: float = 0.1  # share of all samples that may be asked for twice
    hedge_after: float = 2.0  # times the usual time of a sample


class Standing(enum.Enum):
    """Whether a node may be asked."""

    NEW = "new"  # nobody has asked yet who it is
    UP = "up"
    DOWN = "down"  # it did not answer; it is asked again after a pause
    REFUSED = "refused"  # it has another model, another protocol, or refuses us


class TroubleKind(enum.Enum):
    """What the pool can do about a call that failed."""

    BUSY = "the queue is full: wait"
    DECLINED = "this node has no answer: ask another"
    BROKEN = "the engine broke on it: ask another"
    LOST = "this node is gone: ask another"
    REPLICA = "one of those that this node speaks for is gone: ask again"
    LATE = "the time is up"
    FOREIGN = "this node refuses us: ask only others"
    OTHER_MODEL = "this node may have another model by now: ask it who it is"
    REFUSED = "the request is wrong, and so it would be elsewhere"


class Trouble(Exception):
    """A call that failed; its text is made for the user."""

    def __init__(self, kind: TroubleKind, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after  # seconds, of BUSY


@dataclass(slots=True, kw_only=True)
class Node:
    """One node as the pool sees it."""

    name: str  # its address
    standing: Standing = Standing.NEW
    model: str = ""  # digest
    label: str = ""  # of the model, for people
    rows: int = 1  # samples that it works on at once
    context: int = 0  # tokens
    most: int = 1024  # samples that it takes in one request
    under_way: int = 0  # samples of ours
    peak: int = 0  # of them since it was last asked for its load
    others: int = 0  # samples of other clients
    queued: int = 0
    reported: float = 0.0  # tokens a second, as it says
    draining: bool = False
    speed: float = 0.0  # tokens a second of one sample, smoothed; 0: not known
    rests_until: float = 0.0
    failures: int = 0  # in a row
    heard: float = 0.0  # last word
    waiting_since: float = 0.0  # last sample, or first lease after a time without any
    delay: float = 0.0  # seconds from a question to its answer, smoothed
    asked_load: float = 0.0
    probing: bool = False
    samples: int = 0
    errors: int = 0
    last_error: str = ""

    def free(self, smallest: int) -> int:
        """Rows that a lease may take; a node that others keep busy still gets a little, so that nobody starves."""
        return max(self.rows - self.under_way - self.others, min(smallest, self.rows) - self.under_way)


@dataclass(slots=True, kw_only=True)
class Job:
    """The samples of one question that somebody waits for."""

    id: int
    missing: set[int]  # not answered
    waiting: set[int]  # of them, those that nobody is asked for
    deadline: float
    begun: float
    priority: int = 0
    kind: str = "code"
    model: str = ""  # digest of the model that is asked by preference
    tokens: int = 512  # of one sample, at most
    payload: Any = None  # the question; the scheduler does not look at it
    failures: Counter[str] = field(default_factory=Counter)  # by node: its engine broke
    lost: Counter[str] = field(default_factory=Counter)  # by node: its streams ended without a word
    torn: Counter[int] = field(default_factory=Counter)  # by index: samples that ended in an error
    declined: set[str] = field(default_factory=set)
    last_failure: str = ""
    leases: set[int] = field(default_factory=set)

    @property
    def troubled(self) -> bool:
        """Whether some node has failed it."""
        return bool(self.failures or self.lost or self.declined)


@dataclass(slots=True, kw_only=True)
class Lease:
    """Some samples of a job that one node was asked for."""

    id: int
    job: Job
    node: Node
    indices: range
    left: set[int]  # still wanted from it
    begun: float
    heard: float
    is_hedge: bool = False
    hedged: bool = False  # somebody else was asked for the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Ask the lease's node for its samples."""

    lease: Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Cancel what the lease's node was asked for; nothing more is heard of it."""

    lease: Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The job is over; `error` where it failed, `exhausted` where no node has an answer."""

    job: Job
    error: str = ""
    exhausted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Ask the node how busy it is, after who it is where `introduce`."""

    node: Node
    introduce: bool


Action = Start | Cancel | Done | Probe


def runs(indices: set[int]) -> Iterator[range]:
    """The stretches without a hole: what one request can ask for."""
    first = last = None
    for index in sorted(indices):
        if last is not None and index == last + 1:
            last = index
            continue
        if first is not None and last is not None:
            yield range(first, last + 1)
        first = last = index
    if first is not None and last is not None:
        yield range(first, last + 1)
