"""The engine that forwards to an OpenAI-compatible server, so that users keep the one they have."""

from __future__ import annotations

from model_node.engine.openai.endpoint import KEY_VARIABLE, base_url_of, read_key
from model_node.engine.openai.engine import OpenAIEngine

__all__ = ["KEY_VARIABLE", "OpenAIEngine", "base_url_of", "read_key"]
