"""What a client on the wire gets of a node: samples, judgements, scores, facts."""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from typing import Any

import grpc
from calling import chat, refused, request
from nodes import PATIENCE, RunningNode, ScriptedEngine, sample

from model_node.engine.base import Judgement, ScoredContinuation, Usage
from model_node.engine.replay import ReplayEngine
from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc


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
