"""Removes what runs that were killed have left behind: containers, volumes, networks, and snapshots of the project."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from docker import DockerClient

__all__ = [
    "CLIENT_LABEL",
    "OWNER_FILE",
    "SLOT_LABEL",
    "SNAPSHOT_PREFIX",
    "ClientIdentity",
    "reap",
    "reap_networks",
    "reap_snapshots",
    "reap_volumes",
    "slots_in_use",
]

CLIENT_LABEL = "pytest-supercharger.client"
SLOT_LABEL = "pytest-supercharger.slot"
SNAPSHOT_PREFIX = "pytest-supercharger-"
OWNER_FILE = "owner"
_STALE_SECONDS = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientIdentity:
    """One process, told apart from every other that has or will have its number.

    The namespace belongs to it: two clients in two containers may share an engine and see different processes.
    """

    boot: str
    namespace: str
    pid: int
    started: str  # clock ticks after boot

    @classmethod
    def current(cls) -> ClientIdentity:
        """This process."""
        pid = os.getpid()
        return cls(boot=_boot_id(), namespace=_pid_namespace(), pid=pid, started=_start_time(pid) or "0")

    @classmethod
    def parse(cls, text: str) -> ClientIdentity | None:
        """The identity in a label, or None when the label is not one of ours."""
        boot, _, rest = text.partition(":")
        namespace, _, rest = rest.partition(":")
        pid, _, started = rest.partition(":")
        return cls(boot=boot, namespace=namespace, pid=int(pid), started=started) if pid.isdecimal() else None

    def __str__(self) -> str:
        return f"{self.boot}:{self.namespace}:{self.pid}:{self.started}"

    def is_gone(self) -> bool:
        """Whether the process has certainly ended; False where this process cannot know."""
        if self.boot != _boot_id() or self.namespace != _pid_namespace():
            return False
        return _start_time(self.pid) != self.started


def reap(client: DockerClient) -> list[str]:
    """Remove the containers whose client is gone, never-started ones too; the ids of those removed."""
    from docker.errors import APIError

    removed = []
    for summary in client.api.containers(all=True, filters={"label": CLIENT_LABEL}):
        if not _is_orphan(summary):
            continue
        try:
            client.api.remove_container(summary["Id"], force=True, v=True)
            removed.append(str(summary["Id"]))
        except APIError as error:
            # 404, 409: it is already being removed, by itself or by another run.
            if error.status_code not in (404, 409):
                raise
    return removed


def _is_orphan(summary: dict[str, Any]) -> bool:
    owner = ClientIdentity.parse(summary["Labels"].get(CLIENT_LABEL, ""))
    if owner is None:
        return False
    # A container that was never started has no end of input to die by, whoever made it.
    abandoned = summary.get("State") == "created" and time.time() - float(summary.get("Created", 0)) > _STALE_SECONDS
    return owner.is_gone() or abandoned


def slots_in_use(client: DockerClient) -> set[int]:
    """The numbers of the slots that any run has on this engine."""
    found = client.api.containers(all=True, filters={"label": SLOT_LABEL})
    numbers = [summary["Labels"].get(SLOT_LABEL, "") for summary in found]
    return {int(number) for number in numbers if number.isdecimal()}


def reap_volumes(client: DockerClient) -> list[str]:
    """Remove the volumes whose client is gone; the names of those removed."""
    found = client.api.volumes(filters={"label": CLIENT_LABEL})["Volumes"] or ()
    return _reap_named(found, lambda volume: client.api.remove_volume(volume["Name"], force=True))


def reap_networks(client: DockerClient) -> list[str]:
    """Remove the networks whose client is gone; the names of those removed."""
    found = client.api.networks(filters={"label": CLIENT_LABEL})
    return _reap_named(found, lambda network: client.api.remove_network(network["Id"]))


def _reap_named(found: Iterable[dict[str, Any]], remove: Callable[[dict[str, Any]], object]) -> list[str]:
    from docker.errors import APIError

    removed = []
    for thing in found:
        owner = ClientIdentity.parse((thing.get("Labels") or {}).get(CLIENT_LABEL, ""))
        if owner is None or not owner.is_gone():
            continue
        try:
            remove(thing)
            removed.append(str(thing["Name"]))
        except APIError as error:
            # 403, 409: a container that is being removed still has it. 404: another run was faster.
            if error.status_code not in (403, 404, 409):
                raise
    return removed


def reap_snapshots(folder: Path | None = None) -> list[Path]:
    """Remove the snapshots that ended processes of this user have left in the temporary folder."""
    removed = []
    for path in (folder or Path(tempfile.gettempdir())).glob(f"{SNAPSHOT_PREFIX}*"):
        owner = _snapshot_owner(path)
        if owner is not None and owner.is_gone():
            shutil.rmtree(path, ignore_errors=True)
            removed.append(path)
    return removed


def _snapshot_owner(path: Path) -> ClientIdentity | None:
    try:
        # Anyone may make names in a shared temporary folder; only what this user owns is believed.
        if path.is_symlink() or path.lstat().st_uid != os.getuid():
            return None
        return ClientIdentity.parse((path / OWNER_FILE).read_text("ascii"))
    except (OSError, UnicodeDecodeError):
        return None


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def _pid_namespace() -> str:
    return str(Path("/proc/self/ns/pid").stat().st_ino)


def _start_time(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace")
    except OSError:
        return None
    # The name in parentheses may hold any character; field 22 is counted from its end. A zombie has ended.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]
