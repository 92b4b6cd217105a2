"""Linear layers with 8-bit weights for a CPU whose cores multiply 8-bit integers (VNNI or AMX).

A weight row is rounded to 8 bits with one scale. An input row is written as two 8-bit numbers, the second for what
the first leaves over, so about 15 bits of it are kept: one would round away the small numbers beside the outliers
that language models have. Both halves go through one multiplication, which reads the weights once; a step of few
rows waits for nothing else. Every row has scales of its own, so it does not depend on those beside it.
"""

from __future__ import annotations

import torch

__all__ = ["Int8Linear", "has_int8_cores"]

_LARGEST = 127
_STEPS = 2 * _LARGEST  # of the second number in one of the first
_TINY = torch.finfo(torch.float32).tiny
# Outputs that are computed at a time: the logits of a batch are too large for the caches, and for malloc to keep.
_PIECE = 1 << 14


class Int8Linear(torch.nn.Module):
    """A linear layer for inference whose weights are 8-bit integers in oneDNN's own layout."""

    def __init__(self, linear: torch.nn.Linear) -> None:
        """Round the weights of `linear`."""
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self._pieces = [_Piece(weight.float()) for weight in linear.weight.detach().split(_PIECE)]
        self._bias = None if linear.bias is None else linear.bias.detach().float()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Nearly the same as the layer it was made from."""
        rows = inputs.reshape(-1, self.in_features).float()
        count = rows.shape[0]
        largest = rows.abs().amax(dim=1, keepdim=True).clamp_min_(_TINY)
        scaled = rows * (_LARGEST / largest)
        halves = scaled.new_empty((2 * count, self.in_features))
        torch.round(scaled, out=halves[:count])
        torch.sub(scaled, halves[:count], out=halves[count:]).mul_(_STEPS).round_()
        output = self._multiplied(halves.to(torch.int8), largest.div_(_LARGEST))
        if self._bias is not None:
            output += self._bias
        return output.to(inputs.dtype).view(*inputs.shape[:-1], self.out_features)

    def _multiplied(self, halves: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
        if len(self._pieces) == 1:
            return _added(self._pieces[0].multiplied(halves)).mul_(scales)
        output = scales.new_empty((len(scales), self.out_features))
        for piece, part in zip(self._pieces, output.split(_PIECE, dim=1), strict=True):
            torch.mul(_added(piece.multiplied(halves)), scales, out=part)
        return output


def _added(both: torch.Tensor) -> torch.Tensor:
    first, second = both.chunk(2)
    return first.add_(second, alpha=1 / _STEPS)


class _Piece:
    """Some of a layer's outputs."""

    def __init__(self, weight: torch.Tensor) -> None:
        self._scales = weight.abs().amax(dim=1).clamp_min_(_TINY) / _LARGEST
        rounded = (weight / self._scales[:, None]).round_().to(torch.int8)
        self._weight = torch.ops.onednn.qlinear_prepack(rounded, None)
        self._zeros = torch.zeros(weight.shape[0], dtype=torch.int64)

    def multiplied(self, rows: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = torch.ops.onednn.qlinear_pointwise(
            rows, 1.0, 0, self._weight, self._scales, self._zeros, None, 1.0, 0, torch.float32, "none", [], ""
        )
        return output


def has_int8_cores() -> bool:
    """Whether this CPU multiplies 8-bit integers fast, and PyTorch has the operators."""
    return hasattr(torch.ops.onednn, "qlinear_pointwise") and torch.cpu._is_vnni_supported()
