"""Clients of one node: those that stay, those that cancel, those that close their connection, those that are killed."""

from __future__ import annotations

import asyncio
import enum
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import grpc

from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc

__all__ = ["Manner", "Outcome", "Work", "crowd", "manner_of"]

_OWN_CONNECTION = (("grpc.use_local_subchannel_pool", 1),)
_LONGEST_WAIT = 5.0  # between two tries, as in the plugin
_SECONDS = 1800.0
_PROMPTS = 16  # different ones


class Manner(enum.Enum):
    """How a client ends its request."""

    STAYS = "stays"
    CANCELS = "cancels"
    CLOSES = "closes its connection"
    DIES = "is killed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What each client asks for."""

    samples: int
    tokens: int


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of one client; seconds from its first try."""

    manner: Manner
    status: str = ""
    details: str = ""
    samples: int = 0
    refusals: int = 0  # a full queue, after which it asked again
    first: float | None = None
    end: float | None = None


def manner_of(number: int) -> Manner:
    """A third of the clients vanish, each in one of three ways."""
    return (Manner.CANCELS, Manner.CLOSES, Manner.DIES)[number // 3 % 3] if number % 3 == 0 else Manner.STAYS


async def crowd(address: str, clients: int, work: Work, manner: Manner | None = None) -> list[Outcome]:
    """Let all clients ask at once, and wait for their ends; all of one `manner`, or a third of them vanishing."""
    asyncio.get_running_loop().set_default_executor(
        ThreadPoolExecutor(clients + 1)
    )  # one waits with each killed client
    return await asyncio.gather(*(_one(address, n, work, manner or manner_of(n)) for n in range(clients)))


async def _one(address: str, number: int, work: Work, manner: Manner) -> Outcome:
    outcome = Outcome(manner=manner)
    if outcome.manner is Manner.DIES:
        await asyncio.to_thread(_die, address, number, work)
        outcome.status = "KILLED"
        return outcome
    begin = time.monotonic()
    async with grpc.aio.insecure_channel(address, options=_OWN_CONNECTION) as channel:
        stub = pb_grpc.ModelNodeStub(channel)
        while True:
            name = f"{os.getpid()}-{number}-{begin}-{outcome.refusals}"
            call = stub.Generate(_request(name, number, work), timeout=_SECONDS)
            try:
                await _read(call, outcome, begin)
                outcome.status = "OK" if outcome.manner is Manner.STAYS else "VANISHED"
            except grpc.aio.AioRpcError as error:
                hint = dict(error.trailing_metadata() or ()).get("retry-after-ms")
                if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED and hint is not None:
                    await asyncio.sleep(min(_LONGEST_WAIT, int(hint) / 1000 * 2 ** min(outcome.refusals, 8)))
                    outcome.refusals += 1
                    continue
                outcome.status, outcome.details = error.code().name, str(error.details())
            outcome.end = time.monotonic() - begin
            return outcome


async def _read(call: grpc.aio.UnaryStreamCall, outcome: Outcome, begin: float) -> None:
    async for event in call:
        if event.WhichOneof("event") != "sample":
            continue
        outcome.samples += 1
        outcome.first = outcome.first or time.monotonic() - begin
        if outcome.manner is Manner.CANCELS:
            call.cancel()
        if outcome.manner is not Manner.STAYS:
            return  # the channel is closed on the way out, with the stream half read


def _request(name: str, number: int, work: Work) -> pb.GenerateRequest:
    text = f"Write a Python function that adds {number % _PROMPTS} to a number, with a docstring and tests."
    prompt = pb.Prompt(chat=pb.Chat(messages=[pb.ChatMessage(role=pb.ROLE_USER, text=text)]), kind="code")
    params = pb.SamplingParams(max_new_tokens=work.tokens, temperature=0.8, seed=number)
    return pb.GenerateRequest(request_id=name, prompts=[prompt], num_samples=work.samples, params=params)


_VICTIM = """
import sys, time, grpc
from model_node.v1 import model_node_pb2 as pb, model_node_pb2_grpc as pb_grpc
request = pb.GenerateRequest.FromString(sys.stdin.buffer.read())
with grpc.insecure_channel(sys.argv[1]) as channel:
    print("asks", flush=True)
    for tries in range(1000):
        try:
            for event in pb_grpc.ModelNodeStub(channel).Generate(request, timeout=1800):
                print("reads", flush=True)
        except grpc.RpcError as error:
            hint = dict(error.trailing_metadata() or ()).get("retry-after-ms", "1000")
            time.sleep(min(5.0, int(hint) / 1000 * 2 ** min(tries, 8)))
"""


def _die(address: str, number: int, work: Work) -> None:
    """Ask from a process that is killed once it has got something."""
    victim = subprocess.Popen(
        [sys.executable, "-c", _VICTIM, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ
    )
    assert victim.stdin is not None
    assert victim.stdout is not None
    victim.stdin.write(_request(f"victim-{victim.pid}-{number}", number, work).SerializeToString())
    victim.stdin.close()
    for _ in range(2):
        victim.stdout.readline()
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    victim.stdout.close()
