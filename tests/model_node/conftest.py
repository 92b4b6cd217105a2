"""A tiny model with random weights and a tokenizer made here, and an engine that runs it.

SUPERCHARGER_TEST_DEVICE names the device: cpu, unless a machine with a GPU tries the engine on it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from nodes import PATIENCE, RunningNode
from served import Served
from tiny_models import save_model, save_tokenizer

from model_node.engine.base import EngineError, FinishedSample, GenerateJob, Prompt, SamplingParams, Usage
from model_node.engine.local import LocalEngine

WAIT = 120.0
DEVICE = os.environ.get("SUPERCHARGER_TEST_DEVICE", "cpu")


@pytest.fixture
def device() -> str:
    """Where engines run."""
    return DEVICE


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Qwen2 of three layers with random weights, saved like any other model."""
    folder = tmp_path_factory.mktemp("tiny")
    save_model(folder, len(save_tokenizer(folder)))
    return folder


@pytest.fixture
def make_engine(tiny_folder: Path) -> Iterator[Callable[..., LocalEngine]]:
    """Makes started engines in float32, where batches of any shape agree; closes them all."""
    engines: list[LocalEngine] = []

    def make(folder: Path = tiny_folder, **settings: Any) -> LocalEngine:
        settings = {"quantization": "fp32", "device": DEVICE, "model_id": "tiny", "max_batch": 32} | settings
        engine = LocalEngine(folder, **settings)
        engine.start()
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.on_turn = None
        engine.close()


@pytest.fixture
def engine(make_engine: Callable[..., LocalEngine]) -> LocalEngine:
    """One started engine with the tiny model."""
    return make_engine()


class Collector:
    """The owner of one generate job: keeps its samples and waits for its end."""

    def __init__(self) -> None:
        self.samples: list[FinishedSample] = []
        self.result: Usage | EngineError | None = None
        self._done = threading.Event()

    def job(self, *texts: str, name: str = "job", samples: int = 1, first: int = 0, **settings: Any) -> GenerateJob:
        outer = {key: settings.pop(key) for key in ("client", "priority", "deadline", "prompts") if key in settings}
        params = SamplingParams(**({"max_new_tokens": 16, "temperature": 0.0} | settings))
        prompts = outer.pop("prompts", tuple(Prompt(text=text) for text in texts))
        return GenerateJob(
            request_id=name,
            prompts=prompts,
            num_samples=samples,
            params=params,
            first_sample_index=first,
            on_sample=self.samples.append,
            on_done=self.done,
            **outer,
        )

    def done(self, result: Usage | EngineError) -> None:
        self.result = result
        self._done.set()

    def wait(self) -> Collector:
        assert self._done.wait(WAIT), "the job never ended"
        return self

    def texts(self) -> dict[tuple[int, int], str]:
        assert isinstance(self.result, Usage), self.result
        return {(sample.prompt_index, sample.sample_index): sample.text for sample in self.samples}


@pytest.fixture
def collector() -> type[Collector]:
    return Collector


@pytest.fixture
def ask(engine: LocalEngine) -> Callable[..., dict[tuple[int, int], str]]:
    """Runs one job to its end and returns its texts."""

    def run(*texts: str, **settings: Any) -> dict[tuple[int, int], str]:
        owner = Collector()
        engine.submit(owner.job(*texts, **settings))
        return owner.wait().texts()

    return run


@pytest.fixture
def serve(tiny_folder: Path, device: str) -> Iterator[Callable[..., Served]]:
    ends: list[Any] = []

    def run(grace_seconds: float = PATIENCE, **settings: Any) -> Served:
        engine = LocalEngine(tiny_folder, quantization="fp32", device=device, model_id="tiny", **settings)
        node = RunningNode(engine, grace_seconds=grace_seconds)
        ends.append(node)
        node.__enter__()
        channel = grpc.insecure_channel(node.address)
        ends.append(channel)
        return Served(engine, node, channel)

    yield run
    for end in reversed(ends):
        end.__exit__(None, None, None)


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve()
