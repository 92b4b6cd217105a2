"""Replay nodes in processes of their own, and the work that they are given."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pooling.network import Network
from pytest_supercharger.domain import Answer, Question, QuestionKind

__all__ = ["PORT", "ROUNDS", "Result", "Spec", "answers", "question", "run", "serve"]

PORT = 50051
ROUNDS = (("code", 8), ("test", 8), ("code", 8), ("test", 8))  # of a stub, one after the other
_SERVERS = Path(__file__).with_name("servers.py")
_LENGTHS = (20, 180, 60, 140, 100, 100, 40, 160)  # tokens of the answers, round and round

Ask = Callable[[Question, int], Iterator[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One node: its place in the network and how fast it is."""

    number: int
    speed: float  # tokens a second and sample
    rows: int
    replay: Path

    def described(self, network: Network) -> dict[str, object]:
        """What `servers.py` reads."""
        return {
            "host": network.address(self.number),
            "netns": network.namespace(self.number),
            "port": PORT,
            "speed": self.speed,
            "rows": self.rows,
            "replay": str(self.replay),
        }


@dataclass(slots=True, kw_only=True)
class Result:
    """What came of a run."""

    seconds: float = 0.0
    client_cpu: float = 0.0
    tokens: int = 0
    got: dict[tuple[str, int], Counter[int]] = field(default_factory=dict)  # by stub and round: sample indices
    texts: dict[tuple[str, int], dict[int, str]] = field(default_factory=dict)  # by stub and round: index -> text
    models: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0  # seconds of the question that took longest
    errors: list[str] = field(default_factory=list)

    @property
    def samples(self) -> int:
        """Answers in all."""
        return sum(counts.total() for counts in self.got.values())


def answers(file: Path, word: str = "") -> Path:
    """A replay file whose answers have known lengths, and begin with the word."""
    rows = [
        {"kind": kind, "stub": "*", "text": " ".join([f"{word}{kind}{number}"] * length)}
        for kind in ("code", "test")
        for number, length in enumerate(_LENGTHS)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def question(stub: str, kind: str) -> Question:
    """A question that a replay node answers."""
    return Question(
        kind=QuestionKind(kind),
        stub_id=stub,
        system="",
        user=stub,
        assistant_prefix="",
        max_new_tokens=max(_LENGTHS),
        temperature=0.8,
    )


@contextmanager
def serve(specs: Sequence[Spec], network: Network) -> Iterator[subprocess.Popen[str]]:
    """All these nodes in one process."""
    command = [sys.executable, str(_SERVERS), json.dumps([spec.described(network) for spec in specs])]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        if process.stdout.readline() != "serving\n":
            raise RuntimeError("the nodes did not start")
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stdin.close()


def run(ask: Ask, stubs: int, *, rounds: Sequence[tuple[str, int]] = ROUNDS) -> Result:
    """All stubs at once, a thread each, as the plugin does it."""
    result, lock = Result(), threading.Lock()

    def solve(stub: str) -> None:
        for number, (kind, samples) in enumerate(rounds):
            begin, got, texts = time.monotonic(), Counter(), {}
            tokens, models = 0, Counter()
            try:
                for answer in ask(question(stub, kind), samples):
                    got[answer.sample_index] += 1
                    texts[answer.sample_index] = answer.text
                    tokens += answer.num_tokens
                    models[answer.model] += 1
            except Exception as error:  # the run goes on; what is missing is counted and told
                with lock:
                    result.errors.append(f"{stub}: {error}")
            with lock:
                result.got[stub, number], result.texts[stub, number] = got, texts
                result.tokens += tokens
                result.models += models
                result.slowest = max(result.slowest, time.monotonic() - begin)

    begin, cpu = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    with ThreadPoolExecutor(stubs) as threads:
        list(threads.map(solve, (f"m:f{number}" for number in range(stubs))))
    used = resource.getrusage(resource.RUSAGE_SELF)
    result.seconds = time.monotonic() - begin
    result.client_cpu = used.ru_utime + used.ru_stime - cpu.ru_utime - cpu.ru_stime
    return result
