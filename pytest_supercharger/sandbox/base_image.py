"""The image of environment `image`: a base, what the project depends on, pytest and our files; cached by content."""

from __future__ import annotations

import hashlib
import io
import json
import posixpath
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docker.errors import APIError, DockerException, ImageNotFound, NotFound

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox import image, index, requirements, users
from pytest_supercharger.sandbox.networked import NetworkedSpec, networked, run_networked
from pytest_supercharger.sandbox.reaper import CLIENT_LABEL
from pytest_supercharger.sandbox.slot import reason

if TYPE_CHECKING:
    from docker import APIClient, DockerClient

__all__ = ["REPOSITORY", "SCRIPT", "BuiltImage", "copy", "default_base", "ensure_built", "last_line"]

REPOSITORY = "pytest-supercharger-image"
SCRIPT = (Path(__file__).resolve().parent / "inside" / "packages.py").read_text("utf-8")
_EXECUTABLE_LABEL = "pytest-supercharger.executable"
_PYTEST = "pytest>=8.4"  # as our own package asks for
_OLDEST = (3, 10)
_SECONDS = 1800.0
_LINKS = 8  # one after another, to a file of users


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltImage:
    """An image that has the project's environment in it."""

    reference: str
    executable: str
    volumes: tuple[str, ...] = ()  # folders that the base declares as volumes


def default_base() -> str:
    """The base where the user names none: the same Python as here."""
    return f"python:{sys.version_info[0]}.{sys.version_info[1]}-slim"


def ensure_built(
    client: DockerClient, architecture: str, project: Path, base: str, report: Callable[[str], None]
) -> BuiltImage:
    """The image for this project, built where the engine has none of the same content.

    Raises:
        SandboxError: the base cannot be had, or the dependencies cannot be installed into it.
    """
    declared = requirements.read(project)
    lines = [*declared.lines, _PYTEST]
    tag = _digest(_base_id(client, base, report), lines)
    reference = f"{REPOSITORY}:{tag}"
    try:
        found = client.images.get(reference)
    except ImageNotFound:
        report(f"sandbox: building an image from {base} with {len(lines)} requirements; later runs use it again")
        if declared.unused:
            report(f"sandbox: not installed there: {', '.join(declared.unused[:5])}")
        _build(client, architecture, base, lines, tag)
        found = client.images.get(reference)
    return BuiltImage(
        reference=reference,
        executable=str(found.labels.get(_EXECUTABLE_LABEL)),
        volumes=tuple(sorted(found.attrs["Config"].get("Volumes") or ())),
    )


def copy(source: DockerClient, target: DockerClient, reference: str) -> None:
    """Bring an image from one engine to another that does not have it."""
    try:
        try:
            target.images.get(reference)
        except ImageNotFound:
            with tempfile.TemporaryFile() as packed:
                for part in source.images.get(reference).save(named=True):
                    packed.write(part)
                packed.seek(0)
                target.images.load(packed)
            target.images.get(reference)
    except (DockerException, OSError) as error:
        raise SandboxError(f"the sandbox image cannot be sent from engine to engine: {reason(error)}") from None


def _base_id(client: DockerClient, base: str, report: Callable[[str], None]) -> str:
    try:
        try:
            found = client.images.get(base)
        except ImageNotFound:
            report(f"sandbox: pulling {base}")
            found = client.images.pull(base)
    except (DockerException, OSError) as error:
        raise SandboxError(
            f"the base image {base} is not on the engine and cannot be pulled ({reason(error)}); "
            'bring it there with "docker load", or name one that is there with supercharge_image'
        ) from None
    return str(found.id)


def _digest(base: str, lines: list[str]) -> str:
    digest = hashlib.sha256(json.dumps([base, lines, SCRIPT, users.accounts()]).encode())
    for name, data in sorted(image.own_files().items()):
        digest.update(name.encode() + hashlib.sha256(data).digest())
    return digest.hexdigest()[:24]


def _build(client: DockerClient, architecture: str, base: str, lines: list[str], tag: str) -> None:
    api = client.api
    spec = NetworkedSpec(
        image=base,
        command=("python3", "-B", "-s", "-c", SCRIPT),
        architecture=architecture,
        user=0,
        environment={"HOME": "/tmp", "LANG": "C.UTF-8"},
    )
    job = {"do": "install", "requirements": lines, **index.for_containers()}
    try:
        with networked(client, spec) as container:
            status, output, errors = run_networked(api, container, job, seconds=_SECONDS)
            if status:
                raise SandboxError(last_line(errors) or f"exit status {status}")
            labels = f'LABEL {_EXECUTABLE_LABEL}="{_executable(output, base)}" {CLIENT_LABEL}=""'
            api.put_archive(container, "/", image.pack({**image.own_files(), **_accounts(api, container)}))
            api.commit(container, repository=REPOSITORY, tag=tag, changes=[labels, "ENTRYPOINT []", "CMD []"])
    except (SandboxError, APIError) as error:
        raise SandboxError(
            f"the sandbox image cannot be built from {base}: {reason(error)}; it needs python3, pip and the way to a "
            "package index, or name another with supercharge_image"
        ) from None


def _accounts(api: APIClient, container: str) -> dict[str, bytes]:
    """The base's files of users and groups, with those of slots after its own."""
    files = {}
    for name, lines in users.accounts().items():
        known = _content(api, container, f"/etc/{name}")
        files[f"/etc/{name}"] = known + (b"" if not known or known.endswith(b"\n") else b"\n") + lines.encode()
    return files


def _content(api: APIClient, container: str, path: str, links: int = _LINKS) -> bytes:
    try:
        data, _ = api.get_archive(container, path)
    except NotFound:
        return b""
    with tarfile.open(fileobj=io.BytesIO(b"".join(data))) as tar:
        entry = tar.next()
        if entry is not None and entry.issym() and links:
            target = posixpath.join(posixpath.dirname(path), entry.linkname)
            return _content(api, container, posixpath.normpath(target), links - 1)
        stream = tar.extractfile(entry) if entry is not None and entry.isfile() else None
        return stream.read() if stream is not None else b""


def _executable(output: bytes, base: str) -> str:
    try:
        found = json.loads(output)
        executable, version = str(found["executable"]), tuple(found["version"])
    except (ValueError, KeyError, TypeError):
        raise SandboxError("its python3 said nothing about itself") from None
    if version < _OLDEST or not executable.startswith("/") or '"' in executable:
        raise SandboxError(f"its python3 is {'.'.join(map(str, version))} at {executable}, not 3.10 or newer")
    return executable


def last_line(errors: str) -> str:
    """What pip gives as its reason."""
    lines = [line for line in errors.splitlines() if line.startswith("ERROR")] or errors.splitlines()
    return "; ".join(lines[-3:])[:500]
