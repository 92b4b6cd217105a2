"""How this machine's pip asks its index is told to containers, but for what they cannot see."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_supercharger.sandbox import index


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The variables of a user with a configuration file of his own, and no other."""
    (tmp_path / ".config" / "pip").mkdir(parents=True)
    (tmp_path / "ca.pem").write_text("certificate")
    (tmp_path / ".config" / "pip" / "pip.conf").write_text(
        "[global]\nindex-url = https://me:secret@index/simple\n"
        "extra-index-url =\n    file:///here\n    https://other/simple\nfind-links = /wheels\n"
        f"cert = {tmp_path}/ca.pem\n[install]\ntrusted-host = index\n"
    )
    return {"HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path / "none")}


def test_settings_are_those_of_the_users_file_without_folders_of_this_machine(home: dict[str, str]) -> None:
    found = index.for_containers(home)
    environment = found["environment"]
    assert environment["PIP_INDEX_URL"] == "https://me:secret@index/simple"
    assert environment["PIP_EXTRA_INDEX_URL"] == "https://other/simple"
    assert environment["PIP_TRUSTED_HOST"] == "index"
    assert "PIP_FIND_LINKS" not in environment
    assert found["certificate"] == "certificate"


def test_a_variable_wins_over_a_file_and_proxies_are_passed_on(home: dict[str, str]) -> None:
    environ = {**home, "PIP_INDEX_URL": "https://mine/simple", "https_proxy": "http://proxy:1", "TOKEN": "secret"}
    environment = index.for_containers(environ)["environment"]
    assert environment["PIP_INDEX_URL"] == "https://mine/simple"
    assert environment["HTTPS_PROXY"] == "http://proxy:1"
    assert "TOKEN" not in environment


def test_no_file_is_read_where_pip_would_read_none(home: dict[str, str]) -> None:
    assert index.for_containers({**home, "PIP_CONFIG_FILE": "/dev/null"}) == {"environment": {}, "certificate": ""}


def test_a_damaged_file_is_left_to_pip(home: dict[str, str]) -> None:
    Path(home["HOME"], ".config", "pip", "pip.conf").write_text("index-url = nowhere\n")
    assert "PIP_INDEX_URL" not in index.for_containers(home)["environment"]
