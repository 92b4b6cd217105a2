"""The parts of benchmarks/ray that need a cluster: each says whether what it promises holds, and the figures."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc
from raying.cluster import ROOT, Cluster
from raying.load import Load

__all__ = ["PARTS", "Finding", "Work"]

_KILLS = 3
_MOST = 4  # replicas that autoscaling may reach
_AT_ONCE = 12  # calls against a wall of one that runs and one that waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is deployed and asked."""

    flags: tuple[str, ...]  # of supercharger-node
    other: tuple[str, ...]  # of a version that differs in how it runs, not in its model
    replicas: int
    stubs: int
    samples: int
    example: tuple[str, ...] = ()  # options of benchmarks/demo
    every_stub: bool = True  # of the example has to be accepted

    def load(self, cluster: Cluster, *, clients: int = 1) -> Load:
        return Load(cluster.address, stubs=self.stubs, samples=self.samples, clients=clients)

    def deploy(self, cluster: Cluster, **options: Any) -> float:
        """The version as it is, with a fixed number of replicas; the seconds until all are up."""
        cluster.deploy(self.flags, **{"autoscaling_config": None, "num_replicas": self.replicas, **options})
        count = options.get("num_replicas", self.replicas)
        return cluster.wait(f"{count} replicas", lambda: cluster.settled(count))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the output."""

    name: str
    passed: bool
    words: str

    def __str__(self) -> str:
        return f"{'PASS' if self.passed else 'FAIL'}  {self.name}: {self.words}"


def example(cluster: Cluster, work: Work) -> Finding:
    """The example project, filled by `pytest --supercharge` with this address and held against reference tests."""
    work.deploy(cluster)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "figures.json")
        command = [sys.executable, ROOT / "benchmarks" / "demo", "--node", cluster.address, "--json", file]
        done = subprocess.run([*command, *work.example], capture_output=True, text=True, check=False)
        if not file.exists():
            return Finding(name="the example", passed=False, words=(done.stderr or done.stdout)[-500:])
        found = json.loads(file.read_text(encoding="utf-8"))
    passed = not (found["errors"] or found["wrong_accepted"])
    passed &= found["accepted"] >= (found["stubs"] if work.every_stub else 1)  # an empty run shows nothing
    figures = ("stubs", "accepted", "right", "wrong_accepted", "abstained", "errors", "samples_a_stub", "seconds")
    words = ", ".join(f"{name.replace('_', ' ')} {found[name]}" for name in figures)
    if not passed:
        words += "; " + "; ".join(f"{one['stub']}: {one['reason']}" for one in found["decisions"] if one["reason"])
    return Finding(name="the example passes through it unchanged", passed=passed, words=words)


def kill(cluster: Cluster, work: Work) -> Finding:
    """Replicas are killed while they stream, one after the other, and replaced by Serve."""
    work.deploy(cluster)
    with work.load(cluster) as load:
        for _ in range(_KILLS):
            before, came = cluster.running(), load.samples
            cluster.wait("a sample", lambda came=came: load.samples > came)
            victim = sorted(before)[0]
            os.kill(cluster.replicas()[victim][1], signal.SIGKILL)
            cluster.wait("another replica", lambda v=victim: len(cluster.running() - {v}) == work.replicas)
    words = f"{_KILLS} of {work.replicas} replicas killed, one at a time; {load.words()}; it said {load.said}"
    return Finding(
        name="a replica killed mid-stream loses nothing", passed=load.whole and load.troubles > 0, words=words
    )


def rolling(cluster: Cluster, work: Work) -> Finding:
    """Another version is deployed under load: the new replicas start before the old ones end."""
    work.deploy(cluster)
    old, fewest = cluster.running(), work.replicas
    with work.load(cluster) as load:
        cluster.wait("a sample", load.begun)
        cluster.deploy(work.other, autoscaling_config=None, num_replicas=work.replicas)

        def updated() -> bool:
            nonlocal fewest
            fewest = min(fewest, len(cluster.running()) or fewest)  # none: Serve reads the file and tells nothing
            return not old & cluster.replicas().keys() and cluster.settled(work.replicas)

        seconds = cluster.wait("the new version", updated)
    passed = load.whole and not load.troubles and fewest >= work.replicas
    words = f"{seconds:.0f} s, at least {fewest} of {work.replicas} replicas answered; {load.words()} {load.said or ''}"
    return Finding(name="a rolling update loses no request", passed=passed, words=words)


def draining(cluster: Cluster, work: Work) -> Finding:
    """Fewer replicas are wanted under load: those that go finish their streams."""
    work.deploy(cluster)
    with work.load(cluster) as load:
        cluster.wait("a sample", load.begun)
        cluster.deploy(work.flags, autoscaling_config=None, num_replicas=1)
        seconds = cluster.wait("one replica", lambda: cluster.settled(1))
    words = f"{work.replicas} replicas to 1 in {seconds:.0f} s; {load.words()} {load.said or ''}"
    passed = load.whole and not load.troubles
    return Finding(name="a replica that is stopped finishes its streams", passed=passed, words=words)


def autoscaling(cluster: Cluster, work: Work) -> Finding:
    """One replica becomes several under load, and they become one again after it."""
    limits = {"min_replicas": 1, "max_replicas": _MOST, "target_ongoing_requests": 2}
    delays = {"upscale_delay_s": 1, "downscale_delay_s": 5}
    cluster.deploy(work.flags, num_replicas=None, autoscaling_config=limits | delays)
    cluster.wait("one replica", lambda: cluster.settled(1))
    with work.load(cluster, clients=2) as load:
        up = cluster.wait(f"{_MOST} replicas", lambda: len(cluster.running()) == _MOST)
    down = cluster.wait("one replica again", lambda: cluster.settled(1))
    words = (
        f"1 to {_MOST} replicas in {up:.0f} s of load, back in {down:.0f} s without; {load.words()} {load.said or ''}"
    )
    return Finding(name="autoscaling follows the queue", passed=load.whole and not load.troubles, words=words)


def refusal(cluster: Cluster, work: Work) -> Finding:
    """Serve's own wall: it refuses what is too much, and clients come again."""
    work.deploy(cluster, num_replicas=1, max_ongoing_requests=1, max_queued_requests=1)
    with grpc.insecure_channel(cluster.address) as channel, ThreadPoolExecutor(_AT_ONCE) as threads:
        calls = [threads.submit(refused, pb_grpc.ModelNodeStub(channel), number) for number in range(_AT_ONCE)]
        said = [words for call in calls if (words := call.result())]
    with Load(cluster.address, stubs=4, samples=work.samples, clients=2) as load:
        cluster.wait("samples of all", lambda: load.samples >= 16)
    passed = load.whole and bool(said) and all(word.startswith("RESOURCE_EXHAUSTED") for word in said)
    words = f"{len(said)} of {_AT_ONCE} calls at once were refused: {said[0] if said else ''}; {load.words()}"
    return Finding(name="Serve's own refusal is waited for", passed=passed, words=words)


def refused(stub: Any, number: int) -> str:
    """How a call ended that ended badly; "" where it did not."""
    prompts = [pb.Prompt(text="x", kind="code", subject="m:f")]
    params = pb.SamplingParams(max_new_tokens=8)
    name = f"wall-{number}-{time.monotonic_ns()}"
    try:
        list(stub.Generate(pb.GenerateRequest(request_id=name, prompts=prompts, num_samples=4, params=params)))
    except grpc.RpcError as error:
        trailers = [key for key, _ in error.trailing_metadata() or ()]  # type: ignore[attr-defined]
        return f"{error.code().name} {error.details()} {trailers}"  # type: ignore[attr-defined]
    return ""


PARTS: dict[str, Callable[[Cluster, Work], Finding]] = {
    "kill": kill,
    "rolling": rolling,
    "draining": draining,
    "autoscaling": autoscaling,
    "refusal": refusal,
    "example": example,
}


def names(chosen: Sequence[str]) -> list[str]:
    """In the order of `PARTS`."""
    return [name for name in PARTS if name in chosen]
