"""A model split over devices by its layers: keys and values stay where their layer is, all else is brought there.

Without a second GPU the other device is `meta`, which has shapes and no numbers; the hooks are those that accelerate
attaches to a model split over GPUs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.hooks import attach_align_device_hook_on_blocks
from test_local_decoding import generated

from model_node.engine.base import GenerateJob
from model_node.engine.batch import Batch
from model_node.engine.loading import LoadedModel, load_model
from model_node.engine.memory import devices
from model_node.engine.prefixes import PrefixStore
from model_node.engine.scheduler import Group, enter

PARTS = ("model.embed_tokens", "model.rotary_emb", "model.layers.0", "model.layers.1")
LAST = ("model.layers.2", "model.norm", "lm_head")


def split(folder: Path, other: str) -> LoadedModel:
    """The tiny model, its last layer and its head on `other`, and the inputs on the CPU."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("model_node.engine.loading.prepare", lambda model, **_: None)  # it is for models on the CPU alone
        loaded = load_model(folder, quantization="fp32", device="cpu", max_context=None)
    model = loaded.model
    places: dict[str, Any] = {name: torch.device("cpu") for name in PARTS} | {
        name: torch.device(other) for name in LAST
    }
    model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())  # not tied: they stand apart
    for name in LAST:
        model.get_submodule(name).to(other)
    attach_align_device_hook_on_blocks(
        model,
        execution_device={"": torch.device("cpu")} | places,
        offload=dict.fromkeys(places, False),
        skip_keys=model._skip_keys_device_placement,
    )
    return loaded


def groups(collector: Any, loaded: LoadedModel, *texts: str, samples: int) -> list[Group]:
    job: GenerateJob = collector().job(*texts, samples=samples, max_new_tokens=12)
    prompts = [tuple(loaded.tokenizer.encode(text)) for text in texts]
    return enter(job, prompts, loaded.max_context)[1]


def test_each_layers_keys_and_values_stay_on_the_device_of_the_layer(tiny_folder: Path, collector: type) -> None:
    loaded = split(tiny_folder, "meta")
    model = loaded.model
    assert {each.name for each in devices(model)} == {"cpu", "meta"}
    # meta has no numbers to go on with: token 5 always.
    model.lm_head.register_forward_hook(lambda *args: torch.eye(args[2].shape[-1])[5].expand(args[2].shape))
    batch, store = Batch(loaded, lambda *_: None), PrefixStore(loaded, 1000)
    seen: list[str] = []

    def look(_: Any, __: Any, kwargs: dict[str, Any]) -> None:
        seen.append(kwargs["position_embeddings"][0].device.type)

    with torch.inference_mode():
        for group in groups(collector, loaded, "def add(a, b):", "yes", samples=2):
            batch.join(group, (0, 1), store.prefill(group.tokens)[0])
        for layer in model.model.layers:
            layer.self_attn.register_forward_pre_hook(look, with_kwargs=True)
        buffers = [layer.keys for layer in batch._cache.layers]
        batch.step()
        after = [layer.keys for layer in batch._cache.layers]
        batch._drop([0])  # a row moves within its device too
    assert seen == ["cpu", "cpu", "meta"]
    assert batch._cache.shares is not None
    for prompt, _ in batch._cache.shares.groups:
        assert [layer.used()[0].device.type for layer in prompt.layers] == ["cpu", "cpu", "meta"]  # type: ignore[union-attr]
    assert [keys.device.type for keys in buffers] == ["cpu", "cpu", "meta"]
    assert all(one is other for one, other in zip(buffers, after, strict=True))
    assert [layer.rows for layer in batch._cache.layers] == [3, 3, 3]


@pytest.mark.gpu
def test_a_model_split_over_two_devices_says_what_it_says_on_one(
    make_engine: Callable[..., Any], tiny_folder: Path, collector: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model_node.engine.loading.load_model", lambda folder, **_: split(folder, "cuda"))
    owner = collector()
    texts = ("def add(a, b):", "yes")
    make_engine(device="cpu").submit(owner.job(*texts, samples=3, max_new_tokens=20))
    assert owner.wait().texts() == {
        (place, sample): generated(tiny_folder, text, 20) for place, text in enumerate(texts) for sample in range(3)
    }
