"""Linear layers that read the same input as one layer: half as many multiplications to start in a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Whole", "fuse"]


class Whole(torch.nn.Module):
    """Several linear layers side by side; `Part`s of it stand where they stood."""

    def __init__(self, layer: torch.nn.Module, sizes: Sequence[int]) -> None:
        super().__init__()
        self.layer = layer
        self._sizes = list(sizes)
        self._inputs: torch.Tensor | None = None
        self._outputs: tuple[torch.Tensor, ...] = ()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The outputs of all, side by side."""
        output: torch.Tensor = self.layer(inputs)
        return output

    def part(self, inputs: torch.Tensor, place: int) -> torch.Tensor:
        """The output of one; the layers are asked one after the other with the same tensor and computed once."""
        if self._inputs is not inputs:
            self._inputs, self._outputs = inputs, self(inputs).split(self._sizes, dim=-1)
        output = self._outputs[place]
        if place == len(self._sizes) - 1:
            self._inputs, self._outputs = None, ()
        return output


class Part(torch.nn.Module):
    """One of the layers of a `Whole`."""

    def __init__(self, whole: Whole, place: int) -> None:
        super().__init__()
        self.whole, self._place = whole, place

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The same as the layer it stands for."""
        return self.whole.part(inputs, self._place)


def fuse(parent: torch.nn.Module, names: Sequence[str], made: Callable[[torch.nn.Linear], torch.nn.Module]) -> None:
    """Put parts of one layer, which `made` makes of all weights, in the place of the linear layers `names`."""
    layers: list[Any] = [getattr(parent, name) for name in names]
    sizes = [layer.out_features for layer in layers]
    with torch.device("meta"):
        joined = torch.nn.Linear(layers[0].in_features, sum(sizes), bias=layers[0].bias is not None)
    joined.weight = torch.nn.Parameter(torch.cat([layer.weight.detach() for layer in layers]), requires_grad=False)
    if joined.bias is not None:
        joined.bias = torch.nn.Parameter(torch.cat([layer.bias.detach() for layer in layers]), requires_grad=False)
    whole = Whole(made(joined), sizes)
    for place, name in enumerate(names):
        setattr(parent, name, Part(whole, place))
