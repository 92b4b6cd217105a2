"""What ends a call: the client, its deadline, its budget, a cancel by id."""

from __future__ import annotations

import threading
from typing import Any

import grpc
import pytest
from calling import chat, refused, request
from nodes import PATIENCE, ScriptedEngine, sample

from model_node.v1 import model_node_pb2 as pb


def test_a_client_that_goes_away_stops_the_engine(stub: Any, engine: ScriptedEngine) -> None:
    call = stub.Generate(request("gone"), timeout=PATIENCE)
    engine.next_job().on_sample(sample(0))
    next(call)
    call.cancel()
    assert engine.cancelled.get(timeout=PATIENCE) == "gone"


def test_a_deadline_that_passes_stops_the_engine(stub: Any, engine: ScriptedEngine) -> None:
    error = refused(stub.Generate(request("late"), timeout=0.3))
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert engine.next_job().deadline is not None
    assert engine.cancelled.get(timeout=PATIENCE) == "late"


def test_a_budget_that_is_spent_stops_the_engine_where_the_deadline_is_far(stub: Any, engine: ScriptedEngine) -> None:
    slow = request("slow")
    slow.budget.FromMilliseconds(200)
    error = refused(stub.Generate(slow, timeout=PATIENCE))
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "budget" in error.details()
    assert engine.cancelled.get(timeout=PATIENCE) == "slow"


def test_cancel_by_id_ends_the_call_cancelled(stub: Any, engine: ScriptedEngine) -> None:
    call = stub.Generate(request("one"), timeout=PATIENCE)
    engine.next_job()
    assert stub.Cancel(pb.CancelRequest(request_id="one"), timeout=PATIENCE).found
    assert refused(call).code() is grpc.StatusCode.CANCELLED
    assert not stub.Cancel(pb.CancelRequest(request_id="one"), timeout=PATIENCE).found


@pytest.mark.parametrize("end", ["id", "call", "budget"])
def test_others_are_answered_while_the_engine_reads_a_request_which_can_be_ended(
    stub: Any, engine: ScriptedEngine, end: str
) -> None:
    submit, reads, go_on = engine.submit, threading.Event(), threading.Event()

    def slow(job: Any) -> None:
        reads.set()
        assert go_on.wait(PATIENCE)
        submit(job)

    engine.submit = slow  # type: ignore[method-assign]
    asked = request("long")
    asked.budget.FromMilliseconds(50 if end == "budget" else 100_000)
    call = stub.Generate(asked, timeout=PATIENCE)
    assert reads.wait(PATIENCE)
    assert stub.GetLoad(pb.GetLoadRequest(), timeout=PATIENCE / 2).free_samples == 8
    if end == "budget":
        assert refused(call).code() is grpc.StatusCode.DEADLINE_EXCEEDED
    else:
        assert (
            stub.Cancel(pb.CancelRequest(request_id="long"), timeout=PATIENCE).found if end == "id" else call.cancel()
        )
    go_on.set()
    assert engine.cancelled.get(timeout=PATIENCE) == "long"
    assert refused(call).code() in (grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED)


def test_a_judge_call_that_is_cancelled_stops_the_engine(stub: Any, engine: ScriptedEngine) -> None:
    call = stub.Judge.future(pb.JudgeRequest(request_id="j", prompts=[chat()]), timeout=PATIENCE)
    engine.next_job()
    call.cancel()
    assert engine.cancelled.get(timeout=PATIENCE) == "j"
