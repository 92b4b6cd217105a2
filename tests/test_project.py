"""The project on disk: which files are looked at, and what it says of its own style."""

from __future__ import annotations

from pathlib import Path

import pytest
from project_files import MARKED, discover, found, make

from pytest_supercharger import finding
from pytest_supercharger.errors import SourceError


def test_python_files_are_found_in_order(tmp_path: Path) -> None:
    make(tmp_path, "shop/cart.py", "shop/__init__.py", "a.py", "README.md", "shop/data.pyi", "shop/.hidden.py")
    assert found(discover(tmp_path)) == ["a.py", "shop/__init__.py", "shop/cart.py"]


@pytest.mark.parametrize(
    "folder",
    [
        ".tox",
        ".hidden",
        "__pycache__",
        "node_modules",
        "build",
        "dist",
        "lib/site-packages",
        "x.egg-info",
        "x.egg",
        "__pypackages__",
    ],
)
def test_folders_that_hold_no_sources_are_not_entered(tmp_path: Path, folder: str) -> None:
    make(tmp_path, f"{folder}/a.py", f"{folder}/b/c.py", "ok.py")
    assert found(discover(tmp_path)) == ["ok.py"]


@pytest.mark.parametrize("sign", ["pyvenv.cfg", "conda-meta/history"])
def test_virtual_environments_are_not_entered(tmp_path: Path, sign: str) -> None:
    make(tmp_path, f"myenv/{sign}", "myenv/lib/a.py", "ok.py")
    assert found(discover(tmp_path)) == ["ok.py"]


def test_a_package_may_be_called_build(tmp_path: Path) -> None:
    make(tmp_path, "src/build/__init__.py")
    assert found(discover(tmp_path)) == ["src/build/__init__.py"]


@pytest.mark.parametrize(("pattern", "kept"), [("old*", ["a/b/c.py"]), ("a/b", ["old1/d.py"]), ("b", ["old1/d.py"])])
def test_norecursedirs_are_matched_as_pytest_does(tmp_path: Path, pattern: str, kept: list[str]) -> None:
    make(tmp_path, "a/b/c.py", "old1/d.py")
    assert found(discover(tmp_path, norecurse=(pattern,))) == kept


def test_a_link_to_a_file_stands_for_it_where_that_is_of_the_project_and_not_found_by_itself(tmp_path: Path) -> None:
    make(tmp_path, "shop/a.py", ".hidden/b.py")
    text = f"{MARKED}@supercharge\ndef f():\n    'Do it.'\n"
    elsewhere = tmp_path.with_name(f"{tmp_path.name}-elsewhere.py")
    elsewhere.write_text(text)
    for name, target in {"a2": "shop/a.py", "b": ".hidden/b.py", "b2": "b.py", "c": elsewhere}.items():
        (tmp_path / f"{name}.py").symlink_to(tmp_path / target)
    project = discover(tmp_path)
    assert found(project) == ["b.py", "shop/a.py"]
    work = finding.find(project)
    assert work.stubs == ()
    assert work.notes == (
        f"c.py: is a link to {elsewhere}, outside of the project, so its 1 stubs are left out; put the file into the "
        "project, or run pytest where it is",
    )


@pytest.mark.parametrize("folder", ["env/lib/site-packages", "env", ".git/hooks", ".tox/py", "node_modules/x", "build"])
def test_a_link_to_a_file_that_is_not_the_projects_own_is_left_out_and_named(tmp_path: Path, folder: str) -> None:
    make(tmp_path, "env/pyvenv.cfg", "a.py")
    make(tmp_path, f"{folder}/b.py", text=f"{MARKED}@supercharge\ndef f():\n    'Do it.'\n")
    (tmp_path / "b.py").symlink_to(f"{folder}/b.py")
    project = discover(tmp_path)
    assert found(project) == ["a.py"]
    (note,) = finding.find(project).notes
    assert note.startswith(f"b.py: is a link to {tmp_path}/{folder}/b.py, in a folder that is not the project's own")


def test_links_are_not_followed(tmp_path: Path) -> None:
    make(tmp_path, "p/shop/a.py", "elsewhere/b.py")
    (tmp_path / "p/shop/loop").symlink_to(tmp_path / "p")
    (tmp_path / "p/other").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "p/shop/b.py").symlink_to(tmp_path / "elsewhere/b.py")
    (tmp_path / "p/gone.py").symlink_to(tmp_path / "nothing.py")
    assert found(discover(tmp_path / "p")) == ["shop/a.py"]


def test_only_files_with_the_marker_are_handed_out(tmp_path: Path) -> None:
    make(tmp_path, "shop/__init__.py", "shop/plain.py", text="x = 1\n")
    make(tmp_path, "shop/cart.py", text=MARKED)
    (source,) = discover(tmp_path).marked_files()
    assert (source.path, source.relpath) == (tmp_path / "shop/cart.py", "shop/cart.py")
    assert (source.module, source.data) == ("shop.cart", MARKED.encode())


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    make(tmp_path, "shop/cart.py", text=MARKED)
    project = discover(tmp_path)
    (tmp_path / "shop/cart.py").unlink()
    (tmp_path / "shop/cart.py").mkdir()  # root may read any file, but nobody a folder
    with pytest.raises(SourceError, match=r"shop/cart\.py: cannot be read .*; make it readable"):
        project.marked_files()


def test_a_read_only_file_is_named_before_anything_is_asked(tmp_path: Path) -> None:
    make(tmp_path, "cart.py", text=MARKED)
    project = discover(tmp_path)
    project.check_writable(project.marked_files())
    (tmp_path / "cart.py").chmod(0o444)
    with pytest.raises(SourceError, match=r"cart\.py: is read-only; make it and its folder writable"):
        project.check_writable(project.marked_files())


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("pyproject.toml", '[project]\nrequires-python = ">=3.9"\n', ">=3.9"),
        ("setup.cfg", "[options]\npython_requires = >=3.8\n", ">=3.8"),
        ("pyproject.toml", "[project\n", ""),
        ("pyproject.toml", "project = 3\n", ""),
        ("setup.cfg", "python_requires", ""),
        ("README.md", "", ""),
    ],
)
def test_the_oldest_python_is_the_projects_own_word(tmp_path: Path, name: str, text: str, expected: str) -> None:
    make(tmp_path, name, text=text)
    assert discover(tmp_path).requires_python == expected


def test_the_style_is_that_of_the_projects_formatter(tmp_path: Path) -> None:
    make(tmp_path, "pyproject.toml", text="[tool.black]\nline-length = 101\n")
    assert discover(tmp_path).style().column_limit == 101


def test_imports_are_ordered_as_the_project_says_and_its_own_modules_are_known(tmp_path: Path) -> None:
    make(tmp_path, "src/shop/__init__.py", "src/shop/cart.py", "tools.py", "lib/more/x.py", text="")
    make(tmp_path, "setup.cfg", text="[isort]\nforce_single_line = true\n")
    style = discover(tmp_path, pythonpath=("lib",)).import_style()
    assert style.single_line
    assert {"shop", "tools", "more"} <= style.own
