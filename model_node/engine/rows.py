"""The key/value cache of all rows that decode together, right-aligned, so that rows of any length share one batch.

Each layer keeps one buffer [rows, heads, columns, head_dim] of which a window is in use. A row's tokens end at the
window's last column; columns left of them are padding, hidden by the attention mask. A step writes one column in
place, a finished row's place is taken by the last row, and a new row is copied in, or only its prompt noted: nothing
else moves until the buffer is full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transformers.cache_utils import Cache, CacheLayerMixin

from model_node.engine.shares import Shares
from model_node.engine.states import StateLayer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

__all__ = ["STATES", "RowCache"]

STATES = "linear_attention"  # the type of a layer that has a state in the place of keys and values

_SLACK_COLUMNS = 128
_ALIGNED = 16  # columns: what fused attention asks of a mask's rows


class _RowLayer(CacheLayerMixin):
    """One layer's buffers; `rows` x `[start, end)` is in use."""

    is_sliding = False  # windows are cut by the mask: every column stays
    is_compileable = False
    is_croppable = False

    def __init__(self, **_: Any) -> None:
        super().__init__()
        self.rows = self.start = self.end = 0
        self.builds = 0  # buffers so far; their addresses hold until the next

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        self.dtype, self.device = key_states.dtype, key_states.device
        rows, heads, columns, _ = key_states.shape
        self.keys = key_states.new_empty((rows, heads, columns, key_states.shape[3]))
        self.values = value_states.new_empty((rows, heads, columns, value_states.shape[3]))
        self.rows = rows
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        added = key_states.shape[2]
        self.make_room(added)
        window = slice(self.end, self.end + added)
        self.keys[: self.rows, :, window] = key_states
        self.values[: self.rows, :, window] = value_states
        self.end += added
        return self.used()

    def make_room(self, columns: int) -> None:
        """See to it that the buffers hold `columns` more."""
        if self.end + columns > self.keys.shape[2]:
            self._rebuild(rows=self.keys.shape[0], left=0, right=columns + _SLACK_COLUMNS)

    def used(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The window in use, without a copy."""
        window = slice(self.start, self.end)
        return self.keys[: self.rows, :, window], self.values[: self.rows, :, window]

    def append(self, source: _RowLayer, copies: int, *, skip: int = 0) -> None:
        """Add `copies` rows that hold the one row of `source` without its first `skip` columns."""
        keys, values = (each[:, :, skip:] for each in source.used())
        length = keys.shape[2]
        if not self.is_initialized:
            self._begin(keys, values)
        room = self.rows + copies
        if room > self.keys.shape[0] or length > self.end:
            left = max(length - (self.end - self.start), 0)
            self._rebuild(rows=max(room, self.keys.shape[0]), left=left, right=_SLACK_COLUMNS)
        window = slice(self.end - length, self.end)
        self.keys[self.rows : room, :, window] = keys
        self.values[self.rows : room, :, window] = values
        # Stale numbers in the padding would do no harm behind the mask, but NaN would: 0 x NaN is NaN.
        self.keys[self.rows : room, :, : window.start] = 0
        self.values[self.rows : room, :, : window.start] = 0
        self.rows = room
        self.start = min(self.start, window.start)

    def drop(self, row: int) -> None:
        """Let the last row take the place of `row`."""
        last = self.rows - 1
        if row != last:
            self.keys[row] = self.keys[last]
            self.values[row] = self.values[last]
        self.rows = last

    def first(self, length: int, room: int) -> _RowLayer:
        """A copy of the first `length` columns, with room for `room` more."""
        keys, values = self.used()
        copy = _RowLayer()
        copy._begin(keys, values)
        copy._rebuild(rows=self.rows, left=0, right=length + room)
        copy.rows = self.rows
        copy.update(keys[:, :, :length], values[:, :, :length])
        return copy

    def trim(self, width: int) -> None:
        """Keep the last `width` columns."""
        self.start = self.end - width

    def _begin(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Take shape, type and device of `keys` and `values`, and hold nothing."""
        self.lazy_initialization(keys[:0, :, :0], values[:0, :, :0])

    def _rebuild(self, *, rows: int, left: int, right: int) -> None:
        """Move the window to fresh buffers with `left` and `right` more columns; unused ones on the left go."""
        width = self.end - self.start
        right += -(left + width + right) % _ALIGNED
        old = self.used()
        fresh = []
        for tensor in old:
            buffer = tensor.new_zeros((rows, tensor.shape[1], left + width + right, tensor.shape[3]))
            buffer[: self.rows, :, left : left + width] = tensor
            fresh.append(buffer)
        self.keys, self.values = fresh
        self.start, self.end = left, left + width
        self.builds += 1

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.get_seq_length() + query_length, 0

    def get_seq_length(self) -> int:
        return self.end - self.start

    def get_max_length(self) -> int:
        return -1


class RowCache(Cache):
    """All layers' rows; a cache of one row is a prefilled prompt."""

    layers: list[_RowLayer | StateLayer]

    def __init__(self, kinds: Sequence[str] = (), *, shared: bool = False) -> None:
        """Hold nothing; `kinds` are the types of the model's layers, where they are not all of one type.

        With `shared`, rows hold their own tokens only, and the prompts they go on from are read where they are.
        """
        self.shares = Shares() if shared else None
        if STATES in kinds:
            super().__init__(layers=[StateLayer() if kind == STATES else _RowLayer() for kind in kinds])
        else:
            super().__init__(layer_class_to_replicate=_RowLayer)

    @property
    def width(self) -> int:
        """Columns in use: the most tokens that a row holds itself, or more until the next `trim`."""
        return self._wide.get_seq_length() if self.layers else 0

    @property
    def is_divisible(self) -> bool:
        """Whether what was read can be cut back to its first tokens."""
        return not any(isinstance(layer, StateLayer) for layer in self.layers)

    @property
    def state_bytes(self) -> int:
        """What the states of linear attention take, of all rows together."""
        return sum(layer.size for layer in self.layers if isinstance(layer, StateLayer))

    @property
    def end(self) -> int:
        """The column that is written next."""
        return self._wide.end

    @property
    def columns(self) -> int:
        """Columns of the buffers, in use or not."""
        return self._wide.keys.shape[2]

    @property
    def capacity(self) -> int:
        """Rows of the buffers, in use or not."""
        return self._wide.keys.shape[0]

    @property
    def builds(self) -> int:
        """Changes when the buffers do."""
        return self._wide.builds

    @property
    def _wide(self) -> _RowLayer:
        return next(layer for layer in self.layers if isinstance(layer, _RowLayer))

    def make_room(self, columns: int) -> None:
        """See to it that the buffers hold `columns` more."""
        for layer in self.layers:
            layer.make_room(columns)

    def advance(self, columns: int) -> None:
        """Take columns into use that were written into the buffers from outside."""
        for layer in self.layers:
            if isinstance(layer, _RowLayer):
                layer.end += columns

    def append(self, source: RowCache, copies: int) -> None:
        """Add `copies` rows that hold the one row of `source`."""
        while len(self.layers) < len(source.layers):
            self.layers.append(type(source.layers[len(self.layers)])())
        skip = 0
        if self.shares is not None:
            self.shares.append(source, copies)
            skip = source.width
        for layer, other in zip(self.layers, source.layers, strict=True):
            if isinstance(layer, _RowLayer):
                layer.append(other, copies, skip=skip)
            else:
                layer.append(other, copies)

    def drop(self, row: int) -> None:
        """Let the last row take the place of `row`."""
        if self.shares is not None:
            self.shares.drop(row)
        for layer in self.layers:
            layer.drop(row)

    def own(self, lengths: Sequence[int]) -> Sequence[int]:
        """How many tokens of each row are in its columns, where `lengths` counts those of its prompt as well."""
        return lengths if self.shares is None else self.shares.own(lengths)

    def trim(self, width: int) -> None:
        """Forget the columns that no row needs: keep the last `width`."""
        for layer in self.layers:
            layer.trim(width)

    def first(self, length: int, room: int) -> RowCache:
        """A copy that holds the first `length` tokens of every row, with room for `room` more."""
        copy = RowCache()
        copy.layers = [layer.first(length, room) for layer in self.layers]
        return copy
