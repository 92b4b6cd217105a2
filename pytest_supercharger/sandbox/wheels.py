"""Wheels that came out of a container: checked, counted, and unpacked into a folder; nothing of them is run here."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from pytest_supercharger.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["SIZE_LIMIT", "Wheel", "read", "unpack"]

MEBI = 1024 * 1024
SIZE_LIMIT = 256 * MEBI  # of the wheels of one request, with all they depend on
_UNPACKED_LIMIT = 4 * SIZE_LIMIT
_FILES_LIMIT = 50_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._]*-[A-Za-z0-9._!+]+(?:-[A-Za-z0-9._]+){3,4}\.whl")
_DATA = re.compile(r"[^/]+\.data/(?:purelib|platlib)/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """One wheel as it was fetched."""

    name: str  # of its file
    data: bytes

    @property
    def sha256(self) -> str:
        """The digest of the whole file."""
        return hashlib.sha256(self.data).hexdigest()


def read(packed: bytes) -> list[Wheel]:
    """The wheels in a tar; SandboxError for anything else in it."""
    wheels = []
    try:
        with tarfile.open(fileobj=io.BytesIO(packed), mode="r:") as tar:
            for entry in tar:
                stream = tar.extractfile(entry) if entry.isreg() else None
                if stream is None or not _NAME.fullmatch(entry.name):
                    raise SandboxError(f"what was fetched holds {entry.name[:100]!r}, which is no wheel")
                wheels.append(Wheel(name=entry.name, data=stream.read()))
    except tarfile.TarError as error:
        raise SandboxError(f"what was fetched cannot be read: {error}") from None
    return wheels


def unpack(wheels: Sequence[Wheel], folder: Path) -> None:
    """Put the modules of `wheels` into `folder`, readable for everyone.

    Left out: what would be run without being imported (.pth files, entry points, and with them pytest plugins), and
    scripts and data that belong elsewhere.
    """
    room = _UNPACKED_LIMIT
    files = 0
    for wheel in wheels:
        try:
            with zipfile.ZipFile(io.BytesIO(wheel.data)) as archive:
                for entry, target in _wanted(archive):
                    files += 1
                    room -= entry.file_size
                    if room < 0 or files > _FILES_LIMIT:
                        raise SandboxError(f"{wheel.name} unpacks to more than {_UNPACKED_LIMIT // MEBI} MiB")
                    with archive.open(entry) as source:
                        _write(folder, target, source)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
            raise SandboxError(f"{wheel.name} cannot be unpacked: {error}") from None


def _wanted(archive: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, PurePosixPath]]:
    for entry in archive.infolist():
        name = _DATA.sub("", entry.filename, count=1)
        path = PurePosixPath(name)
        top = path.parts[0] if path.parts else ""
        started = (len(path.parts) == 1 and path.suffix == ".pth") or path.name in (
            "sitecustomize.py",
            "usercustomize.py",
        )
        entry_points = top.endswith(".dist-info") and path.name == "entry_points.txt"
        if entry.is_dir() or started or entry_points or top.endswith(".data"):
            continue
        if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
            raise SandboxError(f"a wheel wants to write to {entry.filename[:100]!r}")
        yield entry, path


def _write(folder: Path, target: PurePosixPath, source: IO[bytes]) -> None:
    path = folder
    for part in target.parts[:-1]:
        path = path / part
        path.mkdir(mode=0o755, exist_ok=True)
        path.chmod(0o755)
    path = path / target.name
    path.unlink(missing_ok=True)
    with path.open("wb") as stream:
        shutil.copyfileobj(source, stream, MEBI)
    path.chmod(0o644)
