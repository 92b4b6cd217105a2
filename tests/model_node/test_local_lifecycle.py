"""Jobs that are refused, cancelled, late or broken, and the engine that goes on."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model_node.engine.base import EngineError, ErrorKind, Message, Prompt, Usage
from model_node.engine.local import LocalEngine

LONG = {"max_new_tokens": 400, "temperature": 1.0}


class Gate:
    """Holds the engine thread ahead of a turn until the test lets it go on."""

    def __init__(self, engine: LocalEngine, hold_at: int) -> None:
        self.turns = 0
        self.reached = threading.Event()
        self.release = threading.Event()
        self._hold_at = hold_at
        engine.on_turn = self

    def __call__(self) -> None:
        self.turns += 1
        if self.turns == self._hold_at:
            self.reached.set()
            assert self.release.wait(120)


@pytest.fixture
def endless(make_engine: Callable[..., LocalEngine]) -> LocalEngine:
    """An engine whose samples only end at their limit."""
    engine = make_engine()
    object.__setattr__(engine._loaded, "end_tokens", frozenset())
    return engine


def kind(owner: Any) -> ErrorKind:
    assert isinstance(owner.wait().result, EngineError), owner.result
    kind: ErrorKind = owner.result.kind
    return kind


def test_cancel_frees_the_rows_before_the_next_step(endless: LocalEngine, collector: type) -> None:
    gate, owner, other = Gate(endless, hold_at=4), collector(), collector()
    steps_after: list[int] = []
    endless.submit(owner.job("yes", name="cancelled", samples=5, **LONG))
    assert gate.reached.wait(120)
    assert endless.load().running_samples == 5
    endless.submit(other.job("no", name="other", max_new_tokens=3))
    assert endless.cancel("cancelled")
    step = endless._batch.step
    endless._batch.step = lambda: steps_after.append(len(endless._batch.rows)) or step()  # type: ignore[method-assign,func-returns-value]
    gate.release.set()
    assert kind(owner) is ErrorKind.CANCELLED
    other.wait()
    assert owner.samples == []
    assert set(steps_after) == {1}


def test_cancel_of_a_waiting_job_takes_it_out_of_the_queue(make_engine: Any, collector: type) -> None:
    engine = make_engine(max_batch=1)
    object.__setattr__(engine._loaded, "end_tokens", frozenset())
    gate, running, waiting = Gate(engine, hold_at=3), collector(), collector()
    engine.submit(running.job("yes", name="running", max_new_tokens=20))
    engine.submit(waiting.job("no", name="waiting", samples=3, max_new_tokens=4))
    assert gate.reached.wait(120)
    assert (engine.load().running_samples, engine.load().queued_samples) == (1, 3)
    engine.cancel("waiting")
    gate.release.set()
    assert kind(waiting) is ErrorKind.CANCELLED
    assert isinstance(running.wait().result, Usage)
    assert engine.load().queued_samples == 0


def test_cancel_of_an_unknown_or_finished_request_is_false(engine: LocalEngine, collector: type) -> None:
    owner = collector()
    assert not engine.cancel("job")
    engine.submit(owner.job("yes", max_new_tokens=2))
    owner.wait()
    assert not engine.cancel("job")


def test_a_job_past_its_deadline_ends_with_deadline(endless: LocalEngine, collector: type) -> None:
    gate, owner = Gate(endless, hold_at=4), collector()
    endless.submit(owner.job("yes", samples=2, deadline=time.monotonic() + 3600, **LONG))
    assert gate.reached.wait(120)
    object.__setattr__(endless._desk.entries()[0].job, "deadline", time.monotonic())
    gate.release.set()
    assert kind(owner) is ErrorKind.DEADLINE
    assert endless.load().running_samples == 0


def test_closing_ends_jobs_with_rows_in_the_batch_as_cancelled(endless: LocalEngine, collector: type) -> None:
    gate, owners = Gate(endless, hold_at=4), [collector(), collector()]
    for name, owner in enumerate(owners):
        endless.submit(owner.job("yes", name=str(name), samples=2, **LONG))
    assert gate.reached.wait(120)
    assert endless.load().running_samples == 4
    endless._desk.close()  # as `close` does, which then waits for the thread that the gate holds
    gate.release.set()
    endless.close()
    assert [kind(owner) for owner in owners] == [ErrorKind.CANCELLED] * 2
    assert endless.load().running_samples == 0


def test_a_queue_that_is_full_refuses_the_whole_job_at_once(make_engine: Any, collector: type) -> None:
    engine = make_engine(max_queued=4)
    with pytest.raises(EngineError, match="0 of 4 samples and 5 more do not fit") as refused:
        engine.submit(collector().job("yes", samples=5))
    assert refused.value.kind is ErrorKind.EXHAUSTED
    owner = collector()
    engine.submit(owner.job("yes", samples=4, max_new_tokens=2))
    assert len(owner.wait().samples) == 4


def test_a_running_request_id_cannot_be_used_again(endless: LocalEngine, collector: type) -> None:
    gate, owner = Gate(endless, hold_at=2), collector()
    endless.submit(owner.job("yes", max_new_tokens=4))
    with pytest.raises(EngineError, match='"job" is in use') as refused:
        endless.submit(collector().job("no"))
    assert refused.value.kind is ErrorKind.INVALID
    gate.release.set()
    assert isinstance(owner.wait().result, Usage)
    endless.submit(collector().job("no", max_new_tokens=1))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"samples": 0}, "num_samples is 0"),
        ({"max_new_tokens": 0}, "max_new_tokens is 0"),
        ({"temperature": -1.0}, "temperature is -1.0"),
        ({"top_p": 0.0}, "top_p is 0.0"),
        ({"stop": ("",)}, "stop is"),
        ({"prompts": ()}, "prompts is empty"),
        ({"prompts": (Prompt(text=""),)}, "a prompt is empty"),
        ({"prompts": (Prompt(text="a", assistant_prefix="b"),)}, "needs a chat"),
        ({"prompts": (Prompt(messages=(Message(role="tool", text="a"),)),)}, 'role "tool" is unknown'),
        ({"prompts": (Prompt(text="no " * 600),)}, r"has \d+ tokens, but the context holds 512"),
    ],
)
def test_a_wrong_job_is_refused_as_invalid(
    engine: LocalEngine, collector: type, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(EngineError, match=message) as refused:
        engine.submit(collector().job("yes", **changes))
    assert refused.value.kind is ErrorKind.INVALID
    assert engine.load().queued_samples == 0


def test_higher_priority_is_admitted_first(make_engine: Any, collector: type) -> None:
    engine = make_engine(max_batch=1)
    ended: list[str] = []
    gate = Gate(engine, hold_at=1)
    owners = {name: collector() for name in ("first", "low", "high")}
    for priority, name in enumerate(owners):
        owner = owners[name]
        job = owner.job("yes", name=name, max_new_tokens=3, priority=priority)
        object.__setattr__(job, "on_sample", lambda _, name=name: ended.append(name))
        engine.submit(job)
    gate.release.set()
    for owner in owners.values():
        owner.wait()
    assert ended == ["high", "low", "first"]


def test_a_failing_step_fails_the_jobs_in_it_and_the_engine_goes_on(engine: LocalEngine, collector: type) -> None:
    broken, later = collector(), collector()
    step = engine._batch.step

    def fail() -> int:
        engine._batch.step = step  # type: ignore[method-assign]
        raise RuntimeError("the kernel fell over")

    engine._batch.step = fail  # type: ignore[method-assign]
    engine.submit(broken.job("yes", samples=2))
    assert kind(broken) is ErrorKind.FAILED
    assert "the kernel fell over" in str(broken.result)
    engine.submit(later.job("yes", name="later", max_new_tokens=3))
    assert isinstance(later.wait().result, Usage)


def test_a_callback_that_raises_harms_no_other_job(engine: LocalEngine, collector: type) -> None:
    bad, good = collector(), collector()
    job = bad.job("yes", name="bad", max_new_tokens=2)
    object.__setattr__(job, "on_sample", lambda _: 1 / 0)
    engine.submit(job)
    engine.submit(good.job("yes", name="good", max_new_tokens=4))
    assert isinstance(good.wait().result, Usage)
    assert isinstance(bad.wait().result, Usage)


def test_close_cancels_what_runs_and_refuses_what_comes(endless: LocalEngine, collector: type) -> None:
    gate, owner = Gate(endless, hold_at=3), collector()
    endless.submit(owner.job("yes", samples=2, **LONG))
    assert gate.reached.wait(120)
    closer = threading.Thread(target=endless.close)
    closer.start()
    gate.release.set()
    closer.join(120)
    assert kind(owner) is ErrorKind.CANCELLED
    with pytest.raises(EngineError, match="not running"):
        endless.submit(collector().job("yes"))


def test_load_counts_and_speed(engine: LocalEngine, collector: type) -> None:
    assert engine.load().free_samples == 32
    assert engine.load().tokens_per_second == 0
    owner = collector()
    engine.submit(owner.job("yes", samples=3, max_new_tokens=6))
    owner.wait()
    assert engine.load().tokens_per_second > 0


def test_a_row_is_free_when_its_owner_hears_of_its_end(engine: LocalEngine, collector: type) -> None:
    owner, running = collector(), []
    job = owner.job("yes", samples=2, max_new_tokens=3)
    heard = job.on_sample

    def on_sample(sample: Any) -> None:
        running.append(engine.load().running_samples)
        heard(sample)

    engine.submit(dataclasses.replace(job, on_sample=on_sample))
    assert len(owner.wait().samples) == 2
    assert running == [0, 0]


def test_info_names_the_model_and_its_limits(engine: LocalEngine, make_engine: Any) -> None:
    info = engine.info()
    assert (info.model_id, info.backend, info.quantization) == ("tiny", "transformers", "fp32")
    assert (info.max_context_tokens, info.max_batch_samples) == (512, 32)
    assert info.devices[0].weight_bytes > 0
    assert info.model_digest == make_engine().info().model_digest


def test_naming_the_engine_imports_no_torch() -> None:
    code = "import sys, model_node.engine.local, model_node.models; sys.exit('torch' in sys.modules)"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_rows_that_come_free_together_are_shared_by_the_clients_whatever_their_prompts(
    make_engine: Any, collector: type
) -> None:
    engine, owners, rows = make_engine(max_batch=6), [collector() for _ in "abc"], []
    object.__setattr__(engine._loaded, "end_tokens", frozenset())
    queued = threading.Event()

    def on_turn() -> None:
        assert queued.wait(120)
        rows.append(sorted(row.group.running.job.client for row in engine._batch.rows))

    engine.on_turn = on_turn
    for client, owner in zip("abc", owners, strict=True):
        engine.submit(owner.job("yes " * 60 + client, name=client, client=client, samples=6, max_new_tokens=5))
    queued.set()
    for owner in owners:
        owner.wait()
    assert rows[:2] == [[], ["a", "a", "b", "b", "c", "c"]]
