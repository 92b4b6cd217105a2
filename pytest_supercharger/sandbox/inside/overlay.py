"""How a candidate enters the project: its bytes stand where the project's file stands, in memory or on disk."""

from __future__ import annotations

import contextlib
import linecache
import marshal
import os
import stat
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import cache_from_source, decode_source
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import CodeType, ModuleType

__all__ = ["copy_project", "import_from", "install"]

_NOTHING: Mapping[str, bytes] = MappingProxyType({})


class _Loader(SourceFileLoader):
    """Loads one module from bytes in memory; tracebacks and `inspect` see those bytes too."""

    def __init__(self, fullname: str, path: str, data: bytes, code: bytes | None) -> None:
        super().__init__(fullname, path)
        self._data, self._code = data, code

    def get_code(self, fullname: str) -> CodeType | None:
        """The code that was made before, if there is any, for this path."""
        code = marshal.loads(self._code) if self._code else None
        return code if code and code.co_filename == self.path else super().get_code(fullname)

    def get_data(self, path: str) -> bytes:
        """The bytes of the overlay for the module itself, those on disk for anything else."""
        return self._data if path == self.path else super().get_data(path)

    def exec_module(self, module: ModuleType) -> None:
        """Run it; its lines are known before, as `inspect` and tracebacks would look for them in the project's file."""
        with contextlib.suppress(SyntaxError, UnicodeDecodeError):  # seen again by who compiles it
            lines = decode_source(self._data).splitlines(keepends=True)
            linecache.cache[self.path] = (len(self._data), None, lines, self.path)
        super().exec_module(module)

    def path_stats(self, path: str) -> Mapping[str, Any]:
        """Refused, so that no compiled file of the project's own version is taken."""
        raise OSError("a module of the overlay has no file")


class _Finder:
    def __init__(self, files: Mapping[str, bytes], codes: Mapping[str, bytes]) -> None:
        self._files, self._codes = files, codes

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The ordinary spec with the overlay's loader where the module is in the overlay."""
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or not spec.origin or not isinstance(spec.loader, SourceFileLoader):
            return None
        path = os.path.realpath(spec.origin)
        data = self._files.get(path)
        if data is None:
            return None
        spec.loader = _Loader(name, spec.origin, data, self._codes.get(path))
        spec.cached = None
        return spec


def install(
    overlay: Mapping[str, bytes], snapshot: str, roots: Sequence[str], codes: Mapping[str, bytes] = _NOTHING
) -> None:
    """Make this process import the project from `snapshot` with the overlay in place, of which `codes` is the code."""
    files, ready = (
        {os.path.realpath(os.path.join(snapshot, path)): data for path, data in part.items()}
        for part in (overlay, codes)
    )
    import_from(snapshot, roots)
    sys.meta_path.insert(0, _Finder(files, ready))


def import_from(folder: str, roots: Sequence[str]) -> None:
    """Put the source roots below `folder` first on the module path."""
    sys.path[:0] = [os.path.join(folder, root) if root else folder for root in roots]
    for path in [path for path in sys.path_importer_cache if path.startswith(folder)]:
        del sys.path_importer_cache[path]  # from before there was anything


def copy_project(overlay: Mapping[str, bytes], snapshot: str, project: str) -> None:
    """Write a copy of the snapshot that tests may change, with the overlay's files in it; modes and times stay."""
    _copy_folder(snapshot, project)
    for path, data in overlay.items():
        target = os.path.join(project, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.exists(target):
            os.chmod(target, os.stat(target).st_mode | stat.S_IWUSR)
        with open(target, "wb") as stream:
            stream.write(data)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(cache_from_source(target))  # of the file as it was


def _copy_folder(source: str, target: str) -> None:
    # Every gate run begins with this: `shutil.copytree` takes four times the CPU.
    os.makedirs(target, exist_ok=True)
    with os.scandir(source) as entries:
        for entry in entries:
            there = f"{target}/{entry.name}"
            if entry.is_symlink():
                os.symlink(os.readlink(entry.path), there)
            elif entry.is_dir():
                _copy_folder(entry.path, there)
            else:
                _copy_file(entry.path, there)


def _copy_file(source: str, target: str) -> None:
    reader = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    status = os.fstat(reader)
    writer = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, stat.S_IMODE(status.st_mode))
    done = 0
    while sent := os.sendfile(writer, reader, done, 1 << 30):
        done += sent
    os.utime(writer, ns=(status.st_atime_ns, status.st_mtime_ns))
    os.close(writer)
    os.close(reader)
