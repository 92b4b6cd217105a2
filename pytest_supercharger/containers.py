"""The sandbox that the settings of a run ask for."""

from __future__ import annotations

from collections.abc import Callable

from pytest_supercharger.options import Settings
from pytest_supercharger.project import Project
from pytest_supercharger.sandbox.base import Limits
from pytest_supercharger.sandbox.docker import DockerSandbox
from pytest_supercharger.sandbox.placement import Placement

__all__ = ["sandbox"]

_MEBI = 1 << 20


def sandbox(project: Project, settings: Settings, report: Callable[[str], None]) -> DockerSandbox:
    """Over this project; nothing is started before the first job."""
    limits = Limits(
        seconds=settings.test_seconds,
        memory_bytes=settings.memory * _MEBI,
        output_bytes=settings.output * _MEBI,
        processes=settings.processes,
        disk_bytes=settings.disk * _MEBI,
    )
    placement = Placement(
        environment=settings.environment,
        image=settings.image,
        runtime=settings.runtime,
        hosts=settings.docker_hosts,
        install=settings.install,
    )
    return DockerSandbox(
        project.root,
        roots=project.roots,
        limits=limits,
        slots=settings.slots or None,
        placement=placement,
        report=report,
    )
