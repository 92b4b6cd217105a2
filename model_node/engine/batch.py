"""The decoding batch: rows of all jobs and prompts take each step together."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from model_node.engine.attending import take_over
from model_node.engine.base import FinishedSample, FinishReason
from model_node.engine.graphs import GraphedSteps, can_be_graphed
from model_node.engine.heap import give_back
from model_node.engine.plain import PlainSteps, can_be_plain
from model_node.engine.rows import RowCache
from model_node.engine.sampling import Draw, choose, stream_key
from model_node.engine.scheduler import Group, Running
from model_node.engine.shares import SharedStep, can_share, padding_mask
from model_node.engine.stopping import StopWatch, cut, decoded, loops

if TYPE_CHECKING:
    from model_node.engine.loading import LoadedModel
    from model_node.engine.prefixes import Prefill

__all__ = ["Batch", "Row"]

_BETWEEN_GIFTS = 128  # steps; the cache gets new buffers about as often
Emit = Callable[[Running, FinishedSample], None]


@dataclass(slots=True, eq=False)
class Row:
    """One sample while it is decoded."""

    group: Group
    sample_index: int
    key: int
    watch: StopWatch
    prefill: Prefill  # so that the prompt is not read again while the row lives
    tokens: list[int] = field(default_factory=list)
    logprob: float = 0.0

    def draw(self) -> Draw:
        """What `choose` needs for this row's next token."""
        params = self.group.running.job.params
        seen = (*self.group.tokens, *self.tokens) if params.repetition_penalty != 1.0 else ()
        return Draw(params=params, key=self.key, step=len(self.tokens), seen=seen)


class Batch:
    """Rows that decode together; `step` gives each one token and emits those that ended."""

    def __init__(self, loaded: LoadedModel, emit: Emit, *, graphs: bool = True) -> None:
        """Hold no rows yet; steps are CUDA graphs where the model allows it, unless `graphs` is false."""
        self.rows: list[Row] = []
        self._loaded = loaded
        self._emit = emit
        self._steps: GraphedSteps | PlainSteps | None = None
        if can_be_plain(loaded):
            self._steps = PlainSteps(loaded)
        elif graphs and can_be_graphed(loaded):
            self._steps = GraphedSteps(loaded)
        # A graph reads fixed addresses, and prompts come and go.
        self._shared = can_share(loaded.model) and not isinstance(self._steps, GraphedSteps)
        if self._shared and self._steps is None:
            take_over(loaded.model)
        self._cache = RowCache(shared=self._shared)
        self._count = 0
        self._lengths: list[int] = []  # cached tokens of each row; the last generated one is not cached yet

    def fits(self, group: Group, count: int) -> int:
        """How many of `count` rows of `group` the cache memory holds beside the present ones."""
        widest = max(self._columns(each) for each in (group, *(row.group for row in self.rows)))
        tokens = self._loaded.cache_tokens - self._kept(group)
        room = max(tokens // (widest + self._loaded.state_tokens) - len(self.rows), 0)
        # A lone row always runs: its length is bounded by the context.
        return min(count, room if self.rows else max(room, 1))

    def join(self, group: Group, samples: Sequence[int], prefill: Prefill) -> None:
        """Start `samples` of `group` from their prefilled prompt."""
        seed = group.running.job.params.seed
        stops = group.running.job.params.stop
        rows = [
            Row(
                group,
                index,
                stream_key(seed, group.prompt_index, index),
                StopWatch(self._loaded.tokenizer, stops),
                prefill,
            )
            for index in samples
        ]
        chosen = choose(prefill.logits.expand(len(rows), -1), [row.draw() for row in rows])
        # Memory may run out up to here, and no row has ended yet: one that starts again is not sent twice.
        self._cache.append(prefill.cache, len(rows))
        self._lengths += [len(group.tokens)] * len(rows)
        self.rows += rows
        self._advance(len(self.rows) - len(rows), *chosen)

    def step(self) -> int:
        """Decode one token for every row; return how many rows there were."""
        count = len(self.rows)
        chosen = choose(self._forward(), [row.draw() for row in self.rows])
        self._lengths = [length + 1 for length in self._lengths]
        self._advance(0, *chosen)
        self._count += 1
        if self._count % _BETWEEN_GIFTS == 0:
            give_back()
        return count

    def remove(self, running: Running) -> None:
        """Free the rows of a job."""
        self._drop([place for place, row in enumerate(self.rows) if row.group.running is running])

    def clear(self) -> list[Row]:
        """Free all rows and their memory; return them."""
        rows, self.rows, self._lengths = self.rows, [], []
        self._cache = RowCache(shared=self._shared)
        if self._steps is not None:
            self._steps.clear()
        give_back()
        return rows

    def _columns(self, group: Group) -> int:
        """Columns that a row of `group` may take."""
        return group.limit if self._shared else group.longest

    def _kept(self, group: Group) -> int:
        """Tokens of prompts that are kept once, that of `group` among them."""
        if (shares := self._cache.shares) is None:
            return 0
        known = any(row.group.tokens == group.tokens for row in self.rows)
        return shares.tokens + (0 if known else len(group.tokens))

    def _forward(self) -> torch.Tensor:
        if self._steps is not None:
            return self._steps.step(self._cache, [row.tokens[-1] for row in self.rows], self._lengths)
        device = self._loaded.device
        lengths = torch.tensor(self._lengths, device=device)
        visible = self._visible(lengths)
        result = self._loaded.model(
            input_ids=torch.tensor([[row.tokens[-1]] for row in self.rows], device=device),
            position_ids=lengths[:, None],
            **{self._loaded.cache_name: self._cache},
            use_cache=True,
            logits_to_keep=1,
            **visible,
        )
        if "shared" in visible and visible["shared"].layers != len(self._cache.layers):
            raise RuntimeError("the model's attention does not read shared prompts; take it off the list in shares.py")
        logits: torch.Tensor = result.logits[:, -1].to(device)
        return logits

    def _visible(self, lengths: torch.Tensor) -> dict[str, Any]:
        """What tells the model's attention which tokens a row sees."""
        width = self._cache.width
        if (shares := self._cache.shares) is None:
            columns = torch.arange(width + 1, device=lengths.device)
            return {"attention_mask": columns[None, :] >= (width - lengths)[:, None]}
        kind = self._loaded.model.get_input_embeddings().weight.dtype
        return {"shared": SharedStep(shares, padding_mask(width, shares.own(self._lengths), kind))}

    def _advance(self, first: int, tokens: Sequence[int], logprobs: Sequence[float]) -> None:
        """Give the rows from place `first` on their next token; drop and emit those that ended."""
        ended: dict[int, FinishReason] = {}
        for place, (token, logprob) in enumerate(zip(tokens, logprobs, strict=True), first):
            row = self.rows[place]
            if math.isnan(logprob):
                ended[place] = FinishReason.ERROR
                continue
            row.tokens.append(token)
            row.logprob += logprob
            if (reason := self._ended(row, token)) is not None:
                ended[place] = reason
        rows = [(self.rows[place], reason) for place, reason in ended.items()]
        self._drop(list(ended))  # first: who hears of its end finds the row free
        for row, reason in rows:
            if reason is FinishReason.ERROR:
                self._spoil(row)
            else:
                self._finish(row, reason)

    def _ended(self, row: Row, token: int) -> FinishReason | None:
        if token in self._loaded.end_tokens:
            return FinishReason.EOS
        if row.watch.hit(row.tokens):
            return FinishReason.STOP
        if loops(row.tokens):
            return FinishReason.LOOP
        return FinishReason.LENGTH if len(row.tokens) >= row.group.limit else None

    def _spoil(self, row: Row) -> None:
        """End a sample whose logits are no numbers; nothing of it is sent, and the other rows know nothing of it."""
        error = f"the model's logits were NaN after {len(row.tokens)} tokens; ask again, or start the node with bf16"
        sample = FinishedSample(
            prompt_index=row.group.prompt_index,
            sample_index=row.sample_index,
            text="",
            finish_reason=FinishReason.ERROR,
            num_tokens=len(row.tokens),
            error=error,
        )
        self._emit(row.group.running, sample)

    def _finish(self, row: Row, reason: FinishReason) -> None:
        job = row.group.running.job
        text, stopped = cut(decoded(self._loaded.tokenizer, row.tokens), job.params.stop)
        sample = FinishedSample(
            prompt_index=row.group.prompt_index,
            sample_index=row.sample_index,
            text=job.prompts[row.group.prompt_index].assistant_prefix + text,
            finish_reason=FinishReason.STOP if stopped else reason,
            num_tokens=len(row.tokens),
            sum_logprob=row.logprob,
        )
        self._emit(row.group.running, sample)

    def _drop(self, places: Sequence[int]) -> None:
        for place in sorted(places, reverse=True):
            self._cache.drop(place)
            self.rows[place], self._lengths[place] = self.rows[-1], self._lengths[-1]
            self.rows.pop()
            self._lengths.pop()
        if not self.rows:
            self.clear()
        elif places:
            self._cache.trim(max(self._cache.own(self._lengths)))
