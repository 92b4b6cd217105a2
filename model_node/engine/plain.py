"""A decoding step of a plain model on a CPU: the arithmetic of transformers' layers without what surrounds it.

Plain are Qwen2 and Llama: a norm, attention with rotary positions over all tokens, a norm, a gated layer. A step of
a small model through transformers spends half of its time in Python: masks, keyword arguments, checks and hooks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional
from transformers import LlamaForCausalLM, Qwen2ForCausalLM

from model_node.engine.fused import Part, fuse
from model_node.engine.int8_cpu import Int8Linear
from model_node.engine.shares import SharedStep, padding_mask

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from model_node.engine.loading import LoadedModel
    from model_node.engine.rows import RowCache

__all__ = ["PlainSteps", "can_be_plain", "fuse_all", "is_plain"]


def is_plain(model: Any) -> bool:
    """Whether `PlainSteps` knows the arithmetic of the model."""
    config = model.config
    return (
        type(model) in {LlamaForCausalLM, Qwen2ForCausalLM}
        and config.hidden_act == "silu"
        and set(getattr(config, "layer_types", None) or ["full_attention"]) == {"full_attention"}
        and all(type(module) is torch.nn.Linear for name, module in model.named_modules() if name.endswith("_proj"))
    )


def fuse_all(model: Any, made: Callable[[torch.nn.Linear], torch.nn.Module]) -> None:
    """Join the layers of a plain model that have the same input."""
    for layer in model.model.layers:
        fuse(layer.self_attn, ("q_proj", "k_proj", "v_proj"), made)
        fuse(layer.mlp, ("gate_proj", "up_proj"), made)


def can_be_plain(loaded: LoadedModel) -> bool:
    """Whether the model was made ready for `PlainSteps`."""
    return any(isinstance(module, Part) for module in loaded.model.modules())


class PlainSteps:
    """Runs steps of a batch."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._model = loaded.model
        config = loaded.model.config
        self._groups = config.num_key_value_heads
        self._heads = config.num_attention_heads
        # Layers in 8 bit take and give float32: nothing is gained by rounding in between.
        rounded = isinstance(loaded.model.lm_head, Int8Linear)
        self._type = torch.float32 if rounded else loaded.model.get_input_embeddings().weight.dtype
        layers = loaded.model.model.layers
        norms = [loaded.model.model.norm, *(each.input_layernorm for each in layers)]
        norms += [each.post_attention_layernorm for each in layers]
        self._norms = {norm: norm.weight.detach().to(self._type) for norm in norms}
        self._size = getattr(config, "head_dim", None) or config.hidden_size // self._heads

    def step(self, cache: RowCache, tokens: Sequence[int], lengths: Sequence[int]) -> torch.Tensor:
        """Put one token into each row and return the logits [rows, vocabulary]."""
        base = self._model.model
        hidden = base.embed_tokens(torch.tensor(tokens)).to(self._type)
        cos, sin = base.rotary_emb(hidden, torch.tensor(lengths)[:, None])
        # The rotation of halves, (-b, a), as a roll, (b, a), with the sign in the sine.
        half = self._size // 2
        sin = torch.cat([-sin[..., :half], sin[..., half:]], dim=-1)
        mask = padding_mask(cache.width, cache.own(lengths), base.embed_tokens.weight.dtype)
        shared = None if cache.shares is None else SharedStep(cache.shares, mask)
        for place, (layer, kept) in enumerate(zip(base.layers, cache.layers, strict=True)):
            attention, gated = layer.self_attn, layer.mlp
            joined = attention.q_proj.whole(self._normed(layer.input_layernorm, hidden))
            query, keys, values = self._turned(joined, cos, sin, kept)
            if shared is None:
                found = functional.scaled_dot_product_attention(query, keys, values, attn_mask=mask)
            else:
                found = shared.attend(place, query, keys, values, self._size**-0.5)
            hidden = hidden + attention.o_proj(found.reshape(len(tokens), -1).to(self._type))
            gate, up = gated.gate_proj.whole(self._normed(layer.post_attention_layernorm, hidden)).chunk(2, dim=-1)
            hidden = hidden + gated.down_proj(functional.silu(gate).mul_(up))
        logits: torch.Tensor = self._model.lm_head(self._normed(base.norm, hidden))
        return logits

    def clear(self) -> None:
        """Nothing is kept from step to step."""

    def _turned(
        self, joined: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, kept: Any
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Queries [rows, key heads, queries a key head, size] of the new tokens; all keys and values."""
        rows = joined.shape[0]
        heads = joined.view(rows, -1, self._size)
        turned = heads[:, : self._heads + self._groups]
        turned = turned * cos + turned.roll(self._size // 2, dims=-1) * sin
        key, value = turned[:, self._heads :, None], heads[:, self._heads + self._groups :, None]
        keys, values = kept.update(key, value)
        query = turned[:, : self._heads].reshape(rows, self._groups, -1, self._size).to(keys.dtype)
        return query, keys, values

    def _normed(self, norm: Any, hidden: torch.Tensor) -> torch.Tensor:
        weight = self._norms[norm]
        return functional.rms_norm(hidden, hidden.shape[-1:], weight, norm.variance_epsilon)
