"""How many tokens of cache the devices hold together."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from model_node.engine.memory import cache_bytes, cache_tokens, tokens_that_fit

# Qwen2.5-Coder-32B: 64 layers, 8 key/value heads of 128 numbers, 16 bit.
BIG = SimpleNamespace(num_hidden_layers=64, num_attention_heads=40, num_key_value_heads=8, hidden_size=5120)
LAYER = 2 * 8 * 128 * 2
GIB = 1 << 30


def test_a_token_of_the_big_model_takes_a_quarter_of_a_mebibyte() -> None:
    assert cache_bytes(BIG) == 64 * LAYER == 1 << 18


def test_layers_with_states_have_no_keys_and_values() -> None:
    hybrid = SimpleNamespace(**vars(BIG), layer_types=["linear_attention"] * 48 + ["full_attention"] * 16)
    assert cache_bytes(hybrid) == 16 * LAYER


def test_the_device_with_the_least_room_for_its_layers_decides() -> None:
    assert tokens_that_fit({0: 5 * GIB, 1: 5 * GIB}, {0: 32, 1: 32}, LAYER) == 40_960
    assert tokens_that_fit({0: 9 * GIB, 1: 1 * GIB}, {0: 32, 1: 32}, LAYER) == 8_192
    assert tokens_that_fit({0: 9 * GIB, 1: 1 * GIB}, {0: 60, 1: 4}, LAYER) == 39_321


@pytest.mark.parametrize("extra", [0, 6])
def test_the_layers_of_a_model_are_found_under_any_name(extra: int, monkeypatch: Any) -> None:
    monkeypatch.setattr("model_node.engine.memory._free_bytes", lambda place: 4096 * 64)
    model = torch.nn.Module()
    model.experts = torch.nn.ModuleList(torch.nn.Linear(1, 1) for _ in range(extra))
    model.h = torch.nn.ModuleList(torch.nn.Linear(1, 1) for _ in range(64))
    assert cache_tokens(model, BIG) == 1
