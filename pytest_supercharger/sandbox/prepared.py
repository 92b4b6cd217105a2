"""Which environment a run gets: the one the settings name, or the first that works on this engine."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
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
    engines: Sequence[tuple[DockerClient, EngineFacts]],
    project: Path,
    limits: Limits,
    placement: Placement,
    report: Callable[[str], None],
) -> list[tuple[int, Prepared]]:
    """The same environment on every engine that can have it: the place of the engine, and what it has.

    Raises:
        SandboxError: no engine can have it.
    """

    def host(client: DockerClient, engine: EngineFacts) -> Prepared:
        return Host.prepare(client, engine, project, limits, placement)

    def image(client: DockerClient, engine: EngineFacts) -> Prepared:
        # The rest get the very image of the first: built anew, its packages might be others.
        built = Built.prepare(client, engine, project, limits, placement, report, first[0] if first else None)
        first.append(built)
        return built

    first: list[Built] = []
    if placement.environment == "image":
        return _each(engines, image, placement, report)
    ends = () if placement.environment == "host" else (NotShared,)
    try:
        return _each(engines, host, placement, report, ends)
    except NotShared as error:
        if not ends:
            raise
        report(f"sandbox: {error.what}; the environment is built as an image")
        try:
            return _each(engines, image, placement, report)
        except SandboxError as second:
            raise SandboxError(f"{error}; the other way, an image, does not work either: {second}") from None


def _each(
    engines: Sequence[tuple[DockerClient, EngineFacts]],
    make: Callable[[DockerClient, EngineFacts], Prepared],
    placement: Placement,
    report: Callable[[str], None],
    ends: tuple[type[SandboxError], ...] = (),
) -> list[tuple[int, Prepared]]:
    made: list[tuple[int, Prepared]] = []
    problems: list[SandboxError] = []
    with contextlib.ExitStack() as undo:
        for index, (client, engine) in enumerate(engines):
            try:
                require_runtime(engine, placement.runtime)
                _require_same(engine, engines[0][1])
                made.append((index, make(client, engine)))
                undo.callback(made[-1][1].remove)
            except ends:
                raise
            except SandboxError as error:
                problems.append(error)
        if not made:
            raise problems[0]
        undo.pop_all()
    for problem in problems:
        report(f"sandbox: one engine less: {problem}")
    return made


def _require_same(engine: EngineFacts, first: EngineFacts) -> None:
    if engine.architecture != first.architecture:
        raise SandboxError(
            f"the Docker engine at {engine.address} is {engine.architecture}, not {first.architecture} as the first; "
            "name engines of one architecture with supercharge_docker_hosts"
        )
