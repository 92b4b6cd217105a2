"""A decoding step on a GPU as one CUDA graph.

A step of a big model is thousands of short kernels, and starting them one by one from Python takes several times as
long as running them. A graph starts all of them at once, but with the same shapes at the same addresses. So this step
reads all columns of the cache's buffers, behind a mask that shows those in use, and writes the column that its inputs
name; rows are filled up to a power of two. A graph is good until the buffers are built anew.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import torch
from transformers.cache_utils import Cache, CacheLayerMixin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_node.engine.loading import LoadedModel
    from model_node.engine.rows import RowCache

__all__ = ["GraphedSteps", "can_be_graphed"]

_log = logging.getLogger(__name__)


def can_be_graphed(loaded: LoadedModel) -> bool:
    """Whether a step of the model runs on one GPU without a look at its numbers, and with one mask for all layers."""
    model, config = loaded.model, loaded.model.config.get_text_config()
    one_gpu = loaded.device.type == "cuda" and {each.device for each in model.parameters()} == {loaded.device}
    kinds = set(getattr(config, "layer_types", None) or ())
    one_mask = kinds == {"full_attention"} or not (kinds or getattr(config, "sliding_window", None))
    # Models of other positions than rotary ones read more than visibility off the mask.
    rotary = hasattr(model.base_model, "rotary_emb")
    # bitsandbytes looks for outliers on the host.
    outliers = any(getattr(getattr(module, "state", None), "threshold", 0) > 0 for module in model.modules())
    return one_gpu and one_mask and rotary and not outliers


class GraphedSteps:
    """Runs steps of a batch; the first one of a shape as it is, later ones as a graph."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._loaded = loaded
        self._steps: dict[int, _Step] = {}  # by rows
        self._builds = 0
        self._capture = loaded.device.type == "cuda"
        self._pool: Any = None

    def step(self, cache: RowCache, tokens: Sequence[int], lengths: Sequence[int]) -> torch.Tensor:
        """Put one token into each row and return the logits [rows, vocabulary]; the next step overwrites them."""
        cache.make_room(1)
        if cache.builds != self._builds:
            self.clear()
            self._builds = cache.builds
        rows = min(1 << (len(tokens) - 1).bit_length(), cache.capacity)
        if rows not in self._steps:
            self._steps[rows] = _Step(self._loaded, cache, rows)
        step = self._steps[rows]
        step.fill(tokens, lengths, cache.end)
        if step.ran and not step.captured and self._capture:
            self._pool = self._pool or torch.cuda.graph_pool_handle()
            self._capture = step.capture(self._pool)
        logits = step.run()[: len(tokens)]
        cache.advance(1)
        return logits

    def clear(self) -> None:
        """Forget all graphs and free their memory."""
        self._steps.clear()
        self._pool = None  # a pool ends with its last graph


class _Step:
    """One step for a number of rows and one set of buffers."""

    def __init__(self, loaded: LoadedModel, cache: RowCache, rows: int) -> None:
        self._model = loaded.model
        self._cache_name = loaded.cache_name
        self._type = loaded.model.get_input_embeddings().weight.dtype
        self._rows = rows
        # Tokens, then lengths, then the column to write.
        self._inputs = torch.zeros(2 * rows + 1, dtype=torch.long, device=loaded.device)
        self._columns = torch.arange(cache.columns, device=loaded.device)
        self._cache = _FixedCache(cache, rows, self._inputs[-1:])
        self._graph: torch.cuda.CUDAGraph | None = None
        self._logits: torch.Tensor
        self.ran = False

    @property
    def captured(self) -> bool:
        return self._graph is not None

    def fill(self, tokens: Sequence[int], lengths: Sequence[int], column: int) -> None:
        """Set the inputs; rows that are not in use see nothing but themselves."""
        idle = [0] * (self._rows - len(tokens))
        self._inputs.copy_(torch.tensor([*tokens, *idle, *lengths, *idle, column]))

    def run(self) -> torch.Tensor:
        """Logits of all rows."""
        self.ran = True
        if self._graph is None:
            return self._forward()
        self._graph.replay()
        return self._logits

    def capture(self, pool: Any) -> bool:
        """Record the step without running it; False when the model does what a graph cannot repeat."""
        graph = torch.cuda.CUDAGraph()
        try:
            # Another thread may use the GPU meanwhile.
            with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
                self._logits = self._forward()
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            reason = str(error).partition("\n")[0]
            _log.warning("the model's step cannot become a CUDA graph (%s); going on without one", reason)
            return False
        self._graph = graph
        return True

    def _forward(self) -> torch.Tensor:
        lengths = self._inputs[self._rows : -1, None]
        seen = (self._columns <= self._inputs[-1]) & (self._columns >= self._inputs[-1] - lengths)
        mask = torch.zeros(seen.shape, dtype=self._type, device=seen.device).masked_fill_(~seen, float("-inf"))
        result = self._model(
            input_ids=self._inputs[: self._rows, None],
            attention_mask=mask[:, None, None, :],
            position_ids=lengths,
            use_cache=True,
            logits_to_keep=1,
            **{self._cache_name: self._cache},
        )
        logits: torch.Tensor = result.logits[:, -1]
        return logits


class _FixedLayer(CacheLayerMixin):
    """The first rows of one layer's buffers, whole; new keys and values go to the column that a tensor holds."""

    is_sliding = False

    def __init__(self, source: Any, rows: int, column: torch.Tensor) -> None:
        super().__init__()
        # Not the buffers themselves: they must be free to go when the cache builds new ones.
        self._source, self._rows, self._column = source, rows, column
        self.is_initialized = True

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        pass

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        keys, values = self._source.keys[: self._rows], self._source.values[: self._rows]
        keys.index_copy_(2, self._column, key_states)
        values.index_copy_(2, self._column, value_states)
        return keys, values

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.get_seq_length(), 0

    def get_seq_length(self) -> int:
        return int(self._source.keys.shape[2])

    def get_max_length(self) -> int:
        return self.get_seq_length()


class _FixedCache(Cache):
    """A `RowCache` as a step of fixed shape sees it."""

    def __init__(self, source: RowCache, rows: int, column: torch.Tensor) -> None:
        super().__init__(layers=[_FixedLayer(layer, rows, column) for layer in source.layers])
