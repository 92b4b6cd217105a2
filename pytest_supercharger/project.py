"""The user's project on disk: its Python files, and what its settings say about them."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_supercharger import configuration, foreign
from pytest_supercharger.context import imported_modules
from pytest_supercharger.domain import SourceFile
from pytest_supercharger.errors import SettingsError, SourceError
from pytest_supercharger.importing import ImportRules, is_test_file, resolve_copy
from pytest_supercharger.passing_on import Passing
from pytest_supercharger.writeback import import_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_supercharger.clean.layout import Style
    from pytest_supercharger.writeback.import_style import ImportStyle

__all__ = ["Project"]

_NEIGHBOUR_HOPS = 2  # what a file imports, and what packages among that pass on


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project root and the Python files below it; a file is read when it is asked for."""

    root: Path
    files: tuple[Path, ...]  # absolute, sorted
    rules: ImportRules
    requires_python: str = ""  # "" where the project does not say
    linked_out: tuple[Path, ...] = ()  # links to Python files that are not the project's own

    @classmethod
    def discover(
        cls,
        root: Path,
        *,
        norecurse: Sequence[str],
        pythonpath: Sequence[str],
        search_path: Sequence[str] | None = None,
    ) -> Project:
        """Find the Python files of a project; environments and build output are left out.

        Symbolic links to folders are not followed. One to a file stands for it where the file is the project's own and
        is not found by itself.

        `norecurse` are pytest's `norecursedirs`, `pythonpath` its ini key; folders of `search_path` (`sys.path`
        unless given) inside the root count as source roots, because an editable install puts them there.
        """
        root = Path(os.path.normpath(Path.cwd() / root))
        files, linked_out = _without_aliases(root, sorted(_python_files(root, tuple(norecurse))))
        on_path = sys.path if search_path is None else search_path
        rules = ImportRules.of(root, files, pythonpath=pythonpath, search_path=on_path)
        return cls(root=root, files=files, rules=rules, requires_python=_requires_python(root), linked_out=linked_out)

    @property
    def roots(self) -> tuple[str, ...]:
        """Folders that imports start from, posix, relative to the root, "" for the root itself."""
        files = self.marked_files()
        using = (file.path for file in files if file.marks.taken or b"pytest_supercharger" in file.data)
        starts = (self.rules.start(path) for path in using if not is_test_file(path))
        folders = dict.fromkeys([*self.rules.declared, *starts, self.root])
        return tuple("" if folder == self.root else folder.relative_to(self.root).as_posix() for folder in folders)

    def marked_files(self) -> tuple[SourceFile, ...]:
        """Return the files that may use the marker, under whatever name and by way of whatever other file.

        Raises:
            SourceError: a file cannot be read.
        """
        marked = {path: file for path in self.files if b"supercharge" in (file := self._read(path)).data}
        passing = Passing(marked.values())
        while words := passing.words():
            others = (self._read(path) for path in self.files if path not in marked)
            new = {file.path: file for file in others if _has(file, words)}
            if not new:
                break
            marked |= new
            passing.add(new.values())
        return tuple(replace(file, marks=passing.marks(file)) for _, file in sorted(marked.items()))

    def left_out(self) -> tuple[SourceFile, ...]:
        """Return the files that would be read if links led to the project's own files only; those that can be."""
        found = []
        for path in self.linked_out:
            with contextlib.suppress(SourceError):
                found.append(self._read(path))
        return tuple(found)

    def file(self, relpath: str) -> SourceFile:
        """Return one file of the project.

        Raises:
            SourceError: it cannot be read.
        """
        return self._read(self.root / relpath)

    def neighbours(self, source: SourceFile) -> dict[str, SourceFile]:
        """Return the project's own modules that a file imports, and those that packages among them pass on."""
        by_module = {self.rules.module_name(path): path for path in self.files}
        found: dict[str, SourceFile] = {}
        asking = [source]
        for _ in range(_NEIGHBOUR_HOPS):
            names = dict.fromkeys(name for file in asking for name in _imports(file))
            new = [name for name in names if name in by_module and name not in found and name != source.module]
            files = {name: self._read(by_module[name]) for name in new}
            found |= files
            asking = [file for file in files.values() if file.path.name == "__init__.py"]
        return found

    def test_folder(self, testpaths: Sequence[str]) -> Path:
        """Return where the project has its tests; the root where nothing says so."""
        folders = [Path(os.path.normpath(self.root / name)) for name in (*testpaths, "tests", "test")]
        return next((path for path in folders if path.is_dir() and path.is_relative_to(self.root)), self.root)

    def check_right_copy(
        self, files: Sequence[SourceFile], *, search_path: Sequence[str] | None = None, import_mode: str = "prepend"
    ) -> None:
        """Make sure that tests will import these very files; a module that cannot be found is fine.

        Raises:
            SettingsError: another copy would be imported.
        """
        folders = self.rules.search_path(sys.path if search_path is None else search_path, import_mode=import_mode)
        for source in files:
            copy = resolve_copy(source.module, folders)
            if copy is not None and not _same(copy, source.path):
                raise SettingsError(
                    f"{source.module} would be imported from {copy}, not from {source.relpath}; "
                    f'run "pip install -e ." in {self.root}'
                )

    def check_writable(self, files: Sequence[SourceFile]) -> None:
        """Make sure that these files may be replaced.

        Raises:
            SourceError: a file or its folder is read-only.
        """
        for source in files:
            # To root os.access() says yes whatever the mode; a cleared write bit is the user's word all the same.
            locked = not stat.S_IMODE(source.path.stat().st_mode) & 0o222
            if locked or not all(os.access(path, os.W_OK) for path in (source.path, source.path.parent)):
                raise SourceError(
                    f"{source.relpath}: is read-only; make it and its folder writable, or use --supercharge-dry-run"
                )

    def style(self) -> Style:
        """Return how new code is to be laid out, by the project's own formatter settings."""
        from pytest_supercharger.clean.layout import project_style  # late: it brings yapf

        names = {"pyproject": "pyproject.toml", "style_yapf": ".style.yapf", "setup_cfg": "setup.cfg"}
        return project_style(**{argument: _text(self.root / name) for argument, name in names.items()})

    def import_style(self) -> ImportStyle:
        """Return how imports are ordered, by the settings of isort or ruff."""
        folders = (*self.rules.declared, self.root / "src", self.root)
        places = [(path, folder) for path in self.files for folder in folders if path.is_relative_to(folder)]
        own = {path.relative_to(folder).parts[0].removesuffix(".py") for path, folder in places}
        return import_settings.import_style({name: _text(self.root / name) for name in import_settings.FILES}, own)

    def _read(self, path: Path) -> SourceFile:
        relpath = path.relative_to(self.root).as_posix()
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SourceError(
                f"{relpath}: cannot be read ({error.strerror}); make it readable, or add its folder to norecursedirs"
            ) from error
        return SourceFile(path=path, relpath=relpath, module=self.rules.module_name(path), data=data)


def _has(file: SourceFile, words: frozenset[tuple[bytes, bytes]]) -> bool:
    return any(module in file.data and name in file.data for module, name in words)


def _python_files(folder: Path, norecurse: tuple[str, ...]) -> Iterator[Path]:
    """Yield the Python files below a folder; a folder that cannot be listed has none."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if _is_entered(Path(place, name), norecurse)]
        for name in names:
            path = Path(place, name)
            if name.endswith(".py") and not name.startswith(".") and path.is_file():
                yield path


def _without_aliases(root: Path, found: Sequence[Path]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The files, each under one name, and the links to what is not the project's own."""
    inside = root.resolve()
    known = {path.resolve() for path in found if not path.is_symlink()}
    files, out = [path for path in found if not path.is_symlink()], []
    for path in (path for path in found if path.is_symlink()):
        target = path.resolve()
        if not target.is_relative_to(inside) or _is_foreign(target, inside):
            out.append(path)
        elif target not in known:
            known.add(target)
            files.append(path)
    return tuple(sorted(files)), tuple(out)


def _is_foreign(target: Path, root: Path) -> bool:
    return any(
        foreign.is_foreign(folder) for folder in target.parents if folder != root and folder.is_relative_to(root)
    )


def _is_entered(folder: Path, norecurse: tuple[str, ...]) -> bool:
    if folder.name.startswith(".") or folder.is_symlink() or foreign.is_foreign(folder):
        return False
    return not any(_matches(pattern, folder) for pattern in norecurse)


def _matches(pattern: str, folder: Path) -> bool:
    """Match a `norecursedirs` pattern as pytest does: by name, or by path when it has a slash."""
    if "/" not in pattern:
        return fnmatch(folder.name, pattern)
    return fnmatch(str(folder), pattern if pattern.startswith("/") else f"*/{pattern}")


def _imports(source: SourceFile) -> tuple[str, ...]:
    # A neighbour that does not parse has nothing to show; it is the test run's business to complain.
    try:
        return imported_modules(source)
    except SourceError:
        return ()


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _requires_python(root: Path) -> str:
    project = configuration.tables(_text(root / "pyproject.toml")).get("project")
    declared = project.get("requires-python") if isinstance(project, dict) else None
    if isinstance(declared, str):
        return declared
    return configuration.ini(_text(root / "setup.cfg"), "options").get("python_requires", "")


def _text(path: Path) -> str:
    """Return a settings file's text, "" where there is none that can be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
