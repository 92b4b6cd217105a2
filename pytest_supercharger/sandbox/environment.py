"""Environment `host`: which parts of this machine a container sees, so that it runs the user's own interpreter."""

from __future__ import annotations

import importlib.metadata
import json
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlparse

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.hardening import Bind

__all__ = ["HostEnvironment", "direct", "discover", "editable_folders", "variables"]

# Mounted where they exist. Never /usr as a whole: /usr/local/etc and /usr/src are nobody's business.
_SYSTEM = (
    "/usr/bin",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/share/ca-certificates",
    "/usr/share/fonts",
    "/usr/share/i18n",
    "/usr/share/locale",
    "/usr/share/mime",
    "/usr/share/misc",
    "/usr/share/python3",
    "/usr/share/terminfo",
    "/usr/share/zoneinfo",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/mime.types",
    "/etc/protocols",
    "/etc/services",
    "/etc/ssl/certs",
)
_ROOT_NAMES = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")
_STORES = ("/nix/store", "/gnu/store")
# Of a prefix that holds more than an interpreter (/usr/local, a home folder, the project itself).
_PREFIX_PARTS = ("bin", "lib", "lib64", "include", "pyvenv.cfg")
_FORBIDDEN = ("/", "/etc", "/home", "/proc", "/root", "/run", "/sys", "/tmp", "/usr", "/usr/local", "/var", "/var/tmp")
_THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "RAYON")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostEnvironment:
    """The interpreter and what it needs, as seen from inside."""

    executable: str
    binds: tuple[Bind, ...]
    links: dict[str, str] = field(default_factory=dict)  # symbolic links for the image: path -> target
    empty_dirs: tuple[str, ...] = ()
    doors: dict[str, tuple[str, ...]] = field(default_factory=dict)  # closed folder -> what is mounted behind it
    path: tuple[str, ...] = ()  # entries of sys.path beyond the interpreter's own


def discover(
    project: Path,
    *,
    executable: str = sys.executable,
    prefixes: Sequence[str] = (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix),
    sys_path: Sequence[str] | None = None,
    editable: Iterable[str] | None = None,
    home: Path | None = None,
) -> HostEnvironment:
    """What to mount for this interpreter and a project at `project`, which is never mounted itself."""
    if str(project) in _FORBIDDEN:
        raise SandboxError(f"the project folder {project} is a system folder; run pytest in the project's own folder")
    home = home or Path.home()
    private = (project, home)
    executable, prefixes = direct(executable), [direct(prefix) for prefix in prefixes]
    wanted = [path for path in (*_SYSTEM, *(f"/{name}" for name in _ROOT_NAMES)) if _plain(path)]
    wanted += [store for store in _STORES if any(prefix.startswith(store) for prefix in prefixes)]
    for prefix in _with_real(prefixes):
        wanted += _prefix_paths(prefix, private)
    on_path = map(direct, sys.path if sys_path is None else sys_path)
    entries = [path for path in on_path if _is_extra(path, private)]
    folders = [path for path in (editable_folders() if editable is None else editable) if _is_extra(path, private)]
    targets = _outermost([*wanted, *entries, *folders])
    doors = _doors([*wanted, *entries], targets)
    targets += [path for behind in doors.values() for path in behind]
    binds = [Bind(source=path, target=path) for path in targets]
    masks, empty_dirs = _masks([*_with_real(prefixes), *entries, *folders], targets)
    links = {f"/{name}": str(Path("/", name).readlink()) for name in _ROOT_NAMES if Path("/", name).is_symlink()}
    links |= _executable_links(executable, targets)
    return HostEnvironment(
        executable=executable,
        binds=(*binds, *masks),
        links=links,
        empty_dirs=tuple(empty_dirs),
        doors=doors,
        path=tuple(path for path in entries if not _under(path, _with_real(prefixes))),
    )


def direct(path: str) -> str:
    """The same path without `..`, as there is where Python was started by one such as `../venv/bin/python`.

    What it names last may be a link and stays one: it is by its place that an interpreter finds its environment.
    """
    return str(Path(path).parent.resolve() / Path(path).name) if ".." in Path(path).parts else path


def variables(environment: HostEnvironment, project: Path) -> dict[str, str]:
    """The whole environment of PID 1; nothing of the user's own is passed on."""
    bin_folder = str(Path(environment.executable).parent)
    return {
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PATH": ":".join(dict.fromkeys((bin_folder, "/usr/local/bin", "/usr/bin", "/bin"))),
        "PYTEST_SUPERCHARGE_FILLED": str(project),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUTF8": "1",
        "TMPDIR": "/tmp",
        "TZ": _timezone(),
        **{f"{name}_NUM_THREADS": "1" for name in _THREADS},
        **({"PYTHONPATH": ":".join(environment.path)} if environment.path else {}),
        # What processes of the project's tests are given: without what pytest added to the path in between.
        "PYTEST_SUPERCHARGE_PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }


def editable_folders() -> Iterator[str]:
    """Source folders of packages installed with `pip install -e`, also of those found through an import hook."""
    for distribution in importlib.metadata.distributions():
        try:
            record = json.loads(distribution.read_text("direct_url.json") or "{}")
        except ValueError:
            continue
        url = urlparse(str(record.get("url", "")))
        if url.scheme == "file" and (record.get("dir_info") or {}).get("editable"):
            yield unquote(url.path)


def _plain(path: str) -> bool:
    return Path(path).exists() and not Path(path).is_symlink()


def _with_real(paths: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(form for path in paths for form in (path, os.path.realpath(path))))


def _prefix_paths(prefix: str, private: Iterable[Path]) -> list[str]:
    if prefix not in _FORBIDDEN and not any(place.is_relative_to(prefix) for place in private):
        return [prefix]
    if prefix in ("/", "/usr"):
        # What the interpreter of the system needs is in _SYSTEM; its local packages are not.
        prefix = "/usr/local"
    return [path for path in (f"{prefix}/{part}" for part in _PREFIX_PARTS) if _plain(path)]


def _is_extra(path: str, private: Sequence[Path]) -> bool:
    """Whether a folder of modules may be mounted: it exists and is no place where private things lie."""
    if not Path(path).is_absolute() or not Path(path).exists() or path.rstrip("/") in _FORBIDDEN:
        return False
    project = private[0]
    return not Path(path).is_relative_to(project) and not any(place.is_relative_to(path) for place in private)


def _under(path: str, folders: Iterable[str]) -> bool:
    return any(Path(path).is_relative_to(folder) for folder in folders)


def _outermost(paths: Iterable[str]) -> list[str]:
    """Without what another path of the list already shows, unless something else is mounted there on the host."""
    result: list[str] = []
    for path in sorted(dict.fromkeys(os.path.normpath(path) for path in paths), key=lambda path: path.count("/")):
        if not _under(path, result) or os.path.ismount(path):
            result.append(path)
    return result


def _doors(paths: Iterable[str], targets: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Folders inside of mounts that only their owner may enter, each with what must be seen behind it.

    tox makes its `.tox` so: a virtual environment in it is out of the container user's reach where the project that
    holds it is mounted as well.
    """
    doors: dict[str, list[str]] = {}
    for path in dict.fromkeys(os.path.normpath(path) for path in paths):
        outer = next((target for target in targets if path != target and _under(path, [target])), None)
        parents = [str(parent) for parent in reversed(Path(path).parents) if outer and _under(str(parent), [outer])]
        closed = next((parent for parent in parents[1:] if not Path(parent).stat().st_mode & stat.S_IXOTH), None)
        if closed is not None:
            doors.setdefault(closed, []).append(path)
    return {closed: tuple(_outermost(behind)) for closed, behind in doors.items()}


def _masks(folders: Iterable[str], targets: Sequence[str]) -> tuple[list[Bind], list[str]]:
    """Index credentials and history that lie in a mounted folder: empty files and empty folders over them."""
    files: list[Bind] = []
    empty: list[str] = []
    for folder in dict.fromkeys(folders):
        if not _under(folder, targets) or folder in ("/", "/usr"):
            continue
        for name in ("pip.conf", ".pypirc", ".netrc", ".env", ".npmrc"):
            if Path(folder, name).is_file():
                files.append(Bind(source="/dev/null", target=f"{folder}/{name}"))
        for name in (".git", ".hg", "etc"):
            if Path(folder, name).is_dir() and (name != "etc" or folder == "/usr/local"):
                empty.append(f"{folder}/{name}")
        if Path(folder, ".git").is_file():
            files.append(Bind(source="/dev/null", target=f"{folder}/.git"))
    return files, empty


def _executable_links(executable: str, targets: Sequence[str]) -> dict[str, str]:
    """The hops from `executable` to the real file that no mount shows."""
    links: dict[str, str] = {}
    path = executable
    while Path(path).is_symlink() and len(links) < 16:
        target = str(Path(path).readlink())
        if not _under(path, targets):
            links[path] = target
        path = os.path.normpath(Path(path).parent / target)
    if not _under(os.path.realpath(path), targets):
        raise SandboxError(
            f"the interpreter {executable} leads to {path}, which the sandbox cannot show; use a virtual environment"
        )
    return links


def _timezone() -> str:
    if os.environ.get("TZ"):
        return os.environ["TZ"]
    target = os.path.realpath("/etc/localtime")
    return target.partition("/zoneinfo/")[2] or "UTC"
