"""The image of environment `host`: a few hundred kilobytes of our own files; the rest is mounted from the host."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from docker.errors import APIError, ImageNotFound

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox import users

if TYPE_CHECKING:
    from docker import DockerClient

__all__ = ["INSIDE", "LIBRARY", "PACKAGES", "REPOSITORY", "build_tar", "ensure_image", "own_files", "pack"]

REPOSITORY = "pytest-supercharger-host"
INSIDE = "/supercharger/inside"
LIBRARY = "/supercharger/lib"
PACKAGES = "/supercharger/packages"
_PACKAGE = Path(__file__).resolve().parent.parent
_DIRECTORIES = ("dev", "etc", "proc", "root", "run", "snapshot", "supercharger", "sys", "tmp", "usr", "var", "var/tmp")
_ETC = {
    "etc/passwd": "root:x:0:0:root:/root:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
    "etc/hostname": "sandbox\n",
    "etc/resolv.conf": "",
    "etc/os-release": 'ID=linux\nNAME="pytest-supercharger sandbox"\n',
}


def own_files() -> dict[str, bytes]:
    """What runs inside, and the marker that user code imports: path in the container -> content."""
    sandbox = _PACKAGE / "sandbox"
    files = {f"{INSIDE}/{path.name}": path.read_bytes() for path in sorted((sandbox / "inside").glob("*.py"))}
    files[f"{INSIDE}/frames.py"] = (sandbox / "frames.py").read_bytes()
    for name in ("__init__.py", "marker.py", "_version.py", "py.typed"):
        files[f"{LIBRARY}/pytest_supercharger/{name}"] = (_PACKAGE / name).read_bytes()
    return files


def build_tar(links: Mapping[str, str], files: Mapping[str, bytes]) -> bytes:
    """The same bytes for the same content, wherever and whenever they are made."""
    contents = {name: text.encode() for name, text in _ETC.items()}
    for name, lines in users.accounts().items():
        contents[f"etc/{name}"] += lines.encode()
    contents |= {name.lstrip("/"): data for name, data in files.items()}
    links = {name.lstrip("/"): target for name, target in links.items()}
    return pack(contents, links, folders=_DIRECTORIES)


def pack(files: Mapping[str, bytes], links: Mapping[str, str] | None = None, *, folders: Iterable[str] = ()) -> bytes:
    """A tar of these files with the folders they lie in; nothing in it belongs to anyone."""
    contents, links = {name.lstrip("/"): data for name, data in files.items()}, links or {}
    parents = {str(parent) for name in (*contents, *links) for parent in Path(name).parents}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted({*folders, *parents} - {".", *links}):
            entry = _entry(name, tarfile.DIRTYPE, 0o1777 if name in ("tmp", "var/tmp") else 0o755)
            tar.addfile(entry)
        for name, target in sorted(links.items()):
            entry = _entry(name, tarfile.SYMTYPE, 0o777)
            entry.linkname = target
            tar.addfile(entry)
        for name, data in sorted(contents.items()):
            entry = _entry(name, tarfile.REGTYPE, 0o644)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def _entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type = kind
    entry.mode = mode
    return entry


def ensure_image(client: DockerClient, tar: bytes) -> str:
    """The reference of the image with this content, imported once an engine."""
    tag = hashlib.sha256(tar).hexdigest()[:24]
    reference = f"{REPOSITORY}:{tag}"
    try:
        client.images.get(reference)
    except ImageNotFound:
        try:
            client.api.import_image_from_data(tar, repository=REPOSITORY, tag=tag)
            client.images.get(reference)
        except APIError as error:
            raise SandboxError(f"the sandbox image {reference} cannot be imported: {error.explanation}") from None
    return reference
