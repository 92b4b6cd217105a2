"""The pool of model nodes: the only user of gRPC in the plugin.

Any thread may ask. Work goes to the node with the fewest samples under way; what a node leaves undone when it
breaks is asked of another, index by index, so that no sample comes twice.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc

from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc
from pytest_supercharger.address import check_address
from pytest_supercharger.asking import Asking, NoAnswer, Trouble, TroubleKind, settle
from pytest_supercharger.chunks import Chunk, split
from pytest_supercharger.errors import NodeError, SettingsError
from pytest_supercharger.refusals import said
from pytest_supercharger.wire import judge_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

    from pytest_supercharger.domain import Question

__all__ = ["NoAnswer", "NodePool", "Tls"]

_MAX_MESSAGE_BYTES = 16 * 1024 * 1024
_OPTIONS = (
    ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", 60_000),  # a quiet stream over a dead link is noticed
    ("grpc.enable_http_proxy", 0),  # nodes are the user's own machines
    ("grpc.max_reconnect_backoff_ms", 2_000),
)
_REST_SECONDS = 15.0  # a node that broke is left alone so long while others answer
_ATTEMPTS = 2  # of one chunk on one node: a lost connection is not yet a lost node

_KINDS = {
    grpc.StatusCode.NOT_FOUND: TroubleKind.DECLINED,
    grpc.StatusCode.DEADLINE_EXCEEDED: TroubleKind.LATE,
    grpc.StatusCode.UNAVAILABLE: TroubleKind.BROKEN,
    grpc.StatusCode.INTERNAL: TroubleKind.BROKEN,
    grpc.StatusCode.UNKNOWN: TroubleKind.BROKEN,
    grpc.StatusCode.ABORTED: TroubleKind.BROKEN,
    grpc.StatusCode.CANCELLED: TroubleKind.BROKEN,  # not by us: a node that is being stopped
}


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


class _Stream:
    """A Generate call whose gRPC errors come out as Trouble."""

    def __init__(self, call: Any, translate: Callable[[Any], Trouble]) -> None:
        self._call = call
        self._translate = translate
        self._cancelled = False

    def __iter__(self) -> Iterator[pb.GenerateResponse]:
        try:
            yield from self._call
        except grpc.RpcError as error:
            if not self._cancelled:  # otherwise it is our own doing, and the node none the worse for it
                raise self._translate(error) from None

    def cancel(self) -> None:
        self._cancelled = True
        self._call.cancel()


class _Node:
    """One channel to one node."""

    def __init__(self, address: str, credentials: Any, metadata: tuple[tuple[str, str], ...]) -> None:
        self.address = address
        self.under_way = 0  # samples
        self.rests_until = 0.0  # of time.monotonic()
        self.info = pb.GetInfoResponse()
        self._metadata = metadata
        self.channel = (
            grpc.insecure_channel(address, options=_OPTIONS)
            if credentials is None
            else grpc.secure_channel(address, credentials, options=_OPTIONS)
        )
        self._stub = pb_grpc.ModelNodeStub(self.channel)

    def generate(self, request: pb.GenerateRequest, seconds: float) -> _Stream:
        call = self._stub.Generate(request, timeout=seconds, metadata=self._metadata)
        return _Stream(call, self._trouble)

    def judge(self, request: pb.JudgeRequest, seconds: float) -> pb.JudgeResponse:
        response: pb.JudgeResponse = self._unary(self._stub.Judge, request, seconds)
        return response

    def get_info(self, seconds: float) -> None:
        self.info = self._unary(self._stub.GetInfo, pb.GetInfoRequest(), seconds)

    def _unary(self, method: Any, request: Any, seconds: float) -> Any:
        try:
            return method(request, timeout=seconds, metadata=self._metadata)
        except grpc.RpcError as error:
            raise self._trouble(error) from None

    def _trouble(self, error: Any) -> Trouble:
        code, details = error.code(), error.details() or ""
        trailers = dict(error.trailing_metadata() or ())
        retry_after = trailers.get("retry-after-ms", "")
        if code is grpc.StatusCode.RESOURCE_EXHAUSTED and retry_after.isdecimal():
            return Trouble(TroubleKind.BUSY, f"model node {self.address} is busy: {details}", int(retry_after) / 1000)
        kind = _KINDS.get(code, TroubleKind.REFUSED)
        if kind is TroubleKind.BROKEN:
            self.rests_until = time.monotonic() + _REST_SECONDS
        return Trouble(kind, said(self.address, code.name, details))


class NodePool:
    """All nodes of a run; a context manager that connects on entry and closes its channels on exit."""

    def __init__(self, addresses: Sequence[str], *, token: str | None = None, tls: Tls | None = None) -> None:
        """Make the channels; SettingsError when an address or a TLS file cannot be used."""
        unique = [check_address(address) for address in dict.fromkeys(addresses)]
        if not unique:
            raise SettingsError("no model node is given; name one with --supercharge-node HOST:PORT")
        metadata = (("authorization", f"Bearer {token}"),) if token else ()
        credentials = None if tls is None else _credentials(tls)
        self._nodes = [_Node(address, credentials, metadata) for address in unique]
        self._lock = threading.Lock()
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
        """Ask every node who it is; NodeError names the first that does not answer in time."""
        with ThreadPoolExecutor(len(self._nodes)) as threads:
            waits = [threads.submit(node.get_info, seconds) for node in self._nodes]
        for wait in waits:
            try:
                wait.result()
            except Trouble as trouble:
                raise NodeError(str(trouble)) from None

    def close(self) -> None:
        """Close the channels; running calls end."""
        for node in self._nodes:
            node.channel.close()

    @property
    def max_context_tokens(self) -> int:
        """Tokens of prompt and answer together that every node can take."""
        return min(node.info.max_context_tokens for node in self._nodes)

    @property
    def max_batch_samples(self) -> int:
        """Samples that all nodes together work on at once."""
        return sum(node.info.max_batch_samples for node in self._nodes)

    @property
    def model(self) -> str:
        """What the nodes run, for people: "qwen2.5-coder-0.5b (transformers, bf16)"."""
        return ", ".join(dict.fromkeys(_describe(node.info) for node in self._nodes))

    @property
    def identities(self) -> frozenset[str]:
        """What tells the models of the nodes apart from all others: their digests."""
        return frozenset(node.info.model_digest for node in self._nodes)

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
        chunks = [
            chunk
            for index, question in enumerate(questions)
            for chunk in split(index, question, indices, len(self._nodes))
        ]
        return Asking(chunks, self._lease, time.monotonic() + deadline_seconds)

    def judge(self, questions: Sequence[Question], *, deadline_seconds: float) -> list[float]:
        """Return P(yes) of each question; NoAnswer or NodeError when it cannot be had in time."""
        deadline = time.monotonic() + deadline_seconds
        chunk = Chunk(index=0, question=questions[0], missing=set(range(len(questions))))
        while True:
            left = max(0.001, deadline - time.monotonic())
            with self._lease(chunk) as node:
                try:
                    return [item.score for item in node.judge(judge_request(questions, left), left).judgements]
                except Trouble as trouble:
                    problem = trouble
            if problem.kind is TroubleKind.LATE:
                raise NodeError(str(problem))
            settle(chunk, node.address, problem, time.sleep)

    @contextmanager
    def _lease(self, chunk: Chunk) -> Iterator[_Node]:
        """Choose a node for what the chunk misses, and count its samples while they are under way."""
        count = len(chunk.missing)
        with self._lock:
            node = self._choose(chunk)
            node.under_way += count
        try:
            yield node
        finally:
            with self._lock:
                node.under_way -= count

    def _choose(self, chunk: Chunk) -> _Node:
        left = [
            node
            for node in self._nodes
            if node.address not in chunk.declined and chunk.failures[node.address] < _ATTEMPTS
        ]
        if not left and chunk.last_failure:
            raise NodeError(chunk.last_failure)
        if not left:
            self._exhausted.add((chunk.question.kind.value, chunk.question.stub_id))
            kind, stub = chunk.question.kind.value, chunk.question.stub_id
            raise NoAnswer(f"no model node has an answer of kind {kind!r} for {stub}; add lines to the replay file")
        now = time.monotonic()
        return min(left, key=lambda node: (chunk.failures[node.address], node.rests_until > now, node.under_way))


def _describe(info: pb.GetInfoResponse) -> str:
    return f"{info.model_id} ({', '.join(word for word in (info.backend, info.quantization) if word)})"


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
