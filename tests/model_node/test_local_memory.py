"""Memory that runs out: the batch gets smaller, and no sample is lost or sent twice."""

from __future__ import annotations

import ctypes
import resource
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
import torch

from model_node.engine.base import EngineError, ErrorKind, Usage
from model_node.engine.local import LocalEngine


def test_out_of_memory_halves_the_batch_and_loses_no_sample(make_engine: Any, collector: type) -> None:
    engine, owner = make_engine(max_batch=8), collector()
    plain = collector()
    engine.submit(plain.job("yes", samples=8, max_new_tokens=10, temperature=1.0))
    plain.wait()
    step, calls = engine._batch.step, []

    def fail_once() -> int:
        calls.append(len(engine._batch.rows))
        if len(calls) == 3:
            raise torch.OutOfMemoryError("no memory left")
        return int(step())

    engine._batch.step = fail_once
    engine.submit(owner.job("yes", samples=8, max_new_tokens=10, temperature=1.0))
    assert owner.wait().texts() == plain.texts()
    assert engine.info().max_batch_samples == 4
    assert max(calls[3:]) <= 4


@pytest.mark.parametrize("part", ["_store.prefill", "_batch._cache.append"])
def test_out_of_memory_at_a_join_halves_the_batch_and_sends_no_sample_twice(
    make_engine: Any, collector: type, part: str
) -> None:
    engine, plain = make_engine(max_batch=8), {}
    settings = {"temperature": 1.0, "samples": 4}
    for name, length in (("yes", 30), ("no", 1)):
        owner = collector()
        engine.submit(owner.job(name, name=name, max_new_tokens=length, **settings))
        plain[name] = owner.wait().texts()
    first, second, turns = collector(), collector(), []

    def on_turn() -> None:
        turns.append(len(engine._batch.rows))
        if len(turns) == 3:
            place, _, name = part.rpartition(".")
            target = attrgetter(place)(engine)
            setattr(target, name, once_out_of_memory(target, name, torch.OutOfMemoryError))
            engine.submit(second.job("no", name="no", max_new_tokens=1, **settings))

    engine.on_turn = on_turn
    engine.submit(first.job("yes", name="yes", max_new_tokens=30, **settings))
    assert first.wait().texts() == plain["yes"]
    assert second.wait().texts() == plain["no"]
    assert (len(first.samples), len(second.samples)) == (4, 4)
    assert engine.info().max_batch_samples == 4


def once_out_of_memory(target: Any, name: str, error: type[Exception]) -> Callable[..., Any]:
    original = getattr(target, name)

    def fail(*args: Any, **kwargs: Any) -> None:
        setattr(target, name, original)
        raise error("no memory left")

    return fail


def test_a_prompt_too_long_for_the_memory_fails_alone(engine: LocalEngine, collector: type) -> None:
    engine._store.prefill = once_out_of_memory(engine._store, "prefill", torch.OutOfMemoryError)  # type: ignore[method-assign]
    long, other = collector(), collector()
    engine.submit(long.job("yes", samples=3))
    result = long.wait().result
    assert isinstance(result, EngineError)
    assert result.kind is ErrorKind.FAILED
    engine.submit(other.job("no", name="other", max_new_tokens=3))
    assert isinstance(other.wait().result, Usage)
    assert engine.info().max_batch_samples == 32


def test_the_memory_for_the_cache_bounds_the_rows(make_engine: Any, collector: type) -> None:
    engine, owner = make_engine(), collector()
    object.__setattr__(engine._loaded, "cache_tokens", 60)
    rows: list[int] = []
    engine.on_turn = lambda: rows.append(len(engine._batch.rows))
    engine.submit(owner.job("yes", samples=9, max_new_tokens=18, temperature=1.0))
    assert len(owner.wait().samples) == 9
    assert 1 <= max(rows) <= 3


def test_memory_that_was_freed_goes_back_to_the_system_when_the_last_row_ends(
    engine: LocalEngine, collector: type
) -> None:
    if not hasattr(ctypes.CDLL(None), "malloc_trim"):
        return  # only glibc keeps it
    blocks = [bytearray(b"x" * 100_000) for _ in range(1000)]
    before = resident()
    del blocks[:-1]  # the last one lies above the others and holds them in the heap
    owner = collector()
    engine.submit(owner.job("yes"))
    owner.wait()
    engine.close()
    assert before - resident() > 50_000_000


def resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


@pytest.mark.gpu
def test_memory_that_really_runs_out_loses_no_sample(make_engine: Callable[..., LocalEngine], collector: type) -> None:
    engine, plain = make_engine(device="cuda", max_batch=128), make_engine(device="cuda", max_batch=128)
    for each in (engine, plain):
        object.__setattr__(each._loaded, "end_tokens", frozenset())
    settings: dict[str, Any] = {"samples": 128, "max_new_tokens": 450, "temperature": 1.0}
    free, tight = collector(), collector()
    plain.submit(free.job("yes", **settings))
    expected = free.wait().texts()
    plain.close()  # its rows are freed after its last sample
    for samples in (128, 1):  # the first job takes what the kernels need once, the second one waits for its rows to go
        warm = collector()
        engine.submit(warm.job("yes", samples=samples, max_new_tokens=6))
        warm.wait()
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + (40 << 20)) / total)
    try:
        engine.submit(tight.job("yes", **settings))
        assert isinstance(tight.wait().result, Usage)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert engine.info().max_batch_samples < 128
    assert len(tight.samples) == 128
    same = sum(tight.texts()[key] == text for key, text in expected.items())
    assert same >= 120  # the last bits differ between batch shapes
