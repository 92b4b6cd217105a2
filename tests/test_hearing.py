"""What the judge says, as far as it is a probability."""

from __future__ import annotations

import math

import pytest

from pytest_supercharger.domain import Question, QuestionKind
from pytest_supercharger.errors import NodeError
from pytest_supercharger.hearing import hear

QUESTION = Question(
    kind=QuestionKind.JUDGE,
    stub_id="m:f",
    system="",
    user="Is it right?",
    assistant_prefix="",
    max_new_tokens=1,
    temperature=0.0,
)


class Judge:
    def __init__(self, scores):
        self.scores = scores

    def judge(self, questions, *, deadline_seconds):
        if self.scores is None:
            raise NodeError("gone")
        return self.scores


@pytest.mark.parametrize(
    ("scores", "heard"),
    [
        ([0.25], 0.25),
        ([0.0], 0.0),
        ([1.0], 1.0),
        ([math.nan], None),
        ([math.inf], None),
        ([-0.5], None),
        ([1.5], None),
        ([], None),
        ([0.2, 0.3], None),
        (None, None),
    ],
)
def test_only_one_probability_is_heard(scores, heard):
    assert hear(Judge(scores), QUESTION) == heard
