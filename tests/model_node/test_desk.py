"""One queue for samples and questions, which one client cannot close to the others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from test_scheduler import job

from model_node.engine.base import EngineError, ErrorKind, JudgeJob, Judgement, Prompt
from model_node.engine.desk import Desk
from model_node.engine.questions import Question

Enter = Callable[[Desk, str, int], None]


def generate(desk: Desk, client: str, size: int) -> None:
    groups = job(client, size)
    desk.submit(groups[0].running, groups)


def judge(desk: Desk, client: str, size: int) -> None:
    asked = JudgeJob(
        request_id=f"judge {client} {size}", prompts=(Prompt(text="x"),) * size, client=client, on_done=lambda _: None
    )
    desk.ask(Question[Judgement](job=asked, on_done=asked.on_done, answer=lambda _: Judgement(score=1), submitted=0.0))


@pytest.fixture
def desk() -> Desk:
    desk = Desk(8)
    desk.open()
    return desk


@pytest.mark.parametrize("first", [generate, judge])
@pytest.mark.parametrize("then", [generate, judge])
def test_a_full_queue_has_room_for_clients_that_have_nothing_in_it(desk: Desk, first: Enter, then: Enter) -> None:
    first(desk, "greedy", 8)
    for client, size in (("greedy", 1), ("other", 3)):
        with pytest.raises(EngineError, match="the queue holds 8 of 8 samples") as refused:
            then(desk, client, size)
        assert refused.value.kind is ErrorKind.EXHAUSTED
    then(desk, "other", 2)
    assert desk.queued == 10


def test_an_empty_queue_takes_no_more_than_it_holds(desk: Desk) -> None:
    with pytest.raises(EngineError, match="the queue holds 0 of 8 samples and 9 more do not fit"):
        generate(desk, "first", 9)


def test_what_runs_is_not_in_the_queue(desk: Desk) -> None:
    generate(desk, "runs", 1)
    found = desk.next_group(1)
    assert found is not None
    desk.take(found[0], 1)
    generate(desk, "greedy", 8)
    judge(desk, "runs", 2)
    assert desk.queued == 10
