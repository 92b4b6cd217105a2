"""A pool with one node: of a scripted engine, or of answers in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from nodes import RunningNode, ScriptedEngine

from model_node.engine.replay import ReplayEngine
from pytest_supercharger.client import NodePool


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def pool(engine: ScriptedEngine) -> Iterator[NodePool]:
    with RunningNode(engine) as node, NodePool([node.address]) as pool:
        yield pool


@pytest.fixture
def replay(tmp_path: Path) -> Iterator[NodePool]:
    file = tmp_path / "answers.jsonl"
    file.write_text(
        '{"kind": "code", "stub": "shop:total", "text": "```\\nreturn 1"}\n'
        '{"kind": "code", "stub": "shop:total", "text": "```\\nreturn 2"}\n'
        '{"kind": "judge", "stub": "*", "score": 0.75}\n'
    )
    with RunningNode(ReplayEngine(file)) as node, NodePool([node.address]) as pool:
        yield pool
