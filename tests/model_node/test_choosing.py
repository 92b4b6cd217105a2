"""Which model `auto` is on which machine."""

from __future__ import annotations

import pytest

from model_node.choosing import SMALLEST, full_name, pick

GIB = 1 << 30
BIG, MIDDLE, SMALL = (f"Qwen/Qwen2.5-Coder-{size}-Instruct" for size in ("32B", "14B", "7B"))


@pytest.mark.parametrize(
    ("gpus", "asked", "model", "quantization"),
    [
        ((), None, SMALLEST, "bf16"),
        ((), "fp32", SMALLEST, "fp32"),
        ((23.6, 23.6), None, BIG, "int8"),
        ((23.6, 23.6), "int8-all", BIG, "int8-all"),
        ((23.6, 23.6), "bf16", MIDDLE, "bf16"),
        ((23.6, 23.6), "fp32", SMALL, "fp32"),
        ((79.1,), None, BIG, "bf16"),
        ((23.6,), None, MIDDLE, "int8"),
        ((15.6,), None, SMALL, "int8"),
        ((4.0,), None, SMALLEST, "bf16"),
    ],
)
def test_the_largest_model_that_fits_is_taken(
    gpus: tuple[float, ...], asked: str | None, model: str, quantization: str
) -> None:
    choice = pick([int(size * GIB) for size in gpus], asked)
    assert (choice.model, choice.quantization) == (model, quantization)


def test_the_choice_says_why() -> None:
    assert pick([24 * GIB] * 2).why == f"{BIG} in int8, for 2 GPUs have 48 GiB and it needs 41"


def test_short_names_stand_for_hub_ids() -> None:
    assert full_name("qwen2.5-coder-14B-instruct") == MIDDLE
    assert full_name("./my-model") == "./my-model"
