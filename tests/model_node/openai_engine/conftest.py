"""An engine that forwards, and the server behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openai_jobs import KEY, chat
from openai_server import OpenAIServer

from model_node.engine.base import Prompt
from model_node.engine.openai import OpenAIEngine


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def make(server: OpenAIServer, pauses: list[float]) -> Iterator[Callable[..., OpenAIEngine]]:
    engines = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    def made(url: str = "", **settings: Any) -> OpenAIEngine:
        engine = OpenAIEngine(url or server.url, **{"model": "tiny", "key": KEY, "pause": pause, **settings})
        engines.append(engine)
        engine.start()
        return engine

    yield made
    for engine in engines:
        engine.close()


@pytest.fixture
def run(make: Callable[..., OpenAIEngine], collector: Any) -> Callable[..., Any]:
    """Runs one job to its end and returns its owner; one engine for all jobs of a test."""
    engines: list[OpenAIEngine] = []

    def run(*prompts: Prompt, **settings: Any) -> Any:
        engines or engines.append(make())
        owner = collector()
        engines[0].submit(owner.job(prompts=prompts or (chat(),), **settings))
        return owner.wait()

    return run
