"""GGUF to safetensors, once, so that every later start loads in seconds."""

from __future__ import annotations

import os
from pathlib import Path

from model_node.engine.base import EngineError, ErrorKind

__all__ = ["convert"]


def convert(gguf: Path, folder: Path) -> None:
    """Save the model and tokenizer of `gguf` in `folder`: bfloat16 weights, chat template kept."""
    # The reader of GGUF files draws its own bar, which would tear a log of lines apart; read at the import of tqdm.
    os.environ.setdefault("TQDM_DISABLE", "1")
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
        from transformers.utils import logging
    except ImportError as error:
        raise EngineError(
            ErrorKind.FAILED, f'{error.name} is not installed; install it with pip install "pytest-supercharger[node]"'
        ) from error

    logging.disable_progress_bar()
    source = str(gguf.parent)
    tokenizer = AutoTokenizer.from_pretrained(source, gguf_file=gguf.name)
    model = AutoModelForCausalLM.from_pretrained(
        source, gguf_file=gguf.name, quantization_config=GgufConfig(dequantize=True), dtype=torch.bfloat16
    )
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    for path in folder.iterdir():
        path.chmod(0o644)
