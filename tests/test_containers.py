"""What the settings say is what the sandbox gets."""

from __future__ import annotations

from pytest_supercharger import containers
from pytest_supercharger.options import Settings
from pytest_supercharger.project import Project
from pytest_supercharger.sandbox.base import Limits
from pytest_supercharger.sandbox.placement import Placement


def made(tmp_path, **settings):
    (tmp_path / "m.py").touch()
    return containers.sandbox(Project.discover(tmp_path, norecurse=[], pythonpath=[]), Settings(**settings), print)


def test_without_settings_everything_is_as_the_sandbox_has_it(tmp_path):
    sandbox = made(tmp_path)
    assert sandbox._limits == Limits()
    assert sandbox._placement == Placement()
    assert sandbox._slots is None


def test_every_setting_arrives(tmp_path):
    sandbox = made(
        tmp_path,
        slots=3,
        test_seconds=2.5,
        memory=7,
        processes=8,
        output=2,
        disk=9,
        environment="image",
        image="base",
        runtime="runsc",
        docker_hosts=("unix:///a",),
        install=("PyYAML",),
    )
    mebi = 1 << 20
    assert sandbox._slots == 3
    assert sandbox._limits == Limits(
        seconds=2.5, memory_bytes=7 * mebi, output_bytes=2 * mebi, processes=8, disk_bytes=9 * mebi
    )
    assert sandbox._placement == Placement(
        environment="image", image="base", runtime="runsc", hosts=("unix:///a",), install=("PyYAML",)
    )
