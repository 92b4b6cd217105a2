"""Questions under way: whatever ends one, the search hears of it."""

from __future__ import annotations

from pytest_supercharger.domain import Question, QuestionKind
from pytest_supercharger.errors import NodeError
from pytest_supercharger.inflight import Requests

QUESTION = Question(kind=QuestionKind.CODE, stub_id="m:f", system="", user="", assistant_prefix="", max_new_tokens=1)


class Closed:
    """What a pool of nodes does once its channels are closed under it."""

    def generate(self, questions, *, samples, first_sample=0, deadline_seconds):
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
