"""What is loaded, and what is refused with the reason."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError

from model_node.engine.base import EngineError, Usage
from model_node.engine.loading import digest_of
from model_node.engine.local import LocalEngine
from model_node.engine.rounded import keep, place, reloaded


def edited(folder: Path, copy: Path, **changes: Any) -> Path:
    shutil.copytree(folder, copy)
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    (copy / "config.json").write_text(json.dumps(config | changes), encoding="utf-8")
    return copy


@pytest.mark.parametrize(("quantization", "threshold"), [("int8", 6.0), ("int8-all", 0.0)])
def test_int8_runs_with_its_linear_layers_in_int8(
    make_engine: Callable[..., LocalEngine], collector: type, quantization: str, threshold: float
) -> None:
    engine = make_engine(quantization=quantization)
    layer = engine._loaded.model.model.layers[0].mlp.gate_proj
    assert layer.weight.dtype == torch.int8
    assert layer.state.threshold == threshold
    owner = collector()
    engine.submit(owner.job("yes", "def add(a, b):", samples=2, max_new_tokens=6))
    assert isinstance(owner.wait().result, Usage)
    assert len(owner.samples) == 4


def test_int8_weights_are_kept_and_come_back_the_same(
    make_engine: Callable[..., LocalEngine], collector: type, tmp_path: Path
) -> None:
    first = make_engine(quantization="int8", cache=tmp_path)
    (kept,) = (tmp_path / "int8").iterdir()
    config = json.loads((kept / "config.json").read_text(encoding="utf-8"))
    (kept / "config.json").write_text(json.dumps(config | {"marked": 1}), encoding="utf-8")
    again = make_engine(quantization="int8", cache=tmp_path)
    mine, its = first._loaded.model.state_dict(), again._loaded.model.state_dict()
    assert all(torch.equal(mine[name], its[name]) for name in mine)
    assert again._loaded.model.config.marked == 1  # it came from there
    assert again.info().model_digest == first.info().model_digest
    (kept / "model.safetensors").unlink()  # not written over: the engine above has it mapped
    (kept / "model.safetensors").write_bytes(b"torn")
    owner = collector()
    make_engine(quantization="int8", cache=tmp_path).submit(owner.job("yes", max_new_tokens=4))
    assert isinstance(owner.wait().result, Usage)
    assert (kept / "model.safetensors").stat().st_size > 4


def test_memory_that_runs_out_does_not_cost_the_kept_weights(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")

    def load(folder: Path) -> Any:
        raise torch.OutOfMemoryError("no memory left")

    with pytest.raises(torch.OutOfMemoryError):
        reloaded(tmp_path, load)
    assert (tmp_path / "config.json").exists()


def test_weights_that_cannot_be_kept_cost_nothing_but_the_next_start(tmp_path: Path) -> None:
    class Model:
        def parameters(self) -> list[Any]:
            return []

        def save_pretrained(self, folder: Path) -> None:
            (folder / "half").write_bytes(b"written")
            raise SafetensorError("I/O error: No space left on device")

    (tmp_path / "partial-999999999-gone").mkdir()
    keep(Model(), tmp_path / "kept")
    assert [*tmp_path.iterdir()] == []


def test_kept_weights_are_those_of_the_same_files(tiny_folder: Path, tmp_path: Path) -> None:
    same, other = (shutil.copytree(tiny_folder, tmp_path / name) for name in ("same", "other"))
    (file,) = same.glob("*.safetensors")
    assert place(tmp_path, "sha256:1", same) == place(tmp_path, "sha256:1", same)
    os.utime(other / file.name, ns=(0, file.stat().st_mtime_ns + 1))
    assert place(tmp_path, "sha256:1", other) != place(tmp_path, "sha256:1", same)


def test_kept_weights_whose_numbers_are_none_do_not_stay(
    make_engine: Callable[..., LocalEngine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "isfinite", lambda logits: torch.zeros(1, dtype=torch.bool))
    with pytest.raises(EngineError, match="the model's numbers are not finite"):
        make_engine(quantization="int8", cache=tmp_path)
    assert [*(tmp_path / "int8").iterdir()] == []


def test_a_model_whose_numbers_are_none_is_refused(
    make_engine: Callable[..., LocalEngine], tiny_folder: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "nan"
    shutil.copytree(tiny_folder, folder)
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"][0] = float("nan")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EngineError, match="the model's numbers are not finite"):
        make_engine(folder)


def test_int8_of_a_model_with_fused_experts_is_refused(
    make_engine: Callable[..., LocalEngine], tiny_folder: Path, tmp_path: Path
) -> None:
    from transformers import Qwen3MoeConfig, Qwen3MoeForCausalLM

    folder = tmp_path / "experts"
    shutil.copytree(tiny_folder, folder)
    config = Qwen3MoeConfig(
        vocab_size=320,
        hidden_size=64,
        intermediate_size=64,
        moe_intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        num_experts=8,
        num_experts_per_tok=2,
    )
    Qwen3MoeForCausalLM(config).save_pretrained(folder)
    with pytest.raises(EngineError, match=r"only \d+% of its weights became int8.*use bf16 or a dense model"):
        make_engine(folder, quantization="int8")


def test_layers_the_loop_does_not_run_are_refused(
    make_engine: Callable[..., LocalEngine], tiny_folder: Path, tmp_path: Path
) -> None:
    folder = edited(
        tiny_folder, tmp_path / "chunked", layer_types=["chunked_attention", "full_attention", "full_attention"]
    )
    with pytest.raises(EngineError, match="layers of type chunked_attention"):
        make_engine(folder)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"quantization": "int3"}, 'quantization "int3" is unknown; use bf16, fp32, int8, int8-all or int8-cpu'),
        ({"device": "toaster"}, 'device "toaster" is unknown; use auto, cpu'),
    ],
)
def test_a_wrong_setting_is_refused(
    make_engine: Callable[..., LocalEngine], settings: dict[str, str], message: str
) -> None:
    with pytest.raises(EngineError, match=message):
        make_engine(**settings)


def test_a_folder_without_a_model_is_refused(make_engine: Callable[..., LocalEngine], tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"has no usable config\.json"):
        make_engine(tmp_path)


def test_a_torn_weights_file_is_refused(
    make_engine: Callable[..., LocalEngine], tiny_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "torn"
    shutil.copytree(tiny_folder, folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(EngineError, match="cannot be loaded"):
        make_engine(folder)


def test_the_digest_changes_with_weights_tokenizer_and_rounding_and_not_with_the_place(
    tiny_folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny_folder, copy)
    assert digest_of(copy, "bf16") == digest_of(tiny_folder, "bf16")
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    changed = digest_of(copy, "bf16")
    assert changed != digest_of(tiny_folder, "bf16")
    (copy / "tokenizer.json").write_bytes((copy / "tokenizer.json").read_bytes() + b" ")
    assert digest_of(copy, "bf16") != changed
    assert digest_of(copy, "int8") != digest_of(copy, "bf16")


def test_bf16_is_the_default_type(tiny_folder: Path, device: str) -> None:
    engine = LocalEngine(tiny_folder, model_id="tiny", device=device)
    engine.start()
    try:
        assert engine._loaded.model.dtype == torch.bfloat16
    finally:
        engine.close()


@pytest.mark.parametrize("quantization", ["bf16", "fp32", "int8", "int8-all"])
def test_the_command_line_and_the_engine_know_the_same_quantizations(make_engine: Any, quantization: str) -> None:
    from model_node.flags import parser

    chosen = parser().parse_args(["--quantization", quantization]).quantization
    assert make_engine(quantization=chosen).info().quantization == quantization
