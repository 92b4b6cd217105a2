"""The first words a model reads: numbers that are none must not reach a user as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from model_node.engine.base import EngineError, ErrorKind
from model_node.engine.prefixes import extend

if TYPE_CHECKING:
    from model_node.engine.loading import LoadedModel
    from model_node.engine.rows import RowCache

__all__ = ["check_numbers"]

_TEXT = "def add(a, b):\n    return a + b\n"


def check_numbers(loaded: LoadedModel) -> RowCache:
    """Read a few tokens the way prompts are read, and return their cache; EngineError where a logit is not finite."""
    tokens = tuple(loaded.tokenizer.encode(_TEXT)) or (0,)
    cache = loaded.new_cache()
    with torch.inference_mode():
        finite = bool(torch.isfinite(extend(loaded, cache, tokens, keep=0)).all())
    if not finite:
        message = (
            "the model's numbers are not finite, so its answers would be noise: its weights are damaged, or too large"
            " for this type; fetch them anew, or try --quantization bf16 or fp32"
        )
        raise EngineError(ErrorKind.FAILED, message)
    return cache
