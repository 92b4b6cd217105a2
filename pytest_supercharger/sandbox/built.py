"""Environment `image` brought up: the project's own image, and its filtered copy in a volume of the engine."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_supercharger.sandbox import base_image, environment, snapshot, users, volume
from pytest_supercharger.sandbox.hardening import MEBI, ContainerSpec
from pytest_supercharger.sandbox.host import BOOT, SNAPSHOT, slot_memory
from pytest_supercharger.sandbox.image import PACKAGES
from pytest_supercharger.sandbox.networked import FETCHER, NetworkedSpec
from pytest_supercharger.sandbox.reaper import CLIENT_LABEL, SLOT_LABEL, ClientIdentity

if TYPE_CHECKING:
    from docker import DockerClient

    from pytest_supercharger.sandbox.base import Limits
    from pytest_supercharger.sandbox.engine import EngineFacts
    from pytest_supercharger.sandbox.placement import Placement

__all__ = ["Built"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What all slots of a sandbox share; `prepared.Prepared`. Nothing of this machine is mounted."""

    client: DockerClient
    image: base_image.BuiltImage
    engine: EngineFacts
    project: Path
    volume: str
    packages: str  # another volume, "" where none may be added
    copied_bytes: int
    limits: Limits
    runtime: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def prepare(
        cls,
        client: DockerClient,
        engine: EngineFacts,
        project: Path,
        limits: Limits,
        placement: Placement,
        report: Callable[[str], None],
        same_as: Built | None = None,
    ) -> Built:
        """Everything up to the first slot; `same_as` is another engine to take the image from.

        Raises:
            SandboxError: the image cannot be made or sent.
        """
        if same_as is None:
            base = placement.image or base_image.default_base()
            image = base_image.ensure_built(client, engine.architecture, project, base, report)
        else:
            image = same_as.image
            base_image.copy(same_as.client, client, image.reference)
        with contextlib.ExitStack() as undo:
            name = volume.create(client)
            undo.callback(volume.discard, client, name)
            packages = volume.create(client) if placement.install else ""
            if packages:
                undo.callback(volume.discard, client, packages)
            copy = snapshot.take(project)
            try:
                volume.send(client, name, image.reference, copy.tree)
            finally:
                copy.remove()
            undo.pop_all()
        return cls(
            client=client,
            image=image,
            engine=engine,
            project=project,
            volume=name,
            packages=packages,
            copied_bytes=copy.bytes,
            limits=limits,
            runtime=placement.runtime,
            left_out=copy.left_out,
        )

    @property
    def memory_bytes(self) -> int:
        """The memory of one slot."""
        return slot_memory(self.limits, self.copied_bytes)

    def spec(self, number: int) -> ContainerSpec:
        """The settings of slot `number`."""
        seen = environment.HostEnvironment(executable=self.image.executable, binds=())
        return ContainerSpec(
            image=self.image.reference,
            command=(self.image.executable, "-s", "-B", "-X", "utf8", "-c", BOOT),
            slot=number,
            binds=(),
            volumes={self.volume: SNAPSHOT, **({self.packages: PACKAGES} if self.packages else {})},
            environment={**environment.variables(seen, self.project), **users.variables(number)},
            labels={CLIENT_LABEL: str(ClientIdentity.current()), SLOT_LABEL: str(number)},
            architecture=self.engine.architecture,
            cgroup_v2=self.engine.cgroup_v2,
            memory_bytes=self.memory_bytes,
            processes=self.limits.processes,
            disk_bytes=self.limits.disk_bytes,
            runtime=self.runtime,
            hosts=True,
            # Each would be a disk without limits that outlives a job.
            empty_dirs=self.image.volumes,
            project=str(self.project),
            project_bytes=2 * self.copied_bytes + 64 * MEBI,
        )

    def command_spec(self, code: str) -> ContainerSpec:
        """The settings of slot 0 with Python code in place of PID 1."""
        return replace(self.spec(0), command=(self.image.executable, "-s", "-B", "-X", "utf8", "-c", code))

    def networked_spec(self, code: str, disk_bytes: int) -> NetworkedSpec:
        """The settings of a container with network that runs `code`."""
        seen = environment.HostEnvironment(executable=self.image.executable, binds=())
        return NetworkedSpec(
            image=self.image.reference,
            command=(self.image.executable, "-s", "-B", "-X", "utf8", "-c", code),
            architecture=self.engine.architecture,
            user=FETCHER,
            environment=environment.variables(seen, self.project),
            disk_bytes=disk_bytes,
        )

    def add_packages(self, folder: Path) -> None:
        """Let all slots, also those that run, see what `folder` holds."""
        folder.chmod(0o755)
        volume.send(self.client, self.packages, self.image.reference, folder)

    def remove(self) -> None:
        """Remove what was sent to the engine; the image stays for the next run."""
        for name in (self.volume, self.packages):
            if name:
                volume.discard(self.client, name)
