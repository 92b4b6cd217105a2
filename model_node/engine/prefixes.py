"""Prefilled prompts, kept for the next request that begins the same way."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import torch

if TYPE_CHECKING:
    from model_node.engine.loading import LoadedModel
    from model_node.engine.rows import RowCache

__all__ = ["Prefill", "PrefixStore", "extend"]

# Shorter overlaps (a template's first words) are not worth the copy.
_WORTH = 32


@dataclass(frozen=True, kw_only=True)
class Prefill:  # without slots: 3.10 has no weak references to what has them
    """One prompt's key/value cache and the logits [1, vocabulary] of the token that follows it."""

    cache: RowCache
    logits: torch.Tensor


class PrefixStore:
    """The last prompts, by their tokens; bounded by `max_tokens`, beside those that rows still go on from."""

    def __init__(self, loaded: LoadedModel, max_tokens: int) -> None:
        self._loaded = loaded
        self._max_tokens = max_tokens
        self._kept: OrderedDict[tuple[int, ...], Prefill] = OrderedDict()
        self._alive: WeakValueDictionary[tuple[int, ...], Prefill] = WeakValueDictionary()

    def prefill(self, tokens: tuple[int, ...]) -> tuple[Prefill, int]:
        """The prefill of `tokens` and how many the model read for it: those after the longest start of a kept one."""
        if (known := self._alive.get(tokens)) is not None:
            self._keep(tokens, known)
            return known, 0
        shared, source = self._longest(tokens)
        cache = source.cache.first(shared, len(tokens) - shared) if source is not None else self._loaded.new_cache()
        logits = extend(self._loaded, cache, tokens[shared:], keep=1)[:, -1]
        made = Prefill(cache=cache, logits=logits)
        if not logits.isnan().any():  # else the next request of this prompt would break on it as well
            self._alive[tokens] = made
            self._keep(tokens, made)
        return made, len(tokens) - shared

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._alive.clear()

    def _longest(self, tokens: tuple[int, ...]) -> tuple[int, Prefill | None]:
        best, source = 0, None
        for kept, prefill in self._kept.items():
            # The last token is always computed: its logits are what a prefill is for.
            length = _common(kept, tokens[:-1])
            if length > best and (length == len(kept) or prefill.cache.is_divisible):
                best, source = length, prefill
        return (best, source) if best >= _WORTH else (0, None)

    def _keep(self, tokens: tuple[int, ...], prefill: Prefill) -> None:
        if len(tokens) > self._max_tokens:
            return
        self._kept[tokens] = prefill
        self._kept.move_to_end(tokens)
        while sum(map(len, self._kept)) > self._max_tokens:
            self._kept.popitem(last=False)


def extend(loaded: LoadedModel, cache: RowCache, tokens: tuple[int, ...], keep: int) -> Any:
    """Run the one row of `cache` on by `tokens`; return the logits of the last `keep` tokens (0: of all)."""
    ids = torch.tensor([tokens], device=loaded.device)
    positions = torch.arange(cache.width, cache.width + len(tokens), device=loaded.device)[None, :]
    result = loaded.model(
        input_ids=ids, position_ids=positions, use_cache=True, logits_to_keep=keep, **{loaded.cache_name: cache}
    )
    return result.logits.to(loaded.device)


def _common(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    length = min(len(left), len(right))
    if left[:length] == right[:length]:
        return length
    return next(place for place in range(length) if left[place] != right[place])
