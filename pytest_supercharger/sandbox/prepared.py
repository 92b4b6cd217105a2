"""Which environment a run gets: the one the settings name, or the first that works on this engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.built import Built
from pytest_supercharger.sandbox.engine import require_runtime
from pytest_supercharger.sandbox.host import Host, NotShared

if TYPE_CHECKING:
    from docker import DockerClient

    from pytest_supercharger.sandbox.base import Limits
    from pytest_supercharger.sandbox.engine import EngineFacts
    from pytest_supercharger.sandbox.hardening import ContainerSpec
    from pytest_supercharger.sandbox.networked import NetworkedSpec
    from pytest_supercharger.sandbox.placement import Placement

__all__ = ["Prepared", "prepare"]


class Prepared(Protocol):
    """An environment on one engine, ready for slots."""

    @property
    def memory_bytes(self) -> int:
        """The memory of one slot."""
        ...

    @property
    def left_out(self) -> Mapping[str, str]:
        """What of the project is not in its copy, and why."""
        ...

    def spec(self, number: int) -> ContainerSpec:
        """The settings of slot `number`."""
        ...

    def command_spec(self, code: str) -> ContainerSpec:
        """The settings of slot 0 with Python code in place of PID 1."""
        ...

    def networked_spec(self, code: str, disk_bytes: int) -> NetworkedSpec:
        """The settings of a container with network, and room on its disk, that runs Python code of ours."""
        ...

    def add_packages(self, folder: Path) -> None:
        """Let all slots, also those that run, see what `folder` holds."""
        ...

    def remove(self) -> None:
        """Remove what was made for this run."""
        ...


def prepare(
    client: DockerClient,
    engine: EngineFacts,
    project: Path,
    limits: Limits,
    placement: Placement,
    report: Callable[[str], None],
) -> Prepared:
    """The environment for slots on this engine.

    Raises:
        SandboxError: the engine lacks the runtime, or the environment cannot be had.
    """
    require_runtime(engine, placement.runtime)
    if placement.environment == "image":
        return Built.prepare(client, engine, project, limits, placement, report)
    try:
        return Host.prepare(client, engine, project, limits, placement)
    except NotShared as error:
        if placement.environment == "host":
            raise
        report(f"sandbox: {error.what}; its environment is built as an image")
        try:
            return Built.prepare(client, engine, project, limits, placement, report)
        except SandboxError as second:
            raise SandboxError(f"{error}; the other way, an image, does not work either: {second}") from None
