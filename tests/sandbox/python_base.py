"""A base image for environment `image`, made of this machine's own interpreter: no registry is needed."""

from __future__ import annotations

import io
import os
import secrets
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from docker import DockerClient

__all__ = ["REPOSITORY", "import_base"]

REPOSITORY = "pytest-supercharger-test-base"
_LEFT_OUT = ("test", "site-packages", "dist-packages", "__pycache__", "idlelib", "lib2to3", "tkinter")
_ALSO = ("/etc/ssl/certs/ca-certificates.crt",)


def import_base(client: DockerClient, *, pip: bool = True) -> str:
    """Import an image with python3 on its path; its reference."""
    tag = secrets.token_hex(8)  # tests of other processes have theirs
    client.api.import_image_from_data(
        _tar(pip=pip), repository=REPOSITORY, tag=tag, changes=["ENV PATH=/usr/local/bin", "VOLUME /data"]
    )
    return f"{REPOSITORY}:{tag}"


def _tar(*, pip: bool) -> bytes:
    python = Path(os.path.realpath(sys.executable))
    library = Path(sysconfig.get_path("stdlib"))
    files = dict(_library(library))
    if pip:
        import pip as installed

        files |= _below(Path(installed.__file__).parent, library / "site-packages" / "pip")
    files |= {str(python): python}
    compiled = [path for path in files.values() if path.suffix == ".so"]
    files |= {path: Path(path) for path in (*_libraries([python, *compiled]), *_ALSO)}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        folders = {str(parent) for name in files for parent in Path(name).parents} - {"/"}
        for name in sorted({"/tmp", "/usr", "/usr/local", "/usr/local/bin", "/data", *folders}):
            folder = tarfile.TarInfo(name.lstrip("/"))
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name in ("/tmp", "/data") else 0o755
            tar.addfile(folder)
        for name, source in files.items():
            entry = tarfile.TarInfo(name.lstrip("/"))
            data = source.read_bytes()
            entry.size, entry.mode = len(data), 0o755 if os.access(source, os.X_OK) else 0o644
            tar.addfile(entry, io.BytesIO(data))
        account = b"root:x:0:0:the base's own:/root:/bin/sh"  # without an end of line, as some have it
        entry = tarfile.TarInfo("etc/passwd")
        entry.size, entry.mode = len(account), 0o644
        tar.addfile(entry, io.BytesIO(account))
        link = tarfile.TarInfo("usr/local/bin/python3")
        link.type, link.linkname = tarfile.SYMTYPE, str(python)
        tar.addfile(link)
    return buffer.getvalue()


def _library(library: Path) -> Iterator[tuple[str, Path]]:
    for folder, folders, names in os.walk(library):
        folders[:] = [name for name in folders if name not in _LEFT_OUT and not name.startswith("config-")]
        for name in names:
            path = Path(folder, name)
            yield str(path), path


def _below(folder: Path, target: Path) -> dict[str, Path]:
    return {str(target / path.relative_to(folder)): path for path in folder.rglob("*.py*") if path.suffix != ".pyc"} | {
        str(target / path.relative_to(folder)): path for path in folder.rglob("*.pem")
    }


def _libraries(programs: Iterable[Path]) -> set[str]:
    """The shared libraries that these files load, under the names they are loaded by."""
    found: set[str] = set()
    for program in programs:
        said = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False).stdout
        words = [word for line in said.splitlines() for word in line.split() if word.startswith("/")]
        found |= {word for word in words if Path(word).is_file()}
    return found
