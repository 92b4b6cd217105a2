"""What Ray Serve costs a call: the same replay engine in a plain node and behind Ray, in turns."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc

from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc

__all__ = ["overhead"]

ROOT = Path(__file__).resolve().parents[2]
_CLIENTS = 8
_ROUNDS = 5


def overhead(file: Path, replicas: int, calls: int) -> None:
    """Measure and print; `file` is what the replay engines answer from."""
    with ExitStack() as stack:
        ways = {"plain": [], "ray": ["--ray", "--insecure", "--replicas", str(replicas)]}
        stubs = {way: started(stack, file, flags) for way, flags in ways.items()}
        show(measured(stubs, calls))


def started(stack: ExitStack, file: Path, flags: list[str]) -> Any:
    command = [sys.executable, "-u", "-m", "model_node", "--port", "0", "--engine", "replay", "--replay", str(file)]
    process = subprocess.Popen(
        [*command, *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    assert process.stdout is not None
    address = next(line.split()[-1] for line in process.stdout if "listening on" in line)
    return pb_grpc.ModelNodeStub(stack.enter_context(grpc.insecure_channel(address)))


def info(stub: Any, _: int) -> None:
    stub.GetInfo(pb.GetInfoRequest())


def samples(stub: Any, number: int) -> None:
    prompts = [pb.Prompt(text="x", kind="code", subject="shop:total")]
    params = pb.SamplingParams(max_new_tokens=8)
    name = f"{number}-{time.monotonic_ns()}"
    assert (
        len(list(stub.Generate(pb.GenerateRequest(request_id=name, prompts=prompts, num_samples=4, params=params))))
        == 5
    )


def measured(stubs: dict[str, Any], calls: int) -> dict[str, dict[str, list[float]]]:
    """Rounds of each way in turn, so that what else the machine does meets all alike."""
    found: dict[str, dict[str, list[float]]] = {way: {"info": [], "samples": [], "a second": []} for way in stubs}
    for _ in range(_ROUNDS):
        for way, stub in stubs.items():
            found[way]["info"] += [milliseconds(info, stub, number) for number in range(calls)]
            found[way]["samples"] += [milliseconds(samples, stub, number) for number in range(calls)]
            begin = time.perf_counter()
            with ThreadPoolExecutor(_CLIENTS) as threads:
                list(threads.map(lambda number, stub=stub: samples(stub, number), range(calls)))
            found[way]["a second"].append(calls / (time.perf_counter() - begin))
    return found


def milliseconds(call: Callable[[Any, int], None], stub: Any, number: int) -> float:
    begin = time.perf_counter()
    call(stub, number)
    return 1000 * (time.perf_counter() - begin)


def show(found: dict[str, dict[str, list[float]]]) -> None:
    print(f"{'':8}{'GetInfo ms':>12}{'Generate ms':>13}{'Generate/s':>12}")
    for way, figures in found.items():
        middle = [statistics.median(figures[name]) for name in ("info", "samples", "a second")]
        print(f"{way:8}{middle[0]:12.2f}{middle[1]:13.2f}{middle[2]:12.1f}")
