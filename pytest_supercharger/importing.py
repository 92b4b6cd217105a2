"""Under which name a file of a project is imported, and which file a name would import; nothing is imported."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    BuiltinImporter,
    FrozenImporter,
    ModuleSpec,
    PathFinder,
)
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

__all__ = ["ImportRules", "base_folder", "imported_already", "is_test_file", "resolve_copy"]

_TEST_FILES = ("conftest.py", "test_*.py", "*_test.py")
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
_SUFFIXES = (*EXTENSION_SUFFIXES, *SOURCE_SUFFIXES, *BYTECODE_SUFFIXES)  # the order Python tries them in


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRules:
    """Where the imports of a project start."""

    root: Path
    declared: tuple[Path, ...]  # pytest's `pythonpath`, and folders of the project that are on sys.path anyway
    test_folders: tuple[Path, ...]  # what pytest itself puts on sys.path for test files (import mode prepend)

    @classmethod
    def of(
        cls, root: Path, files: Iterable[Path], *, pythonpath: Sequence[str], search_path: Sequence[str]
    ) -> ImportRules:
        """Make the rules for a root and its files; both paths are absolute or relative to the root."""
        # The root itself is on sys.path under `python -m pytest`; that says nothing of how the project is laid out.
        installed = [path for entry in search_path if entry and (path := root / entry) != root]
        declared = [Path(os.path.normpath(path)) for path in (*(root / entry for entry in pythonpath), *installed)]
        inside = [path for path in dict.fromkeys(declared) if path.is_relative_to(root) and path.is_dir()]
        folders = {base_folder(path, root) for path in files if is_test_file(path)}
        return cls(root=root, declared=tuple(inside), test_folders=tuple(sorted(folders)))

    def start(self, path: Path) -> Path:
        """Return the folder that has to be on sys.path to import a file.

        That is the declared folder next above its package; else the package's own folder when it has tests in it,
        which puts it on sys.path; else the next `src` or folder with a project file; else the root.
        """
        base = base_folder(path, self.root)
        if above := [folder for folder in self.declared if base.is_relative_to(folder)]:
            start = max(above, key=lambda folder: len(folder.parts))
        elif base in self.test_folders:
            start = base
        else:
            above = [folder for folder in (base, *base.parents) if folder.is_relative_to(self.root)]
            start = next((folder for folder in above if _is_source_root(folder)), self.root)
        # A folder whose name is no identifier cannot be part of a dotted name.
        for folder in reversed([base, *base.parents]):
            if folder.is_relative_to(start) and folder != start and not folder.name.isidentifier():
                start = folder
        return start

    def module_name(self, path: Path) -> str:
        """Return the dotted name under which the project imports a file."""
        parts = path.relative_to(self.start(path)).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)

    def search_path(self, sys_path: Sequence[str], *, import_mode: str = "prepend") -> tuple[str, ...]:
        """Return the folders that imports go through in the ordinary run, in their order."""
        tests = [str(path) for path in self.test_folders]
        rest = [*map(str, self.declared), *(entry or str(Path.cwd()) for entry in sys_path)]
        before, after = (tests if import_mode == mode else [] for mode in ("prepend", "append"))
        return tuple(dict.fromkeys([*before, *rest, *after]))


def is_test_file(path: Path) -> bool:
    """Whether pytest, left to its defaults, imports a file by itself."""
    return any(fnmatch(path.name, pattern) for pattern in _TEST_FILES)


def base_folder(path: Path, root: Path) -> Path:
    """Return the folder that the outermost regular package of a file lies in; the root at most."""
    folder = path.parent
    while folder != root and (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def resolve_copy(module: str, search_path: Sequence[str]) -> Path | None:
    """Return the file that `import module` would load, without importing it or its parents.

    None where there is no such module, or it has no file of its own (namespace packages, built-in modules). Parents
    are not run, so what they do to their `__path__` is not seen.
    """
    top, *rest = module.split(".")
    spec = _top_level(top, search_path)
    if spec is None:
        return None
    origin = Path(spec.origin) if spec.has_location and spec.origin else None
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    for name in rest:
        origin, folders = _inside(name, folders)
    return origin


def _top_level(name: str, search_path: Sequence[str]) -> ModuleSpec | None:
    for finder in sys.meta_path:
        if finder is PathFinder:
            spec = PathFinder.find_spec(name, search_path)
        elif finder in (BuiltinImporter, FrozenImporter) or type(finder).__module__.startswith("_pytest"):
            # pytest's own finder asks PathFinder too, but with the sys.path of now.
            spec = None if type(finder).__module__.startswith("_pytest") else finder.find_spec(name, None)
        else:
            spec = _asked(finder, name)
        if spec is not None:
            return spec
    return None


def _asked(finder: object, name: str) -> ModuleSpec | None:
    """Ask a finder of an editable install; what it raises is its own business, and the same as not knowing."""
    try:
        spec = finder.find_spec(name, None)  # type: ignore[attr-defined]  # if it has none, that is one more way to raise
    except Exception:  # a finder is somebody else's program
        return None
    return spec if isinstance(spec, ModuleSpec) else None


def _inside(name: str, folders: Iterable[Path]) -> tuple[Path | None, list[Path]]:
    """Return a submodule's file and the folders of its own submodules, as the import system would find them."""
    portions = []
    for folder in folders:
        for suffix in _SUFFIXES:
            package = folder / name / f"__init__{suffix}"
            if package.is_file():
                return package, [package.parent]
        for suffix in _SUFFIXES:
            file = folder / f"{name}{suffix}"
            if file.is_file():
                return file, []
        if (folder / name).is_dir():
            portions.append(folder / name)
    return None, portions


def _is_source_root(folder: Path) -> bool:
    if folder.name == "src" and not (folder / "__init__.py").exists():
        return True
    return any((folder / name).is_file() for name in _PROJECT_FILES)


def imported_already(paths: Collection[Path]) -> list[Path]:
    """Return the files that this very process has imported: what is written to them now comes too late for it."""
    loaded = {Path(file).resolve() for module in [*sys.modules.values()] if (file := _file_of(module))}
    return [path for path in paths if path.resolve() in loaded]


def _file_of(module: object) -> str | None:
    try:
        file = getattr(module, "__file__", None)
    except Exception:  # a lazy module may import anything here, and fail
        return None
    return file if isinstance(file, str) else None
