"""What a project depends on is read from its files, and nothing of it is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.requirements import read


def lines(project: Path) -> list[str]:
    return list(read(project).lines)


def test_dependencies_with_extras_and_groups_for_tests(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        """
        [project]
        dependencies = ["PyYAML >=6", "tomli; python_version < '3.11'"]
        [project.optional-dependencies]
        test = ["pytest-mock"]
        docs = ["sphinx"]
        [dependency-groups]
        Dev = ["anyio", {include-group = "typing_more"}]
        typing-more = ["typing-extensions", {include-group = "dev"}]
        lint = ["ruff"]
        """
    )
    assert lines(tmp_path) == [
        "PyYAML>=6",
        'tomli; python_version < "3.11"',
        "pytest-mock",
        "anyio",
        "typing-extensions",
    ]


def test_requirements_files_with_those_they_include(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "requirements.txt").write_text(
        "# ours\nrequests[socks]==2.32 \\\n  --hash=sha256:00  # pinned\n-r more/base.txt\n"
        "--index-url https://x\n-e .\n"
    )
    (tmp_path / "requirements-dev.txt").write_text("pytest-mock\n")
    (tmp_path / "requirements-docs.txt").write_text("sphinx\n")
    (tmp_path / "more" / "base.txt").write_text("six\n-r ../requirements.txt\n")
    found = read(tmp_path)
    assert list(found.lines) == ["pytest-mock", "requests[socks]==2.32", "six"]
    assert found.unused == ["--index-url https://x", "-e ."]
    assert found.files == ["requirements-dev.txt", "requirements.txt", "more/base.txt"]


def test_setup_cfg(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").write_text(
        "[options]\ninstall_requires =\n  six\n  attrs; python_version > '3'\n"
        "[options.extras_require]\ntest = pytest-mock; anyio\ndocs = sphinx\n"
    )
    assert lines(tmp_path) == ["six", 'attrs; python_version > "3"', "pytest-mock", "anyio"]


@pytest.mark.parametrize(
    "line",
    [
        "--index-url=https://elsewhere",
        "-e .",
        "./wheels/a.whl",
        "a @ file:///etc/passwd",
        "a @ http://plain/a.whl",
        "a b",
    ],
)
def test_what_is_no_requirement_of_an_index_is_left_out_and_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"six\n{line}\n")
    found = read(tmp_path)
    assert list(found.lines) == ["six"]
    assert found.unused == [line]


def test_a_file_outside_of_the_project_is_not_read(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "secret.txt").write_text("six\n")
    (project / "requirements.txt").write_text("-r ../secret.txt\nattrs\n")
    assert lines(project) == ["attrs"]


def test_a_project_that_declares_nothing_has_no_requirements(tmp_path: Path) -> None:
    assert lines(tmp_path) == []


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project\n")
    with pytest.raises(SandboxError, match=r"cannot be read from pyproject\.toml"):
        read(tmp_path)
