"""Faster decoding on a CPU: linear layers whose weights are laid out once, and an attention of our own.

Measured with Qwen2.5-Coder-0.5B in bfloat16 on 2 cores with AVX-512: a linear layer of one step takes 0.3 to 0.7 of
the time with weights laid out beforehand (1 to 8 rows; 0.8 at 32).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from model_node.engine.attending import take_over
from model_node.engine.heap import give_back
from model_node.engine.int8_cpu import Int8Linear
from model_node.engine.plain import fuse_all, is_plain

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["prepare"]

_ROWS = 32  # the layout is good for any number of rows; this one is a hint


class LaidOutLinear(torch.nn.Module):
    """A linear layer for inference whose weights are in oneDNN's own layout."""

    def __init__(self, linear: torch.nn.Linear) -> None:
        """Take the weights of `linear` over, in another layout."""
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        # Not a buffer: a tensor in this layout cannot be saved, moved or shown.
        self._weight = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), _ROWS)
        self._bias = None if linear.bias is None else linear.bias.detach()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The same as the layer it was made from."""
        output: torch.Tensor = torch.ops.mkldnn._linear_pointwise(inputs, self._weight, self._bias, "none", [], "")
        return output


def prepare(model: Any, *, int8: bool = False) -> None:
    """Speed a model up that stands on the CPU, with weights in 8 bit if asked; any other stays as it is."""
    if {parameter.device.type for parameter in model.parameters()} != {"cpu"}:
        return
    take_over(model)
    made = Int8Linear if int8 else _laid_out
    if is_plain(model):
        fuse_all(model, made)
    _replace(model, made)
    _let_the_file_go(model)


def _let_the_file_go(model: Any) -> None:
    """Copy what is left: one weight that still lies in the mapped file keeps all pages of the file that were read."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.data = parameter.data.clone()
    give_back()


def _laid_out(linear: torch.nn.Linear) -> torch.nn.Module:
    known = hasattr(torch.ops.mkldnn, "_reorder_linear_weight") and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return LaidOutLinear(linear) if known and linear.weight.dtype is torch.bfloat16 else linear


def _replace(module: torch.nn.Module, made: Callable[[torch.nn.Linear], torch.nn.Module]) -> None:
    for name, child in module.named_children():
        if type(child) is torch.nn.Linear:
            setattr(module, name, made(child))
        else:
            _replace(child, made)
