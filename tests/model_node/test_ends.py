"""How requests end on the wire: cancelled, late, when the grace is over, beside others, and unread in the log."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from nodes import PATIENCE
from served import Served, refused, request, samples_of, spoil

from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc

Code = grpc.StatusCode
MARKER = "xyzzy-marker"


def by_call(served: Served, call: Any) -> None:
    call.cancel()


def by_id(served: Served, call: Any) -> None:
    assert served.stub.Cancel(pb.CancelRequest(request_id="gone"), timeout=PATIENCE).found


@pytest.mark.parametrize("cancel", [by_call, by_id])
def test_at_most_one_step_begins_after_a_cancel(served: Served, cancel: Callable[[Served, Any], None]) -> None:
    engine, steps, seen, begun = served.engine, [], [], threading.Event()
    step, told = engine._batch.step, engine.cancel

    def counted_step() -> int:
        steps.append(0)
        begun.set()
        return step()

    engine._batch.step = counted_step  # type: ignore[method-assign]

    def noted(request_id: str) -> bool:
        found = told(request_id)
        seen.append(len(steps))
        return found

    engine.cancel = noted  # type: ignore[method-assign]
    call = served.ask(name="gone", samples=4, tokens=480)
    assert begun.wait(PATIENCE)
    cancel(served, call)
    with pytest.raises(grpc.RpcError):
        list(call)
    served.ended(1)
    assert served.load() == (0, 0)
    assert len(steps) - seen[0] <= 1
    assert len(steps) < 480


@pytest.mark.parametrize("bound", ["budget", "deadline"])
def test_time_that_is_up_frees_the_rows(served: Served, bound: str) -> None:
    asked = request("yes", "late", samples=4, tokens=480)
    if bound == "budget":
        asked.budget.FromMilliseconds(150)
    call = served.stub.Generate(asked, timeout=PATIENCE if bound == "budget" else 0.15)
    with pytest.raises(grpc.RpcError) as caught:
        list(call)
    assert caught.value.code() is Code.DEADLINE_EXCEEDED
    served.ended(1)
    assert served.load() == (0, 0)
    served.still_works()


def test_no_word_of_prompt_or_answer_is_logged_at_any_level(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    answers = samples_of(served.ask(MARKER, "fine", tokens=40))
    spoil(served.engine, row=0, at_step=1)
    samples_of(served.ask(MARKER, "nan"))
    served.engine._batch._forward = lambda: 1 / 0  # type: ignore[method-assign,assignment,return-value]
    refused(served.ask(MARKER, "broken"), Code.INTERNAL)
    refused(served.ask(MARKER * 600, "long"), Code.INVALID_ARGUMENT)
    refused(served.ask(MARKER, "many", samples=5000), Code.INVALID_ARGUMENT)
    chat = pb.Chat(messages=[pb.ChatMessage(role=pb.ROLE_USER, text=MARKER)], assistant_prefix=MARKER)
    asked = pb.JudgeRequest(request_id="judge", prompts=[pb.Prompt(chat=chat)])
    served.stub.Judge(asked, timeout=PATIENCE)
    scored = pb.ScoreRequest(request_id="score", prompt=pb.Prompt(chat=chat), continuations=[MARKER])
    served.stub.Score(scored, timeout=PATIENCE)
    served.load()  # the loop has been round: the lines are written
    log = "\n".join(f"{record.getMessage()}\n{record.exc_text}" for record in caplog.records)
    assert log.count("status=INTERNAL") == 1
    assert "status=INVALID_ARGUMENT" in log
    assert "ZeroDivisionError" in log
    for text in (MARKER, *(text.strip() for text in answers.values())):
        assert text not in log


def test_what_still_runs_when_the_grace_is_over_is_told_so(serve: Callable[..., Served]) -> None:
    served = serve(max_batch=2, grace_seconds=0.0)
    calls = [served.ask(name=str(number), tokens=480) for number in range(6)]
    served.arrived(6)
    end = served.node.drain()
    for call in calls:
        assert "is shutting down" in refused(call, Code.UNAVAILABLE)
    end.result(PATIENCE)
    served.ended(6)


def test_a_small_request_of_one_client_ends_before_the_big_one_of_another(serve: Callable[..., Served]) -> None:
    served = serve(max_batch=4)
    options = [("grpc.use_local_subchannel_pool", 1)]  # a connection of its own, as another process has
    with grpc.insecure_channel(served.node.address, options=options) as channel:
        big = served.ask(name="big", samples=1000, tokens=100)
        next(big)  # it runs, and all rows are its own
        asked = request("no", "small", samples=2, tokens=10)
        small = pb_grpc.ModelNodeStub(channel).Generate(asked, timeout=PATIENCE)
        assert len(samples_of(small)) == 2
        assert big.is_active()
        assert served.load()[1] > 700
        big.cancel()
