"""Environment `image` brought up: the project's own image, and its filtered copy in a volume of the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_supercharger.sandbox import base_image, environment, snapshot, volume
from pytest_supercharger.sandbox.hardening import MEBI, ContainerSpec
from pytest_supercharger.sandbox.host import BOOT, SNAPSHOT, slot_memory
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
    ) -> Built:
        """Everything up to the first slot; SandboxError when the image cannot be made."""
        base = placement.image or base_image.default_base()
        image = base_image.ensure_built(client, engine.architecture, project, base, report)
        volume.reap_volumes(client)
        name = volume.create(client)
        try:
            copy = snapshot.take(project)
            try:
                volume.send(client, name, image.reference, copy.tree)
            finally:
                copy.remove()
        except BaseException:
            volume.discard(client, name)
            raise
        return cls(
            client=client,
            image=image,
            engine=engine,
            project=project,
            volume=name,
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
            volumes={self.volume: SNAPSHOT},
            environment=environment.variables(seen, self.project),
            labels={CLIENT_LABEL: str(ClientIdentity.current()), SLOT_LABEL: str(number)},
            architecture=self.engine.architecture,
            cgroup_v2=self.engine.cgroup_v2,
            memory_bytes=self.memory_bytes,
            processes=self.limits.processes,
            disk_bytes=self.limits.disk_bytes,
            runtime=self.runtime,
            project=str(self.project),
            project_bytes=2 * self.copied_bytes + 64 * MEBI,
        )

    def command_spec(self, code: str) -> ContainerSpec:
        """The settings of slot 0 with Python code in place of PID 1."""
        return replace(self.spec(0), command=(self.image.executable, "-s", "-B", "-X", "utf8", "-c", code))

    def remove(self) -> None:
        """Remove the copy of the project from the engine; the image stays for the next run."""
        volume.discard(self.client, self.volume)
