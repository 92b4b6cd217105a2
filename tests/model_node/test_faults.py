"""What a client on the wire gets when something breaks under a real engine, and that the node goes on."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
import torch
from grpc_health.v1 import health_pb2
from nodes import PATIENCE
from served import Hold, Served, refused, request, samples_of, spoil

from model_node.server import SERVICE
from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc

ROOT = Path(__file__).resolve().parents[2]
Code = grpc.StatusCode


def test_memory_that_runs_out_in_mid_batch_costs_no_sample(serve: Callable[..., Served]) -> None:
    served = serve(max_batch=4)
    expected = samples_of(served.ask(samples=4))
    forward, steps = served.engine._batch._forward, []

    def out_of_memory_once() -> torch.Tensor:
        steps.append(len(served.engine._batch.rows))
        if len(steps) == 3:
            raise torch.OutOfMemoryError("no memory left")
        return forward()

    served.engine._batch._forward = out_of_memory_once  # type: ignore[method-assign]
    assert samples_of(served.ask(samples=4)) == expected
    assert served.stub.GetInfo(pb.GetInfoRequest(), timeout=PATIENCE).max_batch_samples == 2
    served.still_works()


def test_nan_in_one_row_ends_that_sample_and_the_other_rows_go_on(served: Served) -> None:
    expected = samples_of(served.ask(name="alone", samples=3))
    with Hold(served.engine) as hold:
        bad = served.ask("no", "bad", samples=2)
        hold.reached()
        good = served.ask(name="good", samples=3)
        served.arrived(3)  # `alone` and both of them: they begin in one turn
        steps = spoil(served.engine, row=1, at_step=4)
    ended = [event.sample for event in bad if event.HasField("sample")]
    (sick,) = [sample for sample in ended if sample.finish_reason == pb.FINISH_REASON_ERROR]
    assert (sick.sample_index, sick.text) == (1, "")
    assert "NaN after 4 tokens; ask again" in sick.error
    assert len(ended) == 2
    assert samples_of(good) == expected
    assert steps[3:5] == [5, 4]
    served.still_works()


def test_a_prompt_that_gives_nan_is_not_kept(served: Served) -> None:
    store, model = served.engine._store, served.engine._loaded.model
    tokens = served.engine._encoder.text("yes", special=True)
    hook = model.lm_head.register_forward_hook(lambda *args: args[2] * float("nan"))
    assert set(samples_of(served.ask()).values()) == {""}
    judged = pb.JudgeRequest(request_id="j", prompts=[pb.Prompt(text="yes")])
    assert "NaN" in refused(lambda: served.stub.Judge(judged, timeout=PATIENCE), Code.INTERNAL)
    hook.remove()
    assert tokens not in store._kept
    assert len(served.stub.Judge(judged, timeout=PATIENCE).judgements) == 1
    asked = pb.ScoreRequest(request_id="s", prompt=pb.Prompt(text="yes"), continuations=["no no no"])
    hook = model.lm_head.register_forward_hook(lambda *args: args[2] * float("nan"))  # the prompt is kept by now
    said = refused(lambda: served.stub.Score(asked, timeout=PATIENCE), Code.INTERNAL)
    assert "NaN" in said
    hook.remove()
    served.still_works()


def test_a_dead_engine_thread_ends_all_requests_and_takes_none(served: Served) -> None:
    watch = served.health.Watch(health_pb2.HealthCheckRequest(service=SERVICE), timeout=PATIENCE)
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    with Hold(served.engine) as hold:
        calls = [served.ask(name="first")]
        hold.reached()
        calls += [served.ask(name=name) for name in ("second", "third")]
        judged = pb.JudgeRequest(request_id="j", prompts=[pb.Prompt(text="yes")])
        judge = served.stub.Judge.future(judged, timeout=PATIENCE)
        served.arrived(4)
        served.engine._expire = sys.exit  # type: ignore[assignment]
    for call in calls:
        text = refused(call, Code.UNAVAILABLE)
        assert text.startswith("the node has lost its engine (SystemExit) and stops; see its log, start it again")
    refused(judge.result, Code.UNAVAILABLE)
    assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
    assert "has lost its engine" in refused(served.ask(name="late"), Code.UNAVAILABLE)


def test_a_node_whose_engine_dies_ends_with_a_status_of_its_own(tiny_folder: Path) -> None:
    breaks = "from model_node.engine.local import LocalEngine; LocalEngine._step = lambda engine: sys.exit(7)"
    code = f"import sys; {breaks}; from model_node.__main__ import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "--model", str(tiny_folder), "--port", "0", "--device", "cpu"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().removeprefix("listening on ").strip()
        with grpc.insecure_channel(address) as channel:
            asked = request("yes", "r", samples=1, tokens=8)
            refused(pb_grpc.ModelNodeStub(channel).Generate(asked, timeout=PATIENCE), Code.UNAVAILABLE)
        _, err = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 1
    assert err.splitlines()[-1].startswith("supercharger-node: the node has lost its engine (SystemExit) and stops;")


def test_a_full_queue_is_refused_with_a_hint_when_to_ask_again(serve: Callable[..., Served]) -> None:
    served = serve(max_queued=3)
    with Hold(served.engine) as hold:
        first = served.ask(name="first", samples=2)
        hold.reached()
        late = served.ask(name="late", samples=2)
        text = refused(late, Code.RESOURCE_EXHAUSTED)
        assert text == "the queue holds 2 of 3 samples and 2 more do not fit; ask again later"
        assert int(dict(late.trailing_metadata())["retry-after-ms"]) > 0
    assert len(samples_of(first)) == 2
    served.still_works()


def test_questions_count_in_the_queue_too(serve: Callable[..., Served]) -> None:
    served = serve(max_queued=4)
    yes = pb.Prompt(text="yes")
    with grpc.insecure_channel(served.node.address, (("grpc.use_local_subchannel_pool", 1),)) as channel:
        other = pb_grpc.ModelNodeStub(channel)
        with Hold(served.engine) as hold:
            first = served.ask(name="first", samples=1)
            hold.reached()
            judged = served.stub.Judge.future(pb.JudgeRequest(request_id="j", prompts=[yes] * 3), timeout=PATIENCE)
            served.arrived(2)
            assert served.load()[1] == 4
            late = served.stub.Judge.future(pb.JudgeRequest(request_id="late", prompts=[yes]), timeout=PATIENCE)
            text = refused(late.result, Code.RESOURCE_EXHAUSTED)
            assert text == "the queue holds 4 of 4 samples and 1 more do not fit; ask again later"
            assert int(dict(late.trailing_metadata())["retry-after-ms"]) > 0
            heard = other.Judge.future(pb.JudgeRequest(request_id="other", prompts=[yes]), timeout=PATIENCE)
            served.arrived(1)  # a quarter more is there for clients with nothing in the queue
        assert len(judged.result(PATIENCE).judgements) == 3
        assert len(heard.result(PATIENCE).judgements) == 1
        assert len(samples_of(first)) == 1
    served.still_works()


def test_a_prompt_longer_than_the_context_is_refused(served: Served) -> None:
    long = [pb.Prompt(text="no " * 600)]
    for call in (
        served.ask("no " * 600),
        lambda: served.stub.Judge(pb.JudgeRequest(request_id="j", prompts=long), timeout=PATIENCE),
        lambda: served.stub.Score(
            pb.ScoreRequest(request_id="s", prompt=long[0], continuations=["x"]), timeout=PATIENCE
        ),
    ):
        text = refused(call, Code.INVALID_ARGUMENT)
        assert re.match(r"a prompt has \d+ tokens, but the context holds 512; shorten it", text)
    served.still_works()


def test_a_request_of_100_megabytes_is_refused_and_the_connection_stays(served: Served) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        list(served.ask("x" * 100_000_000))
    assert caught.value.code() is Code.RESOURCE_EXHAUSTED
    assert "larger than max (100000" in caught.value.details()
    assert "retry-after-ms" not in dict(caught.value.trailing_metadata())
    served.still_works()
