"""Jobs for the engine that forwards, and how they end."""

from __future__ import annotations

import queue
from typing import Any

from nodes import PATIENCE

from model_node.engine.base import EngineError, JudgeJob, Message, Prompt
from model_node.engine.openai import OpenAIEngine

KEY = "sk-very/secret"


def chat(text: str = "Write it.", prefix: str = "") -> Prompt:
    return Prompt(messages=(Message(role="user", text=text),), assistant_prefix=prefix)


def failed(owner: Any) -> EngineError:
    assert isinstance(owner.result, EngineError), owner.result
    assert "secret" not in str(owner.result)
    return owner.result


def judged(engine: OpenAIEngine, **settings: Any) -> Any:
    done: queue.Queue[Any] = queue.Queue()
    prompts = settings.pop("prompts", (chat("Is it right?"),))
    engine.judge(JudgeJob(request_id="judge", prompts=prompts, on_done=done.put, **settings))
    return done.get(timeout=PATIENCE)
