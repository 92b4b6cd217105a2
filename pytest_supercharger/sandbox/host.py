"""Environment `host` brought up: image, snapshot, the proof that the engine shares our files, the slots' settings."""

from __future__ import annotations

import json
import secrets
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox import environment, image, index, slot, snapshot, users
from pytest_supercharger.sandbox.base import Limits
from pytest_supercharger.sandbox.hardening import Bind, ContainerSpec
from pytest_supercharger.sandbox.networked import FETCHER, NetworkedSpec
from pytest_supercharger.sandbox.placement import Placement
from pytest_supercharger.sandbox.reaper import CLIENT_LABEL, SLOT_LABEL, ClientIdentity
from pytest_supercharger.sandbox.stream import StreamBroken

if TYPE_CHECKING:
    from docker import DockerClient

    from pytest_supercharger.sandbox.engine import EngineFacts

__all__ = ["BOOT", "SNAPSHOT", "Host", "NotShared", "fitting_slots", "slot_memory"]

SNAPSHOT = "/snapshot"
_NONCE = "/supercharger/nonce"
_PROBE_SECONDS = 60.0
_MEMORY_SHARE = 0.75
_HOSTS = "127.0.0.1 localhost sandbox\n::1 localhost\n"
MEBI = 1024 * 1024

# Not -I, which would ignore PYTHONHASHSEED; the path entry for the current folder is dropped here instead.
BOOT = (
    f"import sys; del sys.path[0]; import runpy; runpy.run_path({image.INSIDE + '/__main__.py'!r}, run_name='__main__')"
)
_IDENTITY = (
    "import json, sys; print(json.dumps({{'nonce': open({nonce!r}).read(), 'version': sys.version, "
    "'prefix': sys.prefix, 'base': sys.base_prefix}}))"
)


class NotShared(SandboxError):
    """The engine does not see this machine's files; `what` shows it."""

    def __init__(self, what: str, address: str) -> None:
        """Of the engine at `address`."""
        self.what = f"the Docker engine at {address} does not share this machine's files"
        super().__init__(
            f"{self.what} ({what[:200]}); use an engine of this machine (not a remote one, not a snap, not a virtual "
            "machine without shared folders), or --supercharge-environment image"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What all slots of a sandbox share."""

    image: str
    environment: environment.HostEnvironment
    engine: EngineFacts
    project: Path
    snapshot: snapshot.Snapshot
    limits: Limits
    runtime: str = ""
    packages: bool = False  # whether some may be added

    @classmethod
    def prepare(
        cls,
        client: DockerClient,
        engine: EngineFacts,
        project: Path,
        limits: Limits,
        placement: Placement = Placement(),  # noqa: B008 - frozen
    ) -> Host:
        """Everything up to the first slot; SandboxError when the engine does not see this machine's files."""
        seen = environment.discover(project)
        reference = image.ensure_image(client, image.build_tar(seen.links, image.own_files()))
        copy = snapshot.take(project)
        host = cls(
            image=reference,
            environment=seen,
            engine=engine,
            project=project,
            snapshot=copy,
            limits=limits,
            runtime=placement.runtime,
            packages=bool(placement.install),
        )
        try:
            host.packages_folder.mkdir(mode=0o755)
            host.prove(client)
        except BaseException:
            copy.remove()
            raise
        return host

    @property
    def memory_bytes(self) -> int:
        """The memory of one slot; the copy of the project that a gate run makes is held in it too."""
        return slot_memory(self.limits, self.snapshot.bytes)

    @property
    def left_out(self) -> Mapping[str, str]:
        """What of the project is not in its copy, and why."""
        return self.snapshot.left_out

    def spec(self, number: int) -> ContainerSpec:
        """The settings of slot `number`."""
        return ContainerSpec(
            image=self.image,
            command=(self.environment.executable, "-s", "-B", "-X", "utf8", "-c", BOOT),
            slot=number,
            binds=(*self.environment.binds, *self._doors(), *self._own_files()),
            environment={**environment.variables(self.environment, self.project), **users.variables(number)},
            labels={CLIENT_LABEL: str(ClientIdentity.current()), SLOT_LABEL: str(number)},
            architecture=self.engine.architecture,
            cgroup_v2=self.engine.cgroup_v2,
            memory_bytes=self.memory_bytes,
            processes=self.limits.processes,
            disk_bytes=self.limits.disk_bytes,
            runtime=self.runtime,
            empty_dirs=self.environment.empty_dirs,
            project=str(self.project),
            project_bytes=2 * self.snapshot.bytes + 64 * MEBI,
        )

    @property
    def packages_folder(self) -> Path:
        """Where packages go that are not in the environment."""
        return self.snapshot.folder / "packages"

    def add_packages(self, folder: Path) -> None:
        """Let all slots, also those that run, see what `folder` holds."""
        shutil.copytree(folder, self.packages_folder, dirs_exist_ok=True)
        self.packages_folder.chmod(0o755)  # it was made the copy of a private one

    def networked_spec(self, code: str, disk_bytes: int) -> NetworkedSpec:
        """The settings of a container with network that runs `code`; it sees this machine's package folders."""
        folders = [Bind(source=path, target=path) for path in index.folders()]
        return NetworkedSpec(
            image=self.image,
            command=(self.environment.executable, "-s", "-B", "-X", "utf8", "-c", code),
            architecture=self.engine.architecture,
            user=FETCHER,
            binds=(*self.environment.binds, *self._doors(), *folders),
            environment=environment.variables(self.environment, self.project),
            disk_bytes=disk_bytes,
        )

    def _doors(self) -> list[Bind]:
        """Empty folders anybody may enter, in the place of closed ones, with the mount points that are needed in them.

        Not tmpfs: runc gives it the mode of the folder it covers.
        """
        binds = []
        for number, (closed, behind) in enumerate(self.environment.doors.items()):
            folder = self.snapshot.folder / "doors" / str(number)
            for path in behind:
                (folder / Path(path).relative_to(closed)).mkdir(parents=True, exist_ok=True)
            for made in (folder, *folder.rglob("*")):
                made.chmod(0o755)
            binds.append(Bind(source=str(folder), target=closed))
        return binds

    def _own_files(self) -> list[Bind]:
        """The copy of the project, packages, and a hosts file: an engine leaves that empty where no network is."""
        hosts = self.snapshot.folder / "hosts"
        if not hosts.exists():  # slots that run see the very file
            hosts.write_text(_HOSTS, "ascii")
            hosts.chmod(0o644)
        binds = [
            Bind(source=str(self.snapshot.tree), target=SNAPSHOT),
            Bind(source=str(hosts), target="/etc/hosts"),
        ]
        if self.packages:
            binds.append(Bind(source=str(self.packages_folder), target=image.PACKAGES))
        return binds

    def command_spec(self, code: str, *more: Bind) -> ContainerSpec:
        """The settings of slot 0 with Python code in place of PID 1, and with more to see."""
        spec = self.spec(0)
        command = (self.environment.executable, "-s", "-B", "-X", "utf8", "-c", code)
        return replace(spec, command=command, binds=(*spec.binds, *more))

    def remove(self) -> None:
        """Delete the copy of the project."""
        self.snapshot.remove()

    def prove(self, client: DockerClient) -> None:
        """Read a fresh secret back through a container, with the interpreter that the slots will run."""
        secret = self.snapshot.folder / "nonce"
        secret.write_text(secrets.token_hex(16), "ascii")
        secret.chmod(0o644)
        expected = {
            "nonce": secret.read_text("ascii"),
            "version": sys.version,
            "prefix": environment.direct(sys.prefix),
            "base": environment.direct(sys.base_prefix),
        }
        found = self._identity(client, Bind(source=str(secret), target=_NONCE))
        different = [key for key, value in expected.items() if found.get(key) != value]
        if "nonce" in different:
            raise NotShared("a file written here reads differently in a container", self.engine.address)
        if different:
            key = different[0]
            raise SandboxError(
                f"the interpreter in the sandbox is not this one: its {key} is {found.get(key)!r}, not "
                f"{expected[key]!r}; run pytest from a virtual environment"
            )

    def _identity(self, client: DockerClient, nonce: Bind) -> dict[str, Any]:
        code = _IDENTITY.format(nonce=_NONCE)
        try:
            found = json.loads(slot.run_once(client.api, self.command_spec(code, nonce), _PROBE_SECONDS))
        except (SandboxError, StreamBroken, ValueError) as error:
            raise self._why_not(str(error)) from None
        return found if isinstance(found, dict) else {}

    def _why_not(self, text: str) -> SandboxError:
        if "source path does not exist" in text:
            return NotShared(text, self.engine.address)
        if "ermission denied" in text or "Errno 13" in text or "no such file" in text.lower():
            return SandboxError(
                f"the interpreter {self.environment.executable} cannot be run by another user, as the sandbox must: "
                f"{text[:300]}; make it readable (chmod -R o+rX {sys.prefix} {sys.base_prefix})"
            )
        return SandboxError(f"the sandbox's first container failed: {text[:500]}")


def slot_memory(limits: Limits, copied_bytes: int) -> int:
    """What a slot may use in all: the copy of the project is in memory, and so is what `/tmp` holds."""
    more_disk = max(0, limits.disk_bytes - Limits().disk_bytes)
    return limits.memory_bytes + copied_bytes + more_disk


def fitting_slots(wanted: int, memory_bytes: int, available: int) -> int:
    """How many slots fit into the memory that is free now; one at least."""
    return max(1, min(wanted, int(available * _MEMORY_SHARE) // memory_bytes))
