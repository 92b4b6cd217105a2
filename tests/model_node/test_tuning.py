"""How many rows a node decodes together where nobody says it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
import torch

from model_node.engine.local import LocalEngine
from model_node.engine.tuning import batch_size, best, most, timed


@pytest.mark.parametrize(
    ("seconds", "limit", "rows"),
    [
        (lambda rows: 0.05, 512, 512),  # reading the weights is all
        (lambda rows: 0.05, 90, 90),
        (lambda rows: 0.05, 7, 7),
        (lambda rows: max(0.05, rows * 0.0004), 512, 128),  # from 125 rows on the time grows as they do
        (lambda rows: rows * 0.01, 512, 32),
        (lambda rows: 0.05 + rows * 0.001, 512, 256),
        (lambda rows: 0.05 + rows * 0.01, 512, 32),
    ],
)
def test_rows_are_doubled_as_long_as_that_pays(seconds: Callable[[int], float], limit: int, rows: int) -> None:
    assert best(seconds, 32, limit) == rows


def test_memory_that_runs_out_in_a_timing_ends_it_and_a_defect_is_told() -> None:
    def seconds(rows: int) -> float:
        if rows > 64:
            raise errors.pop()
        return 0.05

    errors: list[Exception] = [RuntimeError("a defect"), torch.OutOfMemoryError("no memory left")]
    assert best(seconds, 32, 512) == 64
    with pytest.raises(RuntimeError, match="a defect"):
        best(seconds, 32, 512)


@pytest.mark.parametrize(
    ("tokens", "states", "rows"), [(49_152, 0, 96), (49_152, 512, 48), (1 << 30, 0, 512), (100, 0, 1)]
)
def test_the_memory_bounds_the_rows(tokens: int, states: int, rows: int) -> None:
    assert most(tokens, states, 512) == rows


def test_a_step_is_timed_as_it_is_decoded_and_a_cpu_is_not_timed(make_engine: Callable[..., LocalEngine]) -> None:
    loaded = make_engine()._loaded
    forwards: list[int] = []
    hook = loaded.model.lm_head.register_forward_hook(lambda *_: forwards.append(1))
    ticks: Any = count(0, 3)
    assert timed(loaded, 3, lambda: next(ticks)) == 1.0
    hook.remove()
    if loaded.device.type == "cpu":  # a graph is replayed without a forward
        assert len(forwards) == 7
        assert batch_size(loaded, lambda: 1 / 0) == min(32, loaded.cache_tokens // 512)
