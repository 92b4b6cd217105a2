"""One question to a node: its answers as they end, its cancel, its deadline."""

from __future__ import annotations

import itertools

import pytest
from drawing import Drawing, draw, finish, indices
from nodes import PATIENCE, ScriptedEngine, question, sample

from model_node.convert import sample_event
from model_node.engine.base import FinishReason, Usage
from pytest_supercharger.client import NodePool
from pytest_supercharger.domain import Answer, Priority, Question, QuestionKind
from pytest_supercharger.domain import FinishReason as Reason
from pytest_supercharger.wire import answer_of


@pytest.mark.parametrize("reason", FinishReason)
def test_every_finish_reason_means_the_same_on_both_sides(reason: FinishReason) -> None:
    assert answer_of(sample_event(sample(0, reason=reason)).sample).finish_reason.value == reason.value


def test_an_answer_comes_the_moment_it_ends(pool: NodePool, engine: ScriptedEngine) -> None:
    drawing = Drawing(draw(pool, samples=2))
    job = engine.next_job()
    job.on_sample(sample(1, "first"))
    model = "digest-of-scripted"
    expected = Answer(text="first", finish_reason=Reason.EOS, sample_index=1, num_tokens=2, model=model)
    assert drawing.next() == (0, expected)
    job.on_sample(sample(0, "second", reason=FinishReason.LENGTH))
    index, answer = drawing.next()
    assert (index, answer.text, answer.finish_reason) == (0, "second", Reason.LENGTH)
    job.on_done(Usage())
    assert drawing.rest() == []


def test_the_node_gets_the_question_as_it_is(pool: NodePool, engine: ScriptedEngine) -> None:
    asked = Question(
        kind=QuestionKind.REPAIR,
        stub_id="shop:Cart.total",
        system="system",
        user="user \ud800",
        assistant_prefix="```python\n",
        max_new_tokens=77,
        temperature=0.25,
        top_p=0.5,
        stop=("```",),
        seed=9,
        priority=Priority.REPAIR,
    )
    drawing = Drawing(draw(pool, asked, samples=3, first_sample=10))
    job = engine.next_job()
    (prompt,) = job.prompts
    assert [(turn.role, turn.text) for turn in prompt.messages] == [("system", "system"), ("user", "user ?")]
    assert (prompt.assistant_prefix, prompt.kind, prompt.subject) == ("```python\n", "repair", "shop:Cart.total")
    assert job.priority == 1
    params = job.params
    assert (params.max_new_tokens, params.temperature, params.top_p, params.stop, params.seed) == (
        77,
        0.25,
        0.5,
        ("```",),
        9,
    )
    assert (job.first_sample_index, job.num_samples) == (10, 3)
    finish(job)
    assert indices(drawing.rest()) == [10, 11, 12]


def test_answers_name_their_question(pool: NodePool, engine: ScriptedEngine) -> None:
    drawing = Drawing(draw(pool, question(stub="m:f"), question(stub="m:g"), samples=1))
    for _ in range(2):
        job = engine.next_job()
        job.on_sample(sample(0, job.prompts[0].subject))
        job.on_done(Usage())
    assert sorted((index, answer.text) for index, answer in drawing.rest()) == [(0, "m:f"), (1, "m:g")]


def test_leaving_the_loop_cancels_the_rest_on_the_node(pool: NodePool, engine: ScriptedEngine) -> None:
    answers = draw(pool, question(stub="m:f"), question(stub="m:g"), samples=2)
    first = Drawing(itertools.islice(answers, 1))
    jobs = [engine.next_job(), engine.next_job()]
    jobs[0].on_sample(sample(0))
    first.next()
    answers.close()
    assert {engine.cancelled.get(timeout=PATIENCE) for _ in jobs} == {job.request_id for job in jobs}


def test_a_cancel_from_another_thread_ends_an_iteration_that_waits(pool: NodePool, engine: ScriptedEngine) -> None:
    answers = draw(pool, samples=2)
    drawing = Drawing(answers)
    job = engine.next_job()
    answers.cancel()
    assert drawing.rest() == []
    assert engine.cancelled.get(timeout=PATIENCE) == job.request_id


def test_a_cancel_before_the_first_answer_is_asked_for_asks_nothing(pool: NodePool) -> None:
    answers = draw(pool, samples=2)
    answers.cancel()
    assert list(answers) == []


def test_a_deadline_that_passes_ends_the_answers_and_the_work(pool: NodePool, engine: ScriptedEngine) -> None:
    drawing = Drawing(draw(pool, samples=2, seconds=0.5))
    job = engine.next_job()
    job.on_sample(sample(0))
    assert indices(drawing.rest()) == [0]
    assert engine.cancelled.get(timeout=PATIENCE) == job.request_id


def test_nothing_is_asked_after_the_deadline(pool: NodePool) -> None:
    assert list(draw(pool, samples=2, seconds=0.0)) == []


def test_torsos_and_repeated_samples_are_not_answers(pool: NodePool, engine: ScriptedEngine) -> None:
    drawing = Drawing(draw(pool, samples=2))
    job = engine.next_job()
    job.on_sample(sample(0, "whole"))
    job.on_sample(sample(0, "twice"))
    job.on_sample(sample(1, "torso", reason=FinishReason.CANCELLED))
    job.on_done(Usage())
    job = engine.next_job()
    assert (job.first_sample_index, job.num_samples) == (1, 1)
    finish(job)
    assert sorted(answer.text for _, answer in drawing.rest()) == ["answer 1", "whole"]
