"""How a candidate enters the project: its bytes stand where the project's file stands, in memory or on disk."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

__all__ = ["copy_project", "import_from", "install"]


class _Loader(SourceFileLoader):
    """Loads one module from bytes in memory; tracebacks and `inspect` see those bytes too."""

    def __init__(self, fullname: str, path: str, data: bytes) -> None:
        super().__init__(fullname, path)
        self._data = data

    def get_data(self, path: str) -> bytes:
        """The bytes of the overlay for the module itself, those on disk for anything else."""
        return self._data if path == self.path else super().get_data(path)

    def path_stats(self, path: str) -> Mapping[str, Any]:
        """Refused, so that no compiled file of the project's own version is taken."""
        raise OSError("a module of the overlay has no file")


class _Finder:
    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The ordinary spec with the overlay's loader where the module is in the overlay."""
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or not spec.origin or not isinstance(spec.loader, SourceFileLoader):
            return None
        data = self._files.get(os.path.realpath(spec.origin))
        if data is None:
            return None
        spec.loader = _Loader(name, spec.origin, data)
        spec.cached = None
        return spec


def install(overlay: Mapping[str, bytes], snapshot: str, roots: Sequence[str]) -> None:
    """Make this process import the project from `snapshot` with the overlay in place."""
    files = {os.path.realpath(os.path.join(snapshot, path)): data for path, data in overlay.items()}
    import_from(snapshot, roots)
    sys.meta_path.insert(0, _Finder(files))


def import_from(folder: str, roots: Sequence[str]) -> None:
    """Put the source roots below `folder` first on the module path."""
    sys.path[:0] = [os.path.join(folder, root) if root else folder for root in roots]
    for path in [path for path in sys.path_importer_cache if path.startswith(folder)]:
        del sys.path_importer_cache[path]  # from before there was anything


def copy_project(overlay: Mapping[str, bytes], snapshot: str, project: str) -> None:
    """Write a copy of the snapshot that tests may change, with the overlay's files in it."""
    for folder, folders, files in os.walk(snapshot):
        there = os.path.join(project, os.path.relpath(folder, snapshot))
        os.makedirs(there, exist_ok=True)
        for name in [*files, *(name for name in folders if os.path.islink(os.path.join(folder, name)))]:
            source, target = os.path.join(folder, name), os.path.join(there, name)
            shutil.copy2(source, target, follow_symlinks=False)
            if not os.path.islink(target):
                os.chmod(target, os.stat(target).st_mode | 0o600)
    for path, data in overlay.items():
        target = os.path.join(project, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as stream:
            stream.write(data)
