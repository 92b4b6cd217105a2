"""Models with experts: run in 16 and 32 bit, refused in 8."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest
import torch
from test_exactness import distances, plain, run_all, save_experts
from test_local_decoding import PROMPTS, generated

from model_node.engine.base import EngineError
from model_node.engine.local import LocalEngine


@pytest.fixture(scope="module")
def experts_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_experts(tmp_path_factory.mktemp("experts"))


def test_greedy_text_of_a_model_with_experts_equals_generate(
    make_engine: Callable[..., LocalEngine], collector: type, experts_folder: Path
) -> None:
    owner = collector()
    make_engine(experts_folder, max_batch=3).submit(owner.job(*PROMPTS, samples=2, max_new_tokens=12))
    expected = {
        (place, sample): generated(experts_folder, text, 12) for place, text in enumerate(PROMPTS) for sample in (0, 1)
    }
    assert owner.wait().texts() == expected


def test_a_model_with_experts_runs_in_16_bit_near_a_plain_forward(
    make_engine: Callable[..., LocalEngine], collector: type, experts_folder: Path
) -> None:
    found = run_all(make_engine(experts_folder, quantization="bf16", max_batch=7), collector)
    apart = distances(found, plain(experts_folder, torch.bfloat16))
    # Not all of them: where two experts are as good as equal, the last bit decides which one a token goes to.
    assert median(apart) < 0.03


@pytest.mark.parametrize("quantization", ["int8", "int8-all"])
def test_a_model_with_experts_is_refused_in_8_bit(
    make_engine: Callable[..., LocalEngine], experts_folder: Path, quantization: str
) -> None:
    with pytest.raises(EngineError, match=r"only \d+% of its weights became int8.*not fused experts.*use bf16"):
        make_engine(experts_folder, quantization=quantization)
