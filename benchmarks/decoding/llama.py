"""llama.cpp by its batch interface: slots that decode together, each prompt read once, samples admitted at any step.

It runs in an interpreter that has `llama-cpp-python`; neither torch nor the project's dependencies are needed there.
"""

from __future__ import annotations

import os
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import llama_cpp as api

from decoding.work import Ask, Done

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Llama"]

SLOTS = 32
PROMPTS = 8  # that may wait or run at a time, each in a sequence of its own behind the slots
CONTEXT = 512  # of a sequence
SYSTEM = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."  # what the model's template adds
# The node's engine looks at as many; without a limit llama.cpp sorts the vocabulary and is slower.
CANDIDATES = 256


@api.llama_log_callback
def _quiet(*_: Any) -> None:
    """Its log has a line for every tensor."""


@dataclass(slots=True, eq=False)
class Sample:
    """One sample in a slot."""

    token: int  # read next
    place: int
    left: int
    sampler: Any


@dataclass(slots=True, eq=False)
class Prompt:
    """An ask that was read, but for its last token, into a sequence."""

    ask: Ask
    tokens: list[int]
    sequence: int
    waiting: int


class Llama:
    """The weights in `file`, on all cores."""

    def __init__(self, file: Path) -> None:
        api.llama_log_set(_quiet, None)
        api.llama_backend_init()
        self._model = api.llama_model_load_from_file(str(file).encode(), api.llama_model_default_params())
        self._vocabulary = api.llama_model_get_vocab(self._model)
        settings = api.llama_context_default_params()
        settings.n_seq_max = SLOTS + PROMPTS
        settings.n_ctx = CONTEXT * settings.n_seq_max
        settings.n_batch = settings.n_ubatch = CONTEXT
        settings.n_threads = settings.n_threads_batch = os.cpu_count() or 1
        settings.kv_unified = False
        self._context = api.llama_init_from_model(self._model, settings)
        self._memory = api.llama_get_memory(self._context)
        self._batch = api.llama_batch_init(CONTEXT, 0, 1)
        self._slots: list[Sample | None] = [None] * SLOTS
        self._prompts: deque[Prompt] = deque()
        self._seed = 0

    def run(self, asks: Sequence[Ask]) -> Done:
        begin = time.perf_counter()
        coming, tokens = deque(asks), 0
        while coming or self._prompts or any(self._slots):
            while coming and begin + coming[0].arrives <= time.perf_counter() and len(self._prompts) < PROMPTS:
                self._read(coming.popleft())
            self._admit()
            if any(self._slots):
                tokens += self._step()
            elif coming:
                time.sleep(max(0.0, begin + coming[0].arrives - time.perf_counter()))
        return Done(tokens=tokens, seconds=time.perf_counter() - begin)

    def close(self) -> None:
        api.llama_free(self._context)
        api.llama_model_free(self._model)

    def _read(self, ask: Ask) -> None:
        text = f"<|im_start|>system\n{SYSTEM}<|im_end|>\n"
        text += "".join(f"<|im_start|>{each['role']}\n{each['content']}<|im_end|>\n" for each in ask.messages)
        data = (text + "<|im_start|>assistant\n").encode()
        found = (api.llama_token * CONTEXT)()
        count = api.llama_tokenize(self._vocabulary, data, len(data), found, CONTEXT, False, True)
        tokens = list(found[:count])
        used = {prompt.sequence for prompt in self._prompts}
        sequence = next(place for place in range(SLOTS, SLOTS + PROMPTS) if place not in used)
        self._decode([(token, place, sequence) for place, token in enumerate(tokens[:-1])], logits=False)
        self._prompts.append(Prompt(ask=ask, tokens=tokens, sequence=sequence, waiting=ask.samples))

    def _admit(self) -> None:
        for slot, sample in enumerate(self._slots):
            if sample is not None or not self._prompts:
                continue
            prompt = self._prompts[0]
            api.llama_memory_seq_cp(self._memory, prompt.sequence, slot, -1, -1)
            last = len(prompt.tokens) - 1
            self._slots[slot] = Sample(prompt.tokens[-1], last, prompt.ask.tokens, self._sampler())
            prompt.waiting -= 1
            if not prompt.waiting:
                self._prompts.popleft()
                api.llama_memory_seq_rm(self._memory, prompt.sequence, -1, -1)

    def _step(self) -> int:
        running = [(slot, sample) for slot, sample in enumerate(self._slots) if sample is not None]
        self._decode([(sample.token, sample.place, slot) for slot, sample in running], logits=True)
        for row, (slot, sample) in enumerate(running):
            sample.token = api.llama_sampler_sample(sample.sampler, self._context, row)
            sample.place += 1
            sample.left -= 1
            if not sample.left:
                api.llama_sampler_free(sample.sampler)
                api.llama_memory_seq_rm(self._memory, slot, -1, -1)
                self._slots[slot] = None
        return len(running)

    def _decode(self, rows: Sequence[tuple[int, int, int]], *, logits: bool) -> None:
        batch = self._batch
        batch.n_tokens = len(rows)
        for row, (token, place, sequence) in enumerate(rows):
            batch.token[row], batch.pos[row], batch.logits[row] = token, place, logits
            batch.n_seq_id[row], batch.seq_id[row][0] = 1, sequence
        if status := api.llama_decode(self._context, batch):
            raise RuntimeError(f"llama_decode ended with status {status} for {len(rows)} tokens")

    def _sampler(self) -> Any:
        self._seed += 1
        chain = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
        for part in (
            api.llama_sampler_init_top_k(CANDIDATES),
            api.llama_sampler_init_top_p(0.95, 1),
            api.llama_sampler_init_temp(0.8),
            api.llama_sampler_init_dist(self._seed),
        ):
            api.llama_sampler_chain_add(chain, part)
        return chain
