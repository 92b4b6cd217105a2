"""Questions to the judge."""

from __future__ import annotations

import queue
import threading
from typing import Any

import pytest
from nodes import PATIENCE, RunningNode, ScriptedEngine, question

from model_node.engine.base import EngineError, ErrorKind, Judgement, Usage
from pytest_supercharger.client import NoAnswer, NodePool
from pytest_supercharger.domain import QuestionKind
from pytest_supercharger.errors import NodeError


def test_judge_gives_a_score_a_question(replay: NodePool) -> None:
    asked = [question(QuestionKind.JUDGE), question(QuestionKind.JUDGE, "m:g")]
    assert replay.judge(asked, deadline_seconds=PATIENCE) == [0.75, 0.75]


def test_judge_moves_on_to_another_node(engine: ScriptedEngine) -> None:
    other = ScriptedEngine(name="other")
    with RunningNode(engine) as one, RunningNode(other) as two, NodePool([one.address, two.address]) as pool:
        engine.refusals.append(EngineError(ErrorKind.FAILED, "broke"))
        scores: queue.Queue[Any] = queue.Queue()
        asked = [question(QuestionKind.JUDGE)]
        threading.Thread(target=lambda: scores.put(pool.judge(asked, deadline_seconds=PATIENCE)), daemon=True).start()
        other.next_job().on_done(((Judgement(score=0.5, answer_mass=1.0),), Usage()))
        assert scores.get(timeout=PATIENCE) == [0.5]


def test_judge_without_a_line_says_so(pool: NodePool, engine: ScriptedEngine) -> None:
    engine.refusals.append(EngineError(ErrorKind.NOT_FOUND, "no line"))
    with pytest.raises(NoAnswer, match="kind 'judge' for shop:total"):
        pool.judge([question(QuestionKind.JUDGE)], deadline_seconds=PATIENCE)


def test_judge_out_of_time_says_so(pool: NodePool) -> None:
    with pytest.raises(NodeError, match="does not answer in time"):
        pool.judge([question(QuestionKind.JUDGE)], deadline_seconds=0.2)


def test_a_judge_question_to_a_closed_pool_ends(engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_supercharger.client._SLACK_SECONDS", 0.0)
    with RunningNode(engine) as node:
        pool = NodePool([node.address])
        pool.connect()
        pool.close()
        with pytest.raises(NodeError, match="the pool of model nodes is closed"):
            pool.judge([question()], deadline_seconds=0.1)
