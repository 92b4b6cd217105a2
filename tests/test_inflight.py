"""Questions under way: whatever ends one, the search hears of it."""

from __future__ import annotations

import threading

import pytest
from fakes import Answers
from nodes import PATIENCE, RunningNode, ScriptedEngine, question, sample

from pytest_supercharger.client import NodePool
from pytest_supercharger.domain import Question, QuestionKind
from pytest_supercharger.errors import NodeError
from pytest_supercharger.inflight import Requests

QUESTION = Question(
    kind=QuestionKind.CODE, stub_id="m:f", system="", user="", assistant_prefix="", max_new_tokens=1, temperature=0.8
)


class Closed:
    """What a pool of nodes does once its channels are closed under it."""

    def generate(self, questions, *, samples, first_sample=0, deadline_seconds):
        return Answers(self._raise())

    def _raise(self):
        raise ValueError("Cannot invoke RPC on closed channel!")
        yield

    def exhausted(self, question):
        return False


def test_an_error_nobody_foresaw_ends_the_request():
    requests = Requests(Closed())
    requests.launch(QUESTION, 3, 60.0)
    arrival = requests.next(60.0)
    requests.close()
    assert arrival is not None
    assert arrival.answer is None
    assert isinstance(arrival.error, NodeError)
    assert "asking about m:f failed (ValueError: Cannot invoke RPC on closed channel!)" in str(arrival.error)


@pytest.fixture
def engine():
    return ScriptedEngine()


@pytest.fixture
def pool(engine):
    with RunningNode(engine) as node, NodePool([node.address]) as pool:
        yield pool


def test_closing_cancels_on_the_node_what_no_further_answer_ends(pool, engine):
    requests = Requests(pool)
    requests.launch(question(), 2, 10 * PATIENCE)
    requests.launch(question(QuestionKind.TEST), 4, 10 * PATIENCE)
    jobs = [engine.next_job(), engine.next_job()]
    jobs[0].on_sample(sample(0))
    assert requests.next(PATIENCE).answer is not None
    closing = threading.Thread(target=requests.close, daemon=True)
    closing.start()
    assert {engine.cancelled.get(timeout=PATIENCE) for _ in jobs} == {job.request_id for job in jobs}
    closing.join(PATIENCE)
    assert not closing.is_alive()


def test_a_request_that_is_launched_and_closed_at_once_asks_nothing_for_long(pool, engine):
    requests = Requests(pool)
    requests.launch(question(), 2, PATIENCE)
    requests.close()
    after = Requests(pool)
    after.launch(question(stub="m:g"), 1, PATIENCE)
    job = engine.next_job()
    while job.prompts[0].subject != "m:g":
        job = engine.next_job()
    job.on_sample(sample(0))
    assert after.next(PATIENCE).answer is not None
    after.close()
