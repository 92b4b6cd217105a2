"""Attention over prompts that several rows begin with: one copy of a prompt's keys, read once a step for all its rows.

A row's attention is that over its prompt and that over its own tokens, weighed by their sums of exponentials. The
first of them is one product of matrices for all rows of the prompt (Hydragen: Juravsky et al., 2024, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import torch
from transformers import (
    LlamaForCausalLM,
    MistralForCausalLM,
    Qwen2ForCausalLM,
    Qwen3ForCausalLM,
    Qwen3MoeForCausalLM,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_node.engine.rows import RowCache

__all__ = ["SharedStep", "Shares", "attention", "can_share", "padding_mask"]

# Their attention is a softmax of scaled products and nothing else: no cap, no sink, no bias of position.
_PLAIN_SOFTMAX = {LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM, Qwen3MoeForCausalLM}
_CPU_KERNEL = getattr(torch.ops.aten, "_scaled_dot_product_flash_attention_for_cpu", None)


class Shares:
    """Which prompt each row of a cache goes on from."""

    def __init__(self) -> None:
        self._owners: list[RowCache] = []
        self._groups: list[tuple[RowCache, list[int]]] | None = None  # until rows come or go

    @property
    def tokens(self) -> int:
        """Tokens that are kept once for all rows."""
        return sum(prompt.width for prompt, _ in self.groups)

    @property
    def groups(self) -> list[tuple[RowCache, list[int]]]:
        """Every prompt and its rows."""
        if self._groups is None:
            found: dict[int, tuple[RowCache, list[int]]] = {}
            for row, prompt in enumerate(self._owners):
                found.setdefault(id(prompt), (prompt, []))[1].append(row)
            self._groups = list(found.values())
        return self._groups

    def append(self, prompt: RowCache, copies: int) -> None:
        """Let `copies` new rows go on from `prompt`."""
        self._owners += [prompt] * copies
        self._groups = None

    def drop(self, row: int) -> None:
        """Let the last row take the place of `row`."""
        self._owners[row] = self._owners[-1]
        self._owners.pop()
        self._groups = None

    def own(self, lengths: Sequence[int]) -> list[int]:
        """How many of the tokens of each row are its own."""
        return [length - prompt.width for length, prompt in zip(lengths, self._owners, strict=True)]


class SharedStep:
    """What the attention layers need in one step."""

    def __init__(self, shares: Shares, mask: torch.Tensor | None) -> None:
        """Read the prompts of `shares`; `mask` hides the padding before the rows' own tokens, the new ones included."""
        self._prompts = [prompt for prompt, _ in shares.groups]
        rows = [places for _, places in shares.groups]
        self._cuts = list(pairwise(accumulate(map(len, rows), initial=0)))
        order = torch.tensor([place for places in rows for place in places])
        self._places = {order.device: _Place(order, order.argsort(), mask)}
        self.layers = 0  # that took it

    def attend(
        self, layer: int, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, scale: float
    ) -> torch.Tensor:
        """The attention of `query` [rows, key heads, queries a key head, size] over prompts and own tokens, alike."""
        self.layers += 1
        place = self._place(query.device)
        own, own_sums = attention(query, keys, values, place.mask, scale)
        prompt, prompt_sums = self._over_prompts(layer, query, scale, place)
        # The share of the prompt among both sums of exponentials.
        weight = torch.sigmoid(prompt_sums - own_sums)[..., None]
        return torch.lerp(own.float(), prompt.float(), weight)

    def _over_prompts(
        self, layer: int, query: torch.Tensor, scale: float, place: _Place
    ) -> tuple[torch.Tensor, torch.Tensor]:
        rows, heads, queries, size = query.shape
        alone = len(self._prompts) == 1
        turned = (query if alone else query[place.order]).transpose(0, 1).reshape(heads, rows * queries, size)
        parts = []
        for prompt, (first, last) in zip(self._prompts, self._cuts, strict=True):
            keys, values = prompt.layers[layer].used()
            parts.append(attention(turned[None, :, first * queries : last * queries], keys, values, None, scale))
        found = parts[0][0] if alone else torch.cat([output for output, _ in parts], dim=2)
        sums = parts[0][1] if alone else torch.cat([each for _, each in parts], dim=2)
        output = found.reshape(heads, rows, queries, size).transpose(0, 1)
        sums = sums.reshape(heads, rows, queries).transpose(0, 1)
        return (output, sums) if alone else (output[place.back], sums[place.back])

    def _place(self, device: torch.device) -> _Place:
        if device not in self._places:
            self._places[device] = next(iter(self._places.values())).to(device)
        return self._places[device]


@dataclass(frozen=True, slots=True)
class _Place:
    """What a step brings to a device once."""

    order: torch.Tensor  # of rows, so that those of one prompt are side by side
    back: torch.Tensor
    mask: torch.Tensor | None

    def to(self, device: torch.device) -> _Place:
        mask = None if self.mask is None else self.mask.to(device)
        return _Place(self.order.to(device), self.back.to(device), mask)


def attention(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor | None, scale: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attention [rows, heads, queries, size] and the logarithms [rows, heads, queries] of its sums of exponentials.

    PyTorch gives the sums in no public function; its kernel for CPUs has them, elsewhere it is a few operations.
    """
    if query.device.type == "cpu" and _CPU_KERNEL is not None:
        output, sums = _CPU_KERNEL(query, keys, values, 0.0, False, attn_mask=mask, scale=scale)
        return output, sums
    scores = (query * scale) @ keys.transpose(-1, -2)
    scores = scores.float() if mask is None else scores.float() + mask
    sums = scores.logsumexp(dim=-1)
    return (scores - sums[..., None]).exp().to(values.dtype) @ values, sums


def padding_mask(width: int, lengths: Sequence[int], dtype: torch.dtype) -> torch.Tensor | None:
    """Hides the padding on the left of shorter rows; the column of the new tokens comes on top of `width`."""
    if min(lengths) == width:
        return None
    padding = torch.tensor([width - length for length in lengths])[:, None]
    hidden = torch.arange(width + 1)[None, :] < padding
    return torch.zeros(hidden.shape, dtype=dtype).masked_fill_(hidden, float("-inf"))[:, None, None, :]


def can_share(model: Any) -> bool:
    """Whether the model's attention is known to be one that can be taken apart, over all tokens in every layer."""
    config = model.config
    kinds = set(getattr(config, "layer_types", None) or ())
    windowed = not kinds and getattr(config, "sliding_window", None)
    return type(model) in _PLAIN_SOFTMAX and kinds <= {"full_attention"} and not windowed
