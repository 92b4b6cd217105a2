"""The ways: the node's engine, transformers' `generate` with all samples at once or one by one, and a server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

import torch

from decoding.work import Ask, Done, through
from model_node.choosing import cpu_quantization
from model_node.engine.local import LocalEngine
from model_node.engine.openai import OpenAIEngine, read_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Generate", "Ours", "Server", "Way"]


class Way(Protocol):
    """Something that decodes asks."""

    def run(self, asks: Sequence[Ask]) -> Done: ...

    def close(self) -> None: ...


class Ours:
    """The engine behind `--engine local`; nothing ends before its limit, as in `generate` below."""

    def __init__(self, folder: Path, quantization: str | None, *, shared: bool = True) -> None:
        form = quantization or cpu_quantization()
        self._engine = LocalEngine(folder, device="cpu", model_id=folder.name, quantization=form)
        self._engine.start()
        object.__setattr__(self._engine._loaded, "end_tokens", frozenset())
        if not shared:
            self._engine._batch._shared = False
            self._engine._batch.clear()

    def run(self, asks: Sequence[Ask]) -> Done:
        return through(self._engine, asks)

    def close(self) -> None:
        self._engine.close()


class Generate:
    """`generate(num_return_sequences=n)` in bfloat16, one ask after the other; or one sample after the other."""

    def __init__(self, folder: Path, *, at_once: bool) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self._at_once = at_once
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).eval()

    def run(self, asks: Sequence[Ask]) -> Done:
        tokens = 0
        begin = time.perf_counter()
        for ask in asks:
            time.sleep(max(0.0, begin + ask.arrives - time.perf_counter()))
            for count in [ask.samples] if self._at_once else [1] * ask.samples:
                tokens += self._generate(ask, count)
        return Done(tokens=tokens, seconds=time.perf_counter() - begin)

    def close(self) -> None: ...

    def _generate(self, ask: Ask, count: int) -> int:
        prompt = self._tokenizer.apply_chat_template(
            ask.messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        with torch.inference_mode():
            out = self._model.generate(
                **prompt,
                do_sample=True,
                temperature=0.8,
                top_p=0.95,
                top_k=0,
                repetition_penalty=1.0,
                num_return_sequences=count,
                max_new_tokens=ask.tokens,
                min_new_tokens=ask.tokens,
                pad_token_id=0,
            )
        return int(out[:, prompt["input_ids"].shape[1] :].numel())


class Server:
    """An OpenAI-compatible server that runs already, such as llama.cpp's; its samples may end before their limit."""

    def __init__(self, url: str) -> None:
        self._engine = OpenAIEngine(url, key=read_key(), max_batch=64)
        self._engine.start()

    def run(self, asks: Sequence[Ask]) -> Done:
        return through(self._engine, asks)

    def close(self) -> None:
        self._engine.close()
