"""What files of a project are imported as, and whether tests get these very files."""

from __future__ import annotations

import sys
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, PathFinder
from pathlib import Path

import pytest
from project_files import MARKED, discover, make

from pytest_supercharger.errors import SettingsError
from pytest_supercharger.importing import resolve_copy


@pytest.mark.parametrize(
    ("files", "pythonpath", "search_path", "path", "module"),
    [
        ((), (), (), "cart.py", "cart"),
        (("shop/__init__.py",), (), (), "shop/cart.py", "shop.cart"),
        ((), (), (), "shop/__init__.py", "shop"),
        (("shop/__init__.py", "shop/a/__init__.py"), (), (), "shop/a/b.py", "shop.a.b"),
        # namespace packages
        ((), (), (), "shop/cart.py", "shop.cart"),
        (("acme/shop/__init__.py",), (), (), "acme/shop/cart.py", "acme.shop.cart"),
        # src layouts
        (("src/shop/__init__.py",), (), (), "src/shop/cart.py", "shop.cart"),
        (("src/acme/shop/__init__.py",), (), (), "src/acme/shop/cart.py", "acme.shop.cart"),
        (("src/__init__.py", "src/shop/__init__.py"), (), (), "src/shop/cart.py", "src.shop.cart"),
        (("libs/one/src/shop/__init__.py",), (), (), "libs/one/src/shop/cart.py", "shop.cart"),
        (("libs/one/pyproject.toml", "libs/one/shop/__init__.py"), (), (), "libs/one/shop/cart.py", "shop.cart"),
        # declared roots
        ((), ("lib",), (), "lib/cart.py", "cart"),
        ((), ("lib", "lib/deep"), (), "lib/deep/cart.py", "cart"),
        ((), ("deep", "."), (), "lib/deep/cart.py", "lib.deep.cart"),
        ((), (".",), (), "src/shop/cart.py", "src.shop.cart"),
        ((), (), ("lib",), "lib/cart.py", "cart"),
        ((), (), (".",), "src/cart.py", "cart"),  # `python -m pytest` puts the root there in any project
        ((), (), ("",), "lib/cart.py", "lib.cart"),
        ((), ("../elsewhere",), (), "lib/cart.py", "lib.cart"),
        # test folders
        (("tests/test_a.py",), (), (), "tests/data.py", "data"),
        (("tests/conftest.py",), (), (), "tests/data.py", "data"),
        (("tests/__init__.py", "tests/test_a.py"), (), (), "tests/data.py", "tests.data"),
        (("tests/test_a.py",), (".",), (), "tests/data.py", "tests.data"),
        # what cannot be part of a name
        ((), (), (), "my-tools/cart.py", "cart"),
        (("my-tools/x/shop/__init__.py",), (), (), "my-tools/x/shop/cart.py", "x.shop.cart"),
        (("__init__.py",), (), (), "cart.py", "cart"),
    ],
)
def test_a_module_has_the_name_the_project_imports_it_by(
    tmp_path: Path,
    files: tuple[str, ...],
    pythonpath: tuple[str, ...],
    search_path: tuple[str, ...],
    path: str,
    module: str,
) -> None:
    root = tmp_path / "project"
    make(root, *files)
    make(root, path, text=MARKED)
    on_path = tuple(str(root / entry) if entry else "" for entry in search_path)
    (source,) = discover(root, pythonpath=pythonpath, search_path=on_path).marked_files()
    assert source.module == module


def test_roots_are_where_the_imports_of_stubs_start(tmp_path: Path) -> None:
    make(tmp_path, "src/shop/__init__.py", "lib/x.py", "tests/test_a.py", "other/src/y.py")
    make(tmp_path, "src/shop/cart.py", "tests/test_b.py", text=MARKED)
    assert discover(tmp_path, pythonpath=("lib", "gone")).roots == ("lib", "src", "")
    assert discover(tmp_path, pythonpath=(".",)).roots == ("",)


def test_neighbours_are_the_projects_own_modules_that_a_file_imports(tmp_path: Path) -> None:
    make(tmp_path, "shop/models.py", "shop/prices.py", "other.py", "broken.py", text="import json\n")
    make(tmp_path, "shop/__init__.py", text="from .prices import price\n")
    make(tmp_path, "broken.py", text="def (")
    make(tmp_path, "shop/cart.py", text=f"{MARKED}import os, shop, broken\nfrom . import models\n")
    project = discover(tmp_path)
    (source,) = project.marked_files()
    neighbours = project.neighbours(source)
    assert set(neighbours) == {"shop", "shop.models", "shop.prices", "broken"}
    assert neighbours["shop.models"].relpath == "shop/models.py"


@pytest.mark.parametrize(
    ("files", "module", "expected"),
    [
        (("a/m.py",), "m", "a/m.py"),
        (("a/m.py", "b/m.py"), "m", "a/m.py"),
        (("b/m/__init__.py",), "m", "b/m/__init__.py"),
        (("a/m.py", "a/m/__init__.py"), "m", "a/m/__init__.py"),
        (("a/m/x.py", "b/m/__init__.py"), "m", "b/m/__init__.py"),
        (("a/m/x.py", "b/m/y.py"), "m.y", "b/m/y.py"),
        (("a/m/n/x.py", "b/m/n/y.py"), "m.n.y", "b/m/n/y.py"),
        (("a/m/x.py",), "m", None),
        (("a/m/__init__.py", "a/m/n/__init__.py", "a/m/n/x.py"), "m.n.x", "a/m/n/x.py"),
        (("a/m/__init__.py", "b/m/x.py"), "m.x", None),
        (("a/m.py",), "m.x", None),
        ((), "m", None),
        ((), "sys", None),
    ],
)
def test_a_copy_is_resolved_as_python_would(
    tmp_path: Path, files: tuple[str, ...], module: str, expected: str | None
) -> None:
    make(tmp_path, *files, text="raise AssertionError('imported')")
    copy = resolve_copy(module, [str(tmp_path / "a"), str(tmp_path / "b")])
    assert copy == (expected and tmp_path / expected)
    assert "m" not in sys.modules


def test_a_compiled_copy_wins_over_the_source_beside_it(tmp_path: Path) -> None:
    suffix = EXTENSION_SUFFIXES[0]
    make(tmp_path, "m/__init__.py", "m/x.py", f"m/x{suffix}")
    assert resolve_copy("m.x", [str(tmp_path)]) == tmp_path / f"m/x{suffix}"


class Editable:
    """What an editable install puts on sys.meta_path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name == "broken":
            raise RuntimeError(name)
        return PathFinder.find_spec(name, [str(self.folder)])


def test_editable_finders_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "src/m/__init__.py", "src/m/x.py")
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Editable(tmp_path / "src")])
    assert resolve_copy("m.x", []) == tmp_path / "src/m/x.py"
    assert resolve_copy("broken", []) is None


def test_an_installed_copy_is_an_error_with_both_places(tmp_path: Path) -> None:
    site, root = tmp_path / "site-packages", tmp_path / "project"
    make(site, "shop/__init__.py", "shop/cart.py")
    make(root, "src/shop/__init__.py", "pyproject.toml")
    make(root, "src/shop/cart.py", text=MARKED)
    project = discover(root)
    with pytest.raises(SettingsError) as caught:
        project.check_right_copy(project.marked_files(), search_path=[str(site)])
    assert str(caught.value) == (
        f"shop.cart would be imported from {site}/shop/cart.py, not from src/shop/cart.py; "
        f'run "pip install -e ." in {root}'
    )


@pytest.mark.parametrize("first", ["pythonpath", "conftest", "tests package", "sys.path", "link", "nothing installed"])
def test_the_right_copy_is_fine(tmp_path: Path, first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    site, root = tmp_path / "site-packages", tmp_path / "project"
    make(root, "shop/__init__.py")
    make(root, "shop/cart.py", text=MARKED)
    search_path = [str(site)]
    if first == "link":
        site.mkdir()
        (site / "shop").symlink_to(root / "shop")
    elif first != "nothing installed":
        make(site, "shop/__init__.py", "shop/cart.py")
    if first == "conftest":
        make(root, "conftest.py")
    if first == "tests package":
        make(root, "tests/__init__.py", "tests/test_a.py")
    if first == "sys.path":
        monkeypatch.chdir(root)
        search_path.insert(0, "")
    project = discover(root, pythonpath=(".",) if first == "pythonpath" else ())
    project.check_right_copy(project.marked_files(), search_path=search_path)


@pytest.mark.parametrize(("mode", "right"), [("prepend", True), ("append", False), ("importlib", False)])
def test_the_import_mode_decides_which_copy_comes_first(tmp_path: Path, mode: str, right: bool) -> None:
    site, root = tmp_path / "site-packages", tmp_path / "project"
    make(site, "cart.py")
    make(root, "conftest.py")
    make(root, "cart.py", text=MARKED)
    project = discover(root)
    try:
        project.check_right_copy(project.marked_files(), search_path=[str(site)], import_mode=mode)
    except SettingsError:
        assert not right
    else:
        assert right
