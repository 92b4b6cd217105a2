"""Which parts of the machine a container sees."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.environment import HostEnvironment, discover, variables


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / "project").mkdir(parents=True)
    return tmp_path / "home"


def found(home: Path, **changes: Any) -> HostEnvironment:
    settings: dict[str, Any] = {"sys_path": [], "editable": [], "home": home}
    return discover(home / "project", **{**settings, **changes})


def targets(environment: HostEnvironment) -> set[str]:
    return {bind.target for bind in environment.binds}


def shown(environment: HostEnvironment, path: Path | str) -> bool:
    return any(Path(path).is_relative_to(target) for target in targets(environment))


def test_the_interpreter_and_its_packages_are_shown(home: Path) -> None:
    environment = found(home)
    for path in (sys.executable, sys.prefix, sys.base_prefix, "/usr/lib"):
        assert shown(environment, path)


@pytest.mark.parametrize(
    "path", ["/", "/etc", "/usr", "/usr/local/etc", "/etc/passwd", "/root", "/home", "/var", "/tmp"]
)
def test_places_of_the_machine_are_not_shown(home: Path, path: str) -> None:
    assert not shown(found(home), path)


def test_neither_the_project_nor_the_home_folder_is_shown(home: Path) -> None:
    entries = [str(home), str(home / "project"), str(home / "project" / "src"), str(home.parent), "/", ""]
    (home / "project" / "src").mkdir()
    environment = found(home, sys_path=entries, editable=entries)
    assert not shown(environment, home / "project")
    assert not shown(environment, home)
    assert environment.path == ()


def test_other_folders_of_modules_are_shown_and_put_on_the_path(home: Path) -> None:
    extra = home / "library"
    extra.mkdir()
    environment = found(home, sys_path=[str(extra), str(home / "missing")])
    assert environment.path == (str(extra),)
    assert shown(environment, extra)
    assert variables(environment, home / "project")["PYTHONPATH"] == str(extra)


def test_sources_of_editable_installs_are_shown_without_their_history_and_secrets(home: Path) -> None:
    source = home / "other"
    (source / ".git").mkdir(parents=True)
    (source / ".env").touch()
    environment = found(home, editable=[str(source)])
    assert shown(environment, source)
    assert f"{source}/.git" in environment.empty_dirs
    assert [bind.source for bind in environment.binds if bind.target == f"{source}/.env"] == ["/dev/null"]


def test_index_credentials_in_a_virtual_environment_are_hidden(home: Path) -> None:
    prefix = home / "venv"
    prefix.mkdir()
    (prefix / "pip.conf").touch()
    environment = found(home, prefixes=[str(prefix), sys.base_prefix], executable=sys._base_executable)
    assert [bind.source for bind in environment.binds if bind.target == f"{prefix}/pip.conf"] == ["/dev/null"]


def test_of_a_virtual_environment_that_holds_the_project_only_its_own_parts_are_shown(home: Path) -> None:
    for part in ("bin", "lib", "documents"):
        (home / part).mkdir()
    (home / "pyvenv.cfg").touch()
    environment = found(home, prefixes=[str(home), sys.base_prefix], executable=sys._base_executable)
    assert {path for path in targets(environment) if path.startswith(str(home))} == {
        f"{home}/bin",
        f"{home}/lib",
        f"{home}/pyvenv.cfg",
    }


def test_a_virtual_environment_inside_the_project_is_shown(home: Path) -> None:
    prefix = home / "project" / ".venv"
    prefix.mkdir()
    environment = found(home, prefixes=[str(prefix), sys.base_prefix], executable=sys._base_executable)
    assert str(prefix) in targets(environment)


def test_the_prefix_of_the_system_shows_local_packages_and_nothing_else_local(home: Path) -> None:
    environment = found(home, prefixes=["/usr", sys.base_prefix], executable=sys._base_executable)
    assert not shown(environment, "/usr/local/etc")
    assert not shown(environment, "/usr/local/share")
    assert shown(environment, "/usr/local/lib")


def test_the_hops_to_the_interpreter_are_rebuilt(home: Path) -> None:
    (home / "shims").mkdir()
    first, second = home / "shims" / "python", home / "shims" / "python3"
    first.symlink_to("python3")
    second.symlink_to(sys._base_executable)
    environment = found(home, executable=str(first))
    assert environment.links[str(first)] == "python3"
    assert environment.links[str(second)] == sys._base_executable


def test_an_interpreter_that_was_started_by_a_path_with_dots_is_shown_at_its_place(home: Path) -> None:
    venv = home / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    around = f"{home}/project/../venv"
    dotted = found(
        home, executable=f"{around}/bin/python", prefixes=[around, sys.base_prefix], sys_path=[f"{around}/lib"]
    )
    plain = found(
        home, executable=f"{venv}/bin/python", prefixes=[str(venv), sys.base_prefix], sys_path=[f"{venv}/lib"]
    )
    assert dotted == plain
    assert dotted.executable == f"{venv}/bin/python"


def test_an_interpreter_that_cannot_be_shown_is_refused(home: Path) -> None:
    (home / "python").touch(0o755)
    with pytest.raises(SandboxError, match="use a virtual environment"):
        found(home, executable=str(home / "python"))


@pytest.mark.parametrize("folder", ["/", "/tmp", "/usr", "/home"])
def test_a_project_in_a_system_folder_is_refused(folder: str) -> None:
    with pytest.raises(SandboxError, match="system folder"):
        discover(Path(folder))


def test_nothing_of_the_users_own_variables_is_passed_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    seen = variables(found(home), home / "project")
    assert "SECRET_TOKEN" not in seen
    assert seen["TZ"] == "Europe/Berlin"
    assert seen["PYTHONHASHSEED"] == "0"
    assert seen["OMP_NUM_THREADS"] == "1"


def test_an_interpreter_behind_a_closed_folder_of_a_mounted_one_gets_a_door(home: Path) -> None:
    source, prefix = home / "other", home / "other" / ".tox" / "py"
    (prefix / "lib").mkdir(parents=True)
    (source / ".tox").chmod(0o700)
    environment = found(
        home,
        prefixes=[str(prefix), sys.base_prefix],
        sys_path=[str(source), str(prefix / "lib")],
        executable=sys._base_executable,
    )
    assert environment.doors == {f"{source}/.tox": (str(prefix),)}
    assert str(prefix) in targets(environment)
