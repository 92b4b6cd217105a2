"""A tiny model behind the real service, for tests of what a client on the wire gets."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import grpc
import pytest
import torch
from grpc_health.v1 import health_pb2_grpc
from nodes import PATIENCE, RunningNode

from model_node.engine.local import LocalEngine
from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc


class Served:
    """A tiny model behind the real service; its samples end at their limit only."""

    def __init__(self, engine: LocalEngine, node: RunningNode, channel: Any) -> None:
        object.__setattr__(engine._loaded, "end_tokens", frozenset())
        self.engine = engine
        self.node = node
        self.stub = pb_grpc.ModelNodeStub(channel)
        self.health = health_pb2_grpc.HealthStub(channel)
        self._arrived, self._ended = threading.Semaphore(0), threading.Semaphore(0)
        for target, name in ((engine._desk, "submit"), (engine._desk, "ask"), (engine, "_end")):
            counter = self._ended if name == "_end" else self._arrived
            setattr(target, name, counted(getattr(target, name), counter))

    def arrived(self, count: int) -> None:
        """Wait until so many more jobs have come to the engine."""
        for _ in range(count):
            assert self._arrived.acquire(timeout=PATIENCE)

    def ended(self, count: int) -> None:
        """Wait until so many more jobs have ended in the engine."""
        for _ in range(count):
            assert self._ended.acquire(timeout=PATIENCE)

    def ask(self, text: str = "yes", name: str = "r", *, samples: int = 2, tokens: int = 8, **more: Any) -> Any:
        return self.stub.Generate(request(text, name, samples=samples, tokens=tokens, **more), timeout=PATIENCE)

    def load(self) -> tuple[int, int]:
        load = self.stub.GetLoad(pb.GetLoadRequest(), timeout=PATIENCE)
        return load.running_samples, load.queued_samples

    def still_works(self) -> None:
        assert len(samples_of(self.ask(name="after", tokens=2))) == 2
        assert self.load() == (0, 0)


def counted(method: Callable[..., Any], counter: threading.Semaphore) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        result = method(*args)
        counter.release()
        return result

    return call


class Hold:
    """Holds the engine thread ahead of its next turn, until the end of the block."""

    def __init__(self, engine: LocalEngine) -> None:
        self._engine = engine
        self._reached, self._release = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self._engine.on_turn = None
        self._reached.set()
        assert self._release.wait(PATIENCE)

    def __enter__(self) -> Hold:
        self._engine.on_turn = self
        return self

    def reached(self) -> None:
        assert self._reached.wait(PATIENCE)

    def __exit__(self, *_: object) -> None:
        self._release.set()


def request(text: str, name: str, *, samples: int, tokens: int, **more: Any) -> pb.GenerateRequest:
    params = pb.SamplingParams(max_new_tokens=tokens, temperature=1.0)
    prompts = [pb.Prompt(text=text)]
    return pb.GenerateRequest(request_id=name, prompts=prompts, num_samples=samples, params=params, **more)


def samples_of(call: Any) -> dict[int, str]:
    return {event.sample.sample_index: event.sample.text for event in call if event.HasField("sample")}


def refused(call: Any, code: grpc.StatusCode) -> str:
    """The text of a call that ends with `code`; it names a next step."""
    with pytest.raises(grpc.RpcError) as caught:
        list(call) if hasattr(call, "__iter__") else call()
    error = caught.value
    assert error.code() is code, error
    text = str(error.details())
    assert ";" in text
    assert "\n" not in text
    return text


def spoil(engine: LocalEngine, row: int, at_step: int) -> list[int]:
    """From now on the model gives NaN for one row of one decoding step; returns the rows of each step."""
    forward, steps = engine._batch._forward, []

    def spoiled() -> torch.Tensor:
        steps.append(len(engine._batch.rows))
        logits = forward()
        if len(steps) == at_step:
            logits[row, 3] = float("nan")
        return logits

    engine._batch._forward = spoiled  # type: ignore[method-assign]
    return steps
