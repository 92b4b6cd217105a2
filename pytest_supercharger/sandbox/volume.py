"""The project's copy on an engine that does not see this machine's files: a volume that belongs to one run."""

from __future__ import annotations

import secrets
import tarfile
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

from docker.errors import APIError, DockerException
from docker.types import Mount

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.reaper import CLIENT_LABEL, ClientIdentity
from pytest_supercharger.sandbox.slot import reason, remove

if TYPE_CHECKING:
    from docker import DockerClient

__all__ = ["create", "discard", "send"]

_PREFIX = "pytest-supercharger-"
_INSIDE = "/volume"


def create(client: DockerClient) -> str:
    """An empty volume of this run; its name."""
    name = _PREFIX + secrets.token_hex(8)
    try:
        client.api.create_volume(name, labels={CLIENT_LABEL: str(ClientIdentity.current())})
    except (DockerException, OSError) as error:
        raise SandboxError(f"a volume for the project cannot be made: {reason(error)}") from None
    return name


def send(client: DockerClient, volume: str, image: str, folder: Path) -> None:
    """Copy what `folder` holds into the volume; what has the same name there is replaced."""
    api = client.api
    mount = Mount(_INSIDE, volume, type="volume", no_copy=True)
    labels = {CLIENT_LABEL: str(ClientIdentity.current())}
    try:
        settings = api.create_host_config(network_mode="none", mounts=[mount])
        # Never started: the engine writes into its mounts all the same.
        made = api.create_container(image=image, command=["true"], labels=labels, host_config=settings)
        try:
            with tempfile.TemporaryFile() as packed:
                _pack(folder, packed)
                api.put_archive(made["Id"], _INSIDE, packed)
        finally:
            remove(api, made["Id"])
    except (DockerException, OSError) as error:
        raise SandboxError(f"the project cannot be sent to the Docker engine: {reason(error)}") from None


def discard(client: DockerClient, volume: str) -> None:
    """Remove the volume; one that is gone or still in use is left to the next run."""
    try:
        client.api.remove_volume(volume, force=True)
    except APIError as error:
        if error.status_code not in (404, 409):
            raise


def _pack(folder: Path, stream: IO[bytes]) -> None:
    def anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        return entry

    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.add(folder, arcname=".", filter=anonymous)
    stream.seek(0)
