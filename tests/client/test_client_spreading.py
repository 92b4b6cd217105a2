"""Questions spread over several nodes: resuming, backing off, nodes that die."""

from __future__ import annotations

import queue
import threading
from pathlib import Path

import pytest
from drawing import Drawing, alike, draw, finish, indices
from nodes import PATIENCE, RunningNode, ScriptedEngine, question, sample

from model_node.engine.base import EngineError, ErrorKind
from model_node.engine.replay import ReplayEngine
from pytest_supercharger.client import NodePool
from pytest_supercharger.domain import QuestionKind
from pytest_supercharger.errors import NodeError
from pytest_supercharger.pool import policy
from pytest_supercharger.pool.state import Tuning


def test_a_node_is_not_left_alone_for_a_call_we_cancelled() -> None:
    engines = alike()
    with RunningNode(engines[0]) as one, RunningNode(engines[1]) as two, NodePool([one.address, two.address]) as pool:
        first = draw(pool, samples=1)
        drawing = Drawing(first)
        engines[0].next_job()
        first.cancel()
        drawing.rest()
        again = Drawing(draw(pool, samples=1))
        finish(engines[0].next_job())
        assert indices(again.rest()) == [0]


def test_samples_are_spread_over_the_nodes() -> None:
    engines = alike()
    with RunningNode(engines[0]) as one, RunningNode(engines[1]) as two, NodePool([one.address, two.address]) as pool:
        drawing = Drawing(draw(pool, samples=10))
        jobs = [engine.next_job() for engine in engines]
        assert sorted((job.first_sample_index, job.num_samples) for job in jobs) == [(0, 5), (5, 5)]
        for job in jobs:
            finish(job)
        assert indices(drawing.rest()) == list(range(10))


def test_tests_are_asked_of_another_model_than_codes() -> None:
    engines = {name: ScriptedEngine(name=name) for name in ("one", "two")}
    nodes = [RunningNode(engine) for engine in engines.values()]
    with nodes[0], nodes[1], NodePool([node.address for node in nodes]) as pool:
        assert pool.model == "one (scripted), two (scripted)"
        assert pool.models == {"digest-of-one": "one (scripted)", "digest-of-two": "two (scripted)"}
        got = {}
        for kind in (QuestionKind.CODE, QuestionKind.TEST, QuestionKind.REPAIR):
            model = policy.preferred("shop:total", kind.value, pool.identities)
            drawing = Drawing(draw(pool, question(kind), samples=1))
            finish(engines[model.removeprefix("digest-of-")].next_job())
            ((_, answer),) = drawing.rest()
            got[kind] = answer.model
        assert got[QuestionKind.CODE] == got[QuestionKind.REPAIR] != got[QuestionKind.TEST]


def test_a_node_that_dies_leaves_only_its_missing_samples_to_another() -> None:
    engines = alike()
    with RunningNode(engines[0]) as one, RunningNode(engines[1]) as two, NodePool([one.address, two.address]) as pool:
        drawing = Drawing(draw(pool, samples=4))  # one chunk: all of it goes to the first node
        job = engines[0].next_job()
        for index in (0, 2):
            job.on_sample(sample(index))
        got = [drawing.next(), drawing.next()]
        one.kill()
        asked = []
        for _ in range(2):  # the hole, then the tail
            job = engines[1].next_job()
            asked.append((job.first_sample_index, job.num_samples))
            finish(job)
        assert sorted(asked) == [(1, 1), (3, 1)]
        assert indices(got + drawing.rest()) == [0, 1, 2, 3]
        again = Drawing(draw(pool, samples=4))  # the dead one is left alone for a while
        finish(engines[1].next_job())
        assert indices(again.rest()) == [0, 1, 2, 3]


def test_the_last_node_that_dies_is_an_error_that_names_it(engine: ScriptedEngine) -> None:
    with RunningNode(engine) as node, NodePool([node.address], tuning=Tuning(patience=0.1)) as pool:
        drawing = Drawing(draw(pool, samples=1))
        engine.next_job()
        node.kill()
        (error,) = drawing.rest()
        assert isinstance(error, NodeError)
        assert str(error).startswith(f"model node {node.address} ")


def test_an_engine_that_breaks_once_is_asked_again(pool: NodePool, engine: ScriptedEngine) -> None:
    drawing = Drawing(draw(pool, samples=2))
    job = engine.next_job()
    job.on_sample(sample(0))
    job.on_done(EngineError(ErrorKind.FAILED, "out of memory"))
    job = engine.next_job()
    assert (job.first_sample_index, job.num_samples) == (1, 1)
    job.on_done(EngineError(ErrorKind.FAILED, "out of memory again"))
    (_, answer), error = drawing.rest()
    assert answer.sample_index == 0
    assert isinstance(error, NodeError)
    assert "answered INTERNAL: out of memory again" in str(error)


def test_a_full_queue_is_waited_for(pool: NodePool, engine: ScriptedEngine) -> None:
    engine.refusals.extend(EngineError(ErrorKind.EXHAUSTED, "full") for _ in range(2))
    drawing = Drawing(draw(pool, samples=1))
    finish(engine.next_job())
    assert indices(drawing.rest()) == [0]


def test_a_queue_that_stays_full_ends_with_the_deadline(pool: NodePool, engine: ScriptedEngine) -> None:
    engine.refusals.extend(EngineError(ErrorKind.EXHAUSTED, "full") for _ in range(100))
    assert list(draw(pool, samples=1, seconds=0.6)) == []


def test_a_node_is_not_asked_for_more_than_its_queue_holds(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"kind": "code", "stub": "*", "text": "x"}\n{"kind": "judge", "stub": "*", "score": 0.5}\n')
    with RunningNode(ReplayEngine(file, max_queued=3)) as node, NodePool([node.address]) as pool:
        assert indices(list(draw(pool, samples=8))) == [*range(8)]
        assert pool.judge([question()] * 5, deadline_seconds=PATIENCE) == [0.5] * 5


def test_a_request_the_node_refuses_is_an_error_at_once(pool: NodePool, engine: ScriptedEngine) -> None:
    engine.refusals.append(EngineError(ErrorKind.INVALID, "the prompt has 2000 tokens; shorten it"))
    with pytest.raises(NodeError, match="answered INVALID_ARGUMENT: the prompt has 2000 tokens; shorten it"):
        list(draw(pool, samples=1))


def test_a_question_without_a_line_yields_nothing_and_is_noted(replay: NodePool) -> None:
    known, unknown = question(), question(stub="shop:other")
    got = list(draw(replay, known, unknown, samples=2))
    assert sorted((index, answer.text) for index, answer in got) == [(0, "```\nreturn 1"), (0, "```\nreturn 2")]
    assert replay.exhausted(unknown)
    assert not replay.exhausted(known)


def test_a_question_is_exhausted_only_when_every_node_has_declined(pool: NodePool, engine: ScriptedEngine) -> None:
    other = ScriptedEngine(name="other")
    with RunningNode(engine) as one, RunningNode(other) as two, NodePool([one.address, two.address]) as both:
        engine.refusals.append(EngineError(ErrorKind.NOT_FOUND, "no line"))
        drawing = Drawing(draw(both, samples=1))
        finish(other.next_job())
        assert indices(drawing.rest()) == [0]
        assert not both.exhausted(question())


def test_many_threads_share_one_pool(replay: NodePool) -> None:
    got: queue.Queue[list[int]] = queue.Queue()
    threads = [threading.Thread(target=lambda: got.put(indices(list(draw(replay, samples=9))))) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert [got.get(timeout=PATIENCE) for _ in threads] == [list(range(9))] * 8


def test_the_context_is_that_of_the_smallest_node(pool: NodePool) -> None:
    assert pool.max_context_tokens == 1000
    assert pool.model == "scripted (scripted)"
