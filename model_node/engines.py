"""The engine that the flags name, and the weights it needs; torch is imported only for one that runs a model itself."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

from model_node.choosing import SMALLEST, cpu_quantization, gpu_memory, pick
from model_node.engine.base import Engine, EngineError

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

__all__ = ["engine_of", "model_of", "report"]

_REPLAYED = 32  # samples at once of a replay engine with a speed


def engine_of(options: argparse.Namespace) -> Engine:
    """Make the engine that the flags name; it is not started."""
    if options.engine == "replay":
        from model_node.engine.pacing import Pacing
        from model_node.engine.replay import ReplayEngine

        pacing = Pacing(options.max_batch or _REPLAYED, options.replay_speed) if options.replay_speed else None
        return ReplayEngine(options.replay, max_queued=options.max_queued, pacing=pacing)
    if options.engine == "openai":
        from model_node.engine.openai import OpenAIEngine, base_url_of, read_key

        return OpenAIEngine(
            base_url_of(options.base_url),
            model=options.model,
            key=read_key(),
            max_batch=options.max_batch,
            max_context=options.max_context,
            max_queued=options.max_queued,
        )
    folder, quantization = model_of(options)
    from model_node.engine.local import LocalEngine
    from model_node.models import default_cache

    return LocalEngine(
        folder,
        quantization=quantization,
        device=options.device,
        max_batch=options.max_batch,
        max_context=options.max_context,
        max_queued=options.max_queued,
        cache=default_cache(),
        model_id=folder.name if options.model == "auto" or options.model.endswith(".gguf") else options.model,
    )


def model_of(options: argparse.Namespace) -> tuple[Path, str]:
    """Return the folder of the weights and how to round them, fetched where they are not in the cache."""
    for module in ("torch", "transformers"):  # a missing one is told now, not after minutes of fetching
        if importlib.util.find_spec(module) is None:
            raise ModuleNotFoundError(name=module)
    from model_node.models import default_cache, resolve

    if options.model != "auto":
        return resolve(options.model, default_cache(), report), options.quantization or "bf16"
    gpus = gpu_memory(options.device)
    choice = pick(gpus, options.quantization)
    if choice.model == SMALLEST:
        form = options.quantization or (choice.quantization if gpus else cpu_quantization())
        return resolve(SMALLEST, default_cache(), report), form
    report(f"auto: {choice.why}")
    try:
        return resolve(choice.model, default_cache(), report), choice.quantization
    except EngineError as error:  # better a small model than none, where the hub is out of reach
        report(f"auto: {error}; going on with {SMALLEST}")
        return resolve(SMALLEST, default_cache(), report), options.quantization or "bf16"


def report(line: str) -> None:
    """Tell whoever starts the node."""
    print(line, file=sys.stderr, flush=True)
