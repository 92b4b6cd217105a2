"""What a client on the wire gets when something breaks under a real engine, and that the node goes on."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import torch
from grpc_health.v1 import health_pb2, health_pb2_grpc
from nodes import PATIENCE, RunningNode

from model_node.engine.local import LocalEngine
from model_node.server import SERVICE
from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc

ROOT = Path(__file__).resolve().parents[2]
Code = grpc.StatusCode
MARKER = "xyzzy-marker"


class Served:
    """A tiny model behind the real service; its samples end at their limit only."""

    def __init__(self, engine: LocalEngine, node: RunningNode, channel: Any) -> None:
        object.__setattr__(engine._loaded, "end_tokens", frozenset())
        self.engine = engine
        self.node = node
        self.stub = pb_grpc.ModelNodeStub(channel)
        self.health = health_pb2_grpc.HealthStub(channel)
        self._arrived, self._ended = threading.Semaphore(0), threading.Semaphore(0)
        for target, name in ((engine._desk, "submit"), (engine._desk, "ask"), (engine, "_end")):
            counter = self._ended if name == "_end" else self._arrived
            setattr(target, name, counted(getattr(target, name), counter))

    def arrived(self, count: int) -> None:
        """Wait until so many more jobs have come to the engine."""
        for _ in range(count):
            assert self._arrived.acquire(timeout=PATIENCE)

    def ended(self, count: int) -> None:
        """Wait until so many more jobs have ended in the engine."""
        for _ in range(count):
            assert self._ended.acquire(timeout=PATIENCE)

    def ask(self, text: str = "yes", name: str = "r", *, samples: int = 2, tokens: int = 8, **more: Any) -> Any:
        return self.stub.Generate(request(text, name, samples=samples, tokens=tokens, **more), timeout=PATIENCE)

    def load(self) -> tuple[int, int]:
        load = self.stub.GetLoad(pb.GetLoadRequest(), timeout=PATIENCE)
        return load.running_samples, load.queued_samples

    def still_works(self) -> None:
        assert len(samples_of(self.ask(name="after", tokens=2))) == 2
        assert self.load() == (0, 0)


def counted(method: Callable[..., Any], counter: threading.Semaphore) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        result = method(*args)
        counter.release()
        return result

    return call


class Hold:
    """Holds the engine thread ahead of its next turn, until the end of the block."""

    def __init__(self, engine: LocalEngine) -> None:
        self._engine = engine
        self._reached, self._release = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self._engine.on_turn = None
        self._reached.set()
        assert self._release.wait(PATIENCE)

    def __enter__(self) -> Hold:
        self._engine.on_turn = self
        return self

    def reached(self) -> None:
        assert self._reached.wait(PATIENCE)

    def __exit__(self, *_: object) -> None:
        self._release.set()


@pytest.fixture
def serve(tiny_folder: Path, device: str) -> Iterator[Callable[..., Served]]:
    ends: list[Any] = []

    def run(grace_seconds: float = PATIENCE, **settings: Any) -> Served:
        engine = LocalEngine(tiny_folder, quantization="fp32", device=device, model_id="tiny", **settings)
        node = RunningNode(engine, grace_seconds=grace_seconds)
        ends.append(node)
        node.__enter__()
        channel = grpc.insecure_channel(node.address)
        ends.append(channel)
        return Served(engine, node, channel)

    yield run
    for end in reversed(ends):
        end.__exit__(None, None, None)


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve()


def request(text: str, name: str, *, samples: int, tokens: int, **more: Any) -> pb.GenerateRequest:
    params = pb.SamplingParams(max_new_tokens=tokens, temperature=1.0)
    prompts = [pb.Prompt(text=text)]
    return pb.GenerateRequest(request_id=name, prompts=prompts, num_samples=samples, params=params, **more)


def samples_of(call: Any) -> dict[int, str]:
    return {event.sample.sample_index: event.sample.text for event in call if event.HasField("sample")}


def refused(call: Any, code: grpc.StatusCode) -> str:
    """The text of a call that ends with `code`; it names a next step."""
    with pytest.raises(grpc.RpcError) as caught:
        list(call) if hasattr(call, "__iter__") else call()
    error = caught.value
    assert error.code() is code, error
    text = str(error.details())
    assert ";" in text
    assert "\n" not in text
    return text


def spoil(engine: LocalEngine, row: int, at_step: int) -> list[int]:
    """From now on the model gives NaN for one row of one decoding step; returns the rows of each step."""
    forward, steps = engine._batch._forward, []

    def spoiled() -> torch.Tensor:
        steps.append(len(engine._batch.rows))
        logits = forward()
        if len(steps) == at_step:
            logits[row, 3] = float("nan")
        return logits

    engine._batch._forward = spoiled  # type: ignore[method-assign]
    return steps


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
