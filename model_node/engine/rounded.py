"""Weights in 8 bit, kept on disk: rounding a big model takes minutes, reading it back takes seconds."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["keep", "place", "reloaded"]

_log = logging.getLogger(__name__)
_SPARE = 1.1  # of the weights, as free disk


def place(cache: Path, digest: str) -> Path:
    """Where the rounded weights of the model with this digest are kept; the digest covers how they were rounded."""
    return cache / "int8" / digest.rpartition(":")[2][:24]


def reloaded(folder: Path, load: Callable[[Path], Any]) -> Any:
    """The model kept in `folder`, None where there is none; one that cannot be read any more is removed."""
    if not (folder / "config.json").is_file():
        return None
    try:
        return load(folder)
    except Exception as error:  # of another version of a library, mostly; the original weights are still there
        _log.warning("kept weights in %s cannot be read (%s); rounding anew", folder, type(error).__name__)
        shutil.rmtree(folder, ignore_errors=True)
        return None


def keep(model: Any, folder: Path) -> None:
    """Keep the rounded weights of `model` in `folder`, whole or not at all; a full disk costs only the next start."""
    size = sum(weight.numel() * weight.element_size() for weight in model.parameters())
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder.parent).free
        if free < _SPARE * size:
            _log.warning("rounded weights are not kept: %s has %d MB free of %d", folder.parent, free >> 20, size >> 20)
            return
        work = Path(tempfile.mkdtemp(prefix=f"{folder.name}.partial-", dir=folder.parent))
        try:
            model.save_pretrained(work)
            work.rename(folder)  # fails where another node was faster
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        if not folder.is_dir():
            _log.warning("rounded weights are not kept in %s (%s)", folder, error)
