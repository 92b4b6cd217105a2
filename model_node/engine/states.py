"""The states of linear attention layers: one a row, of one size whatever the row's length.

Hybrid models (Qwen3-Next, Qwen3.5) have them in most layers, beside layers with a key/value cache. A state holds all
that its row has read and cannot be cut back, so a prompt goes on only from one that it begins with as a whole.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from transformers.cache_utils import LinearAttentionLayer

if TYPE_CHECKING:
    import torch

__all__ = ["StateLayer"]


class StateLayer(LinearAttentionLayer):
    """One layer's states, a convolution's and a recurrent one a row."""

    is_sliding = False
    is_compileable = False

    def __init__(self, **_: Any) -> None:
        super().__init__()

    @property
    def size(self) -> int:
        """Bytes of the states."""
        states = (*self.conv_states.values(), *self.recurrent_states.values())
        return sum(state.numel() * state.element_size() for state in states if state is not None)

    def append(self, source: StateLayer, copies: int) -> None:
        """Add `copies` rows that hold the one row of `source`."""
        for mine, others in self._pairs(source):
            for place, state in others.items():
                if state is not None:
                    added = state.expand(copies, *state.shape[1:])
                    mine[place] = added.clone() if mine[place] is None else _joined(mine[place], added)
        self._take_marks(source)

    def drop(self, row: int) -> None:
        """Let the last row take the place of `row`."""
        for states in (self.conv_states, self.recurrent_states):
            for place, state in states.items():
                if state is not None:
                    state[row] = state[-1]
                    states[place] = state[:-1]

    def first(self, length: int, room: int) -> StateLayer:
        """A copy; the caller sees to it that `length` is all that was read."""
        other = StateLayer()
        other.append(self, 1)
        return other

    def trim(self, width: int) -> None:
        """Nothing here has a width."""

    def make_room(self, columns: int) -> None:
        """Nothing here grows."""

    def _pairs(self, source: StateLayer) -> list[tuple[dict[int, Any], dict[int, Any]]]:
        return [(self.conv_states, source.conv_states), (self.recurrent_states, source.recurrent_states)]

    def _take_marks(self, source: StateLayer) -> None:
        """What the layer notes of itself when it is first written."""
        for name in (
            "dtype",
            "device",
            "is_conv_states_initialized",
            "is_recurrent_states_initialized",
            "has_previous_state",
            "conv_kernel_size",
        ):
            setattr(self, name, copy.copy(getattr(source, name)))


def _joined(states: torch.Tensor, added: torch.Tensor) -> torch.Tensor:
    joined = states.new_empty((len(states) + len(added), *states.shape[1:]))
    joined[: len(states)] = states
    joined[len(states) :] = added
    return joined
