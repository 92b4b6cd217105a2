"""The pool of model nodes, as the rest of the plugin sees it.

Any thread may ask. Nodes pull work in small chunks as they have room; what one leaves undone when it breaks is asked of
another, index by index, so that no sample is lost and none comes twice ([pool.md](../docs/pool.md)).
"""

from __future__ import annotations

import itertools
import queue
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import grpc

from pytest_supercharger.address import check_address
from pytest_supercharger.asking import Asking, NoAnswer
from pytest_supercharger.domain import Question
from pytest_supercharger.errors import NodeError, SettingsError
from pytest_supercharger.pool import policy
from pytest_supercharger.pool.calls import Access
from pytest_supercharger.pool.loop import Loop
from pytest_supercharger.pool.order import Event, Order
from pytest_supercharger.pool.scheduler import Scheduler
from pytest_supercharger.pool.state import Done, Job, Node, Standing, Tuning

__all__ = ["NoAnswer", "NodePool", "Tls"]

_SLACK_SECONDS = 5.0  # for the end of a job to be told after its deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """PEM files: the nodes' authority (None: the system's), and our own certificate where nodes ask for one."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Tls | None:
        """What SUPERCHARGER_NODE_CA, _CERT and _KEY name; None where none of them is set."""
        names = ("SUPERCHARGER_NODE_CA", "SUPERCHARGER_NODE_CERT", "SUPERCHARGER_NODE_KEY")
        ca, certificate, key = (Path(file) if (file := environment.get(name)) else None for name in names)
        return cls(ca=ca, certificate=certificate, key=key) if ca or certificate or key else None


class NodePool:
    """All nodes of a run; a context manager that connects on entry and closes its channels on exit."""

    def __init__(
        self,
        addresses: Sequence[str],
        *,
        token: str | None = None,
        tls: Tls | None = None,
        digests: Sequence[str] = (),
        seed: int = 0,
        tuning: Tuning | None = None,
        watch: Callable[[Sequence[Node], float], None] = lambda nodes, now: None,
    ) -> None:
        """`digests` are those of the models that nodes may have; where none is given, those they have on entry.

        `seed` is that of the jitter of pauses. `watch` gets the nodes and the time each second, on the pool's own
        thread.

        Raises:
            SettingsError: an address or a TLS file cannot be used.
        """
        unique = [check_address(address) for address in dict.fromkeys(addresses)]
        if not unique:
            raise SettingsError("no model node is given; name one with --supercharge-node HOST:PORT")
        metadata = (("authorization", f"Bearer {token}"),) if token else ()
        access = Access(credentials=None if tls is None else _credentials(tls), metadata=metadata)
        self._scheduler = Scheduler(random.Random(seed), tuning)
        self._scheduler.models = frozenset(digests)
        self._loop = Loop(self._scheduler, unique, access, watch)
        self._numbers = itertools.count(1)
        self._exhausted: set[tuple[str, str]] = set()

    def __enter__(self) -> NodePool:
        try:
            self.connect()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def connect(self, *, seconds: float = 10.0) -> None:
        """Ask every node who it is; NodeError where none can be used, with what the first of them says."""
        self._loop.connect(seconds)
        if not self._up:
            raise NodeError(self.problems[0])
        self._scheduler.models = self._scheduler.models or self.identities

    def close(self) -> None:
        """Close the channels; running calls end."""
        self._loop.close()

    @property
    def nodes(self) -> list[Node]:
        """All nodes as they stand, for tables; not to be changed."""
        return [*self._scheduler.nodes.values()]

    @property
    def problems(self) -> list[str]:
        """What is wrong with each node that cannot be used, in a line."""
        return [node.last_error for node in self.nodes if node.standing is not Standing.UP and node.last_error]

    @property
    def waste(self) -> tuple[int, int]:
        """Samples that were asked for, and how many of them a second time as the first was slow."""
        return self._scheduler.held.asked, self._scheduler.held.doubled

    @property
    def max_context_tokens(self) -> int:
        """Tokens of prompt and answer together that every node can take."""
        known = [node.context for node in self._known]
        if not known:
            raise NodeError("; ".join(self.problems) or "no model node is left; start one with supercharger-node")
        return min(known)

    @property
    def max_batch_samples(self) -> int:
        """Samples that all nodes together work on at once."""
        return sum(node.rows for node in self._known)

    @property
    def model(self) -> str:
        """What the nodes run, for people: "qwen2.5-coder-0.5b (transformers, bf16)"."""
        return ", ".join(dict.fromkeys(node.label for node in self._known))

    @property
    def models(self) -> Mapping[str, str]:
        """The models of the nodes: digest to what people call it."""
        return {node.model: node.label for node in self._known}

    @property
    def identities(self) -> frozenset[str]:
        """What tells the models of the nodes apart from all others: their digests."""
        return frozenset(node.model for node in self._known)

    @property
    def _up(self) -> list[Node]:
        return [node for node in self.nodes if node.standing is Standing.UP]

    @property
    def _known(self) -> list[Node]:
        return [node for node in self.nodes if node.label and node.standing is not Standing.REFUSED]

    def exhausted(self, question: Question) -> bool:
        """Whether every node has said that it has no answer to this kind of question about this stub."""
        return (question.kind.value, question.stub_id) in self._exhausted

    def generate(
        self, questions: Sequence[Question], *, samples: int, first_sample: int = 0, deadline_seconds: float
    ) -> Asking:
        """Iterate over (question index, answer) as each of `samples` samples of each question ends, in that order.

        Closing or cancelling the iterator cancels the rest on the nodes. Fewer answers come when the deadline passes
        or a question is `exhausted`; NodeError when the nodes refuse the request or none is left.
        """
        indices = range(first_sample, first_sample + samples)
        jobs = [self._job([question], indices, deadline_seconds) for question in questions]
        return Asking(self._loop, jobs, on_done=self._note)

    def judge(self, questions: Sequence[Question], *, deadline_seconds: float) -> list[float]:
        """Return P(yes) of each question; NoAnswer or NodeError when it cannot be had in time."""
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        job = self._job(questions, range(len(questions)), deadline_seconds)
        job.payload, job.model = Order(questions=questions, judged=True, put=events.put), ""
        scores: dict[int, float] = {}
        self._loop.submit([job])
        while not isinstance(event := _next(events, job.deadline), Done):
            scores[event[0]] = float(event[1])  # type: ignore[arg-type]  # judged: never an Answer
        self._note(event)
        if event.exhausted:
            kind, stub = questions[0].kind.value, questions[0].stub_id
            raise NoAnswer(f"no model node has an answer of kind {kind!r} for {stub}; add lines to the replay file")
        if event.error or len(scores) < len(questions):
            raise NodeError(event.error or "the model node does not answer in time; look at its log")
        return [scores[index] for index in range(len(questions))]

    def _job(self, questions: Sequence[Question], indices: range, seconds: float) -> Job:
        question, now = questions[0], time.monotonic()
        return Job(
            id=next(self._numbers),
            missing=set(indices),
            waiting=set(indices),
            begun=now,
            deadline=now + seconds,
            priority=question.priority,
            kind=question.kind.value,
            model=policy.preferred(question.stub_id, question.kind.value, self._scheduler.models),
            tokens=question.max_new_tokens,
            payload=questions,
        )

    def _note(self, done: Done) -> None:
        if done.exhausted:
            (question, *_) = done.job.payload.questions
            self._exhausted.add((question.kind.value, question.stub_id))


def _credentials(tls: Tls) -> Any:
    if (tls.certificate is None) != (tls.key is None):
        raise SettingsError("a TLS certificate needs its key and the key its certificate; give both")
    ca, key, certificate = (None if path is None else _read(path) for path in (tls.ca, tls.key, tls.certificate))
    return grpc.ssl_channel_credentials(ca, key, certificate)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"TLS file {path} cannot be read: {error.strerror}; give an existing PEM file") from None


def _next(events: queue.SimpleQueue[Event], deadline: float) -> Event:
    """The next event of a job; NodeError where even its end does not come, as in a pool that is closed."""
    try:
        return events.get(timeout=max(0.0, deadline + _SLACK_SECONDS - time.monotonic()))
    except queue.Empty:
        raise NodeError("the pool of model nodes is closed, or does not end a question in time") from None
