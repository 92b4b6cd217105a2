"""What a client on the wire sees of a node: streaming, statuses, cancellation, health, who may ask."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from nodes import PATIENCE, RunningNode, ScriptedEngine, sample

from model_node.engine.base import EngineError, ErrorKind, Judgement, Load, ScoredContinuation, Usage
from model_node.engine.replay import ReplayEngine
from model_node.server import SERVICE
from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def node(engine: ScriptedEngine) -> Iterator[RunningNode]:
    with RunningNode(engine) as node:
        yield node


@pytest.fixture
def channel(node: RunningNode) -> Iterator[Any]:
    with grpc.insecure_channel(node.address) as channel:
        yield channel


@pytest.fixture
def stub(channel: Any) -> Any:
    return pb_grpc.ModelNodeStub(channel)


def chat(text: str = "Write total.", kind: str = "code") -> pb.Prompt:
    messages = [pb.ChatMessage(role=pb.ROLE_USER, text=text)]
    return pb.Prompt(chat=pb.Chat(messages=messages), kind=kind, subject="shop:total")


def request(request_id: str = "r", *, samples: int = 2, **more: Any) -> pb.GenerateRequest:
    params = more.pop("params", pb.SamplingParams(max_new_tokens=8))
    prompts = more.pop("prompts", [chat()])
    return pb.GenerateRequest(request_id=request_id, prompts=prompts, num_samples=samples, params=params, **more)


def refused(call: Any) -> Any:
    with pytest.raises(grpc.RpcError) as caught:
        list(call) if hasattr(call, "__iter__") else call()
    return caught.value


def test_samples_come_in_the_order_in_which_they_end_and_usage_last(stub: Any, engine: ScriptedEngine) -> None:
    events = iter(stub.Generate(request(), timeout=PATIENCE))
    job = engine.next_job()
    job.on_sample(sample(1, "short"))
    assert next(events).sample.text == "short"  # on the wire before the other one has ended
    job.on_sample(sample(0, "long"))
    assert next(events).sample.sample_index == 0
    job.on_done(Usage(completion_tokens=7, queue_seconds=1.5))
    usage = next(events).usage
    assert (usage.completion_tokens, usage.queue_time.ToTimedelta().total_seconds()) == (7, 1.5)
    assert list(events) == []


def test_the_engine_gets_what_the_request_says(stub: Any, engine: ScriptedEngine) -> None:
    params = pb.SamplingParams(max_new_tokens=8, temperature=0.0, stop=["END"], seed=3)
    messages = [pb.ChatMessage(role=pb.ROLE_SYSTEM, text="s"), pb.ChatMessage(role=pb.ROLE_USER, text="u")]
    prompt = pb.Prompt(chat=pb.Chat(messages=messages, assistant_prefix="```"), kind="test", subject="m:f")
    call = stub.Generate(request(params=params, prompts=[prompt], first_sample_index=5, priority=2), timeout=PATIENCE)
    job = engine.next_job()
    assert (job.num_samples, job.first_sample_index, job.priority) == (2, 5, 2)
    assert (job.params.temperature, job.params.stop, job.params.seed, job.params.top_p) == (0.0, ("END",), 3, 0.95)
    assert [(message.role, message.text) for message in job.prompts[0].messages] == [("system", "s"), ("user", "u")]
    assert (job.prompts[0].assistant_prefix, job.prompts[0].kind, job.prompts[0].subject) == ("```", "test", "m:f")
    call.cancel()


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


def test_who_watches_the_requests_changes_none(engine: ScriptedEngine) -> None:
    def broken(request: Any) -> None:
        raise RuntimeError("of a listener")

    with RunningNode(engine) as node, grpc.insecure_channel(node.address) as channel:
        node._server._service._listeners = [broken]
        call = pb_grpc.ModelNodeStub(channel).Generate(request(), timeout=PATIENCE)
        engine.next_job().on_done(Usage())
        assert [event.WhichOneof("event") for event in call] == ["usage"]


def test_an_id_that_still_runs_is_refused_and_free_again_afterwards(stub: Any, engine: ScriptedEngine) -> None:
    first = stub.Generate(request("same"), timeout=PATIENCE)
    job = engine.next_job()
    assert refused(stub.Generate(request("same"), timeout=PATIENCE)).code() is grpc.StatusCode.ALREADY_EXISTS
    job.on_done(Usage())
    list(first)
    again = stub.Generate(request("same"), timeout=PATIENCE)
    engine.next_job().on_done(Usage())
    list(again)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ErrorKind.INVALID, grpc.StatusCode.INVALID_ARGUMENT),
        (ErrorKind.NOT_FOUND, grpc.StatusCode.NOT_FOUND),
        (ErrorKind.CANCELLED, grpc.StatusCode.CANCELLED),
        (ErrorKind.DEADLINE, grpc.StatusCode.DEADLINE_EXCEEDED),
        (ErrorKind.EXHAUSTED, grpc.StatusCode.RESOURCE_EXHAUSTED),
        (ErrorKind.FAILED, grpc.StatusCode.INTERNAL),
    ],
)
def test_each_engine_error_has_its_status(
    stub: Any, engine: ScriptedEngine, kind: ErrorKind, code: grpc.StatusCode
) -> None:
    engine.refusals.append(EngineError(kind, "at once"))
    error = refused(stub.Generate(request("a"), timeout=PATIENCE))
    assert (error.code(), error.details()) == (code, "at once")
    call = stub.Generate(request("b"), timeout=PATIENCE)
    engine.next_job().on_done(EngineError(kind, "later"))
    error = refused(call)
    assert (error.code(), error.details()) == (code, "later")
    assert ("retry-after-ms" in dict(error.trailing_metadata())) == (kind is ErrorKind.EXHAUSTED)
    assert engine.cancelled.empty()  # it has already ended


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (request(""), "request_id is empty"),
        (request(samples=0), "num_samples is 0"),
        (request(samples=65), "asks for 65 samples, the queue holds 64"),
        (request(first_sample_index=2**32 - 1), "the last sample would have index 4294967296"),
        (request(prompts=[]), "0 prompts"),
        (request(prompts=[pb.Prompt()]), "prompt 0 is empty"),
        (request(prompts=[chat(), pb.Prompt(chat=pb.Chat())]), "prompt 1 is empty"),
        (request(prompts=[pb.Prompt(chat=pb.Chat(messages=[pb.ChatMessage(text="x")]))]), "role 0"),
        (request(params=pb.SamplingParams()), "max_new_tokens is 0"),
        (request(params=pb.SamplingParams(max_new_tokens=1, temperature=-1)), "temperature is -1"),
        (request(params=pb.SamplingParams(max_new_tokens=1, temperature=float("nan"))), "temperature is nan"),
        (request(params=pb.SamplingParams(max_new_tokens=1, top_p=0)), "top_p is 0"),
        (request(params=pb.SamplingParams(max_new_tokens=1, top_p=1.5)), "top_p is 1.5"),
        (request(params=pb.SamplingParams(max_new_tokens=1, stop=[""])), "an empty one"),
        (request(budget={"seconds": -1}), "budget is -1 seconds"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(stub: Any, bad: pb.GenerateRequest, words: str) -> None:
    error = refused(stub.Generate(bad, timeout=PATIENCE))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert words in error.details()
    assert ";" in error.details()  # the next step


def test_who_finds_the_queue_full_is_told_to_come_when_there_is_room(
    stub: Any, engine: ScriptedEngine, node: RunningNode
) -> None:
    engine.load = lambda: Load(queued_samples=64)  # type: ignore[method-assign]
    engine.refusals.append(EngineError(ErrorKind.EXHAUSTED, "full"))
    error = refused(stub.Generate(request("none has ended"), timeout=PATIENCE))
    first = dict(error.trailing_metadata())["retry-after-ms"]
    call = stub.Generate(request("runs"), timeout=PATIENCE)
    engine.next_job()
    node._server._service._pace.ended(time.monotonic() - 31.5, samples=64)  # two a second
    engine.refusals.append(EngineError(ErrorKind.EXHAUSTED, "full"))
    error = refused(stub.Generate(request("late", samples=3), timeout=PATIENCE))
    assert first == "250"
    assert int(dict(error.trailing_metadata())["retry-after-ms"]) >= 1500
    call.cancel()


def test_more_questions_than_the_queue_holds_are_refused_for_good(stub: Any) -> None:
    asked = pb.JudgeRequest(request_id="j", prompts=[chat()] * 65)
    error = refused(lambda: stub.Judge(asked, timeout=PATIENCE))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    asked = pb.ScoreRequest(request_id="s", prompt=chat(), continuations=["a"] * 65)
    error = refused(lambda: stub.Score(asked, timeout=PATIENCE))
    assert error.details() == "the request asks for 65 samples, the queue holds 64; split the request"


def test_another_model_than_expected_is_a_failed_precondition(stub: Any, engine: ScriptedEngine) -> None:
    error = refused(stub.Generate(request(expected_model_digest="sha256:other"), timeout=PATIENCE))
    assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "digest-of-scripted, not sha256:other" in error.details()
    call = stub.Generate(request(expected_model_digest="digest-of-scripted"), timeout=PATIENCE)
    engine.next_job().on_done(Usage())
    list(call)


def test_judgements_come_in_the_order_of_the_prompts(stub: Any, engine: ScriptedEngine) -> None:
    asked = pb.JudgeRequest(request_id="j", prompts=[chat(), chat()], digits=pb.DigitScale(min=0, max=9))
    answer = stub.Judge.future(asked, timeout=PATIENCE)
    job = engine.next_job()
    assert job.digits == (0, 9)
    low, high = Judgement(score=0.1, answer_mass=0.5), Judgement(score=0.9, answer_mass=0.8, calibrated=True)
    job.on_done(((low, high), Usage(prompt_tokens=3)))
    response = answer.result(PATIENCE)
    assert [(item.score, item.calibrated) for item in response.judgements] == [(0.1, False), (0.9, True)]
    assert response.usage.prompt_tokens == 3


def test_a_judge_call_that_is_cancelled_stops_the_engine(stub: Any, engine: ScriptedEngine) -> None:
    call = stub.Judge.future(pb.JudgeRequest(request_id="j", prompts=[chat()]), timeout=PATIENCE)
    engine.next_job()
    call.cancel()
    assert engine.cancelled.get(timeout=PATIENCE) == "j"


def test_scores_come_in_the_order_of_the_continuations(stub: Any, engine: ScriptedEngine) -> None:
    asked = pb.ScoreRequest(request_id="s", prompt=chat(), continuations=["a", "b"])
    answer = stub.Score.future(asked, timeout=PATIENCE)
    job = engine.next_job()
    assert job.continuations == ("a", "b")
    scores = tuple(ScoredContinuation(sum_logprob=-float(number), num_tokens=number) for number in (1, 2))
    job.on_done((scores, Usage()))
    assert [item.sum_logprob for item in answer.result(PATIENCE).scores] == [-1.0, -2.0]


def test_info_and_load_are_those_of_the_engine(stub: Any) -> None:
    info = stub.GetInfo(pb.GetInfoRequest(), timeout=PATIENCE)
    assert (info.model_id, info.backend, info.max_context_tokens) == ("scripted", "scripted", 1000)
    assert info.node_id
    assert info.node_id == stub.GetInfo(pb.GetInfoRequest(), timeout=PATIENCE).node_id
    assert stub.GetLoad(pb.GetLoadRequest(), timeout=PATIENCE).free_samples == 8


def test_text_that_is_no_unicode_does_not_break_the_stream(stub: Any, engine: ScriptedEngine) -> None:
    call = stub.Generate(request(), timeout=PATIENCE)
    job = engine.next_job()
    job.on_sample(sample(0, "a\ud800b"))
    job.on_done(Usage())
    assert next(call).sample.text == "a?b"


def test_messages_of_megabytes_pass_and_larger_ones_do_not(stub: Any, engine: ScriptedEngine) -> None:
    call = stub.Generate(request(prompts=[chat("x" * 8_000_000)]), timeout=PATIENCE)
    assert len(engine.next_job().prompts[0].messages[0].text) == 8_000_000
    call.cancel()
    error = refused(stub.Generate(request(prompts=[chat("x" * 17_000_000)]), timeout=PATIENCE))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "retry-after-ms" not in dict(error.trailing_metadata())


def test_one_line_a_request_is_logged_without_a_word_of_the_prompt(
    stub: Any, engine: ScriptedEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "model_node")
    prompt = chat("SECRET")
    prompt.subject = "shop:total\n\x1b[31mforged"
    call = stub.Generate(request(prompts=[prompt]), timeout=PATIENCE)
    job = engine.next_job()
    job.on_sample(sample(0, "SECRET ANSWER"))
    job.on_done(Usage(completion_tokens=2))
    list(call)
    stub.GetInfo(pb.GetInfoRequest(), timeout=PATIENCE)  # the loop has been round: the line is written
    (line,) = [record.getMessage() for record in caplog.records if record.name == "model_node"]
    assert line.startswith("generate kind=code subject=shop:total??[31mforged prompts=1 samples=1/2 tokens=2 seconds=")
    assert " status=OK p50=" in line


def test_refused_requests_do_not_count_as_fast_ones(
    stub: Any, engine: ScriptedEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "model_node")
    engine.refusals += [EngineError(ErrorKind.EXHAUSTED, "full")] * 3
    for number in range(3):
        refused(stub.Generate(request(f"refused {number}"), timeout=PATIENCE))
    slow = request("slow")
    slow.budget.FromMilliseconds(200)
    refused(stub.Generate(slow, timeout=PATIENCE))
    stub.GetInfo(pb.GetInfoRequest(), timeout=PATIENCE)
    lines = [record.getMessage() for record in caplog.records if record.name == "model_node"]
    assert [line.partition(" p50=")[2][:4] for line in lines[:3]] == ["0.00"] * 3
    assert float(lines[3].partition(" p50=")[2][:4]) >= 0.2


def test_health_is_not_serving_while_loading_and_draining(engine: ScriptedEngine) -> None:
    node = RunningNode(engine)
    node.open()
    with grpc.insecure_channel(node.address) as channel:
        health, stub = health_pb2_grpc.HealthStub(channel), pb_grpc.ModelNodeStub(channel)
        asked = health_pb2.HealthCheckRequest(service=SERVICE)
        watch = health.Watch(asked, timeout=PATIENCE)
        assert next(watch).status == NOT_SERVING
        error = refused(lambda: stub.GetInfo(pb.GetInfoRequest(), timeout=PATIENCE))
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert "loading" in error.details()
        node.serve()
        assert next(watch).status == SERVING
        assert health.Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE).status == SERVING
        running = stub.Generate(request("last"), timeout=PATIENCE)
        job = engine.next_job()
        end = node.drain()
        assert next(watch).status == NOT_SERVING
        error = refused(stub.Generate(request("new"), timeout=PATIENCE))
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert "shutting down" in error.details()
        assert stub.GetLoad(pb.GetLoadRequest(), timeout=PATIENCE).draining
        job.on_sample(sample(0))
        job.on_done(Usage())
        assert [event.WhichOneof("event") for event in running] == ["sample", "usage"]
        end.result(PATIENCE)
    node.kill()


def test_a_drain_does_not_wait_longer_than_its_grace(engine: ScriptedEngine) -> None:
    with RunningNode(engine, grace_seconds=0.1) as node, grpc.insecure_channel(node.address) as channel:
        call = pb_grpc.ModelNodeStub(channel).Generate(request("stuck"), timeout=PATIENCE)
        engine.next_job()
        node.drain().result(PATIENCE)
        assert engine.cancelled.get(timeout=PATIENCE) == "stuck"
        assert refused(call).code() in {grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE}


def test_reflection_names_the_service(channel: Any) -> None:
    assert SERVICE in ProtoReflectionDescriptorDatabase(channel).get_services()


def test_many_calls_at_once_each_get_their_own_samples(stub: Any, engine: ScriptedEngine) -> None:
    got: queue.Queue[tuple[str, str]] = queue.Queue()

    def ask(name: str) -> None:
        events = list(stub.Generate(request(name, samples=1), timeout=PATIENCE))
        got.put((name, events[0].sample.text))

    threads = [threading.Thread(target=ask, args=(f"r{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for job in [engine.next_job() for _ in threads]:
        job.on_sample(sample(0, f"for {job.request_id}"))
        job.on_done(Usage())
    pairs = [got.get(timeout=PATIENCE) for _ in threads]
    assert all(text == f"for {name}" for name, text in pairs)


def test_a_replay_file_is_served_as_a_model_is(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"kind": "code", "stub": "shop:total", "text": "```python\\nreturn 1\\n```"}\n')
    with RunningNode(ReplayEngine(file)) as node, grpc.insecure_channel(node.address) as channel:
        stub = pb_grpc.ModelNodeStub(channel)
        events = list(stub.Generate(request(first_sample_index=3), timeout=PATIENCE))
        assert [event.sample.sample_index for event in events[:2]] == [3, 4]
        assert events[0].sample.text == "```python\nreturn 1\n```"
        error = refused(stub.Generate(request(prompts=[chat(kind="repair")]), timeout=PATIENCE))
        assert error.code() is grpc.StatusCode.NOT_FOUND
