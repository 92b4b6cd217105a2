"""Weights in 8 bit, kept on disk: rounding a big model takes minutes, reading it back takes seconds."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from model_node.engine.failures import out_of_memory

__all__ = ["keep", "place", "reloaded"]

_log = logging.getLogger(__name__)
_SPARE = 1.1  # of the weights, as free disk
_PARTIAL = "partial-"  # and the number of the process


def place(cache: Path, digest: str, source: Path) -> Path:
    """Where the rounded weights of the model in `source` are kept; the digest covers how they were rounded.

    It reads the weights in part only, so that size and time of the files count as well.
    """
    total = hashlib.sha256(digest.encode())
    for path in sorted(source.glob("*.safetensors")):
        status = path.stat()
        total.update(f"\0{path.name}\0{status.st_size}\0{status.st_mtime_ns}".encode())
    return cache / "int8" / total.hexdigest()[:24]


def reloaded(folder: Path, load: Callable[[Path], Any]) -> Any:
    """The model kept in `folder`, None where there is none; one that cannot be read any more is removed."""
    if not (folder / "config.json").is_file():
        return None
    try:
        return load(folder)
    except Exception as error:  # of another version of a library, mostly; the original weights are still there
        if out_of_memory(error) or (isinstance(error, OSError) and error.errno is not None):
            raise  # says nothing about the files
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
        _remove_leftovers(folder.parent)
        work = Path(tempfile.mkdtemp(prefix=f"{_PARTIAL}{os.getpid()}-", dir=folder.parent))
        try:
            model.save_pretrained(work)
            for path in work.iterdir():
                _sync(path)
            work.rename(folder)  # fails where another node was faster
            _sync(folder.parent)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except Exception as error:  # a full disk is no OSError to safetensors; nothing here may cost the node its start
        if not folder.is_dir():
            _log.warning("rounded weights are not kept in %s (%s)", folder, error)


def _remove_leftovers(folder: Path) -> None:
    """Remove what processes that have ended left half written: gigabytes each."""
    for path in folder.glob(f"{_PARTIAL}*"):
        pid = path.name.removeprefix(_PARTIAL).partition("-")[0]
        if not (pid.isdecimal() and Path("/proc", pid).exists() and int(pid) != os.getpid()):
            shutil.rmtree(path, ignore_errors=True)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
