"""Brings a project from the package index: its sdist, an environment of its own, a copy to work in."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

from touring import needing, recipes

__all__ = ["Place", "TourError", "fetched"]

_CHECKOUT = Path(__file__).resolve().parents[2]
_SUITES = Path(__file__).resolve().parent / "suites"
_ROUNDS = 5  # of installing what the collection of the tests turns out to lack
_COLLECTING = 300.0


class TourError(Exception):
    """A project cannot be toured; the text is for people."""


class Place:
    """Where one project lies in the cache."""

    def __init__(self, cache: Path, name: str) -> None:
        self.name = name
        self.folder = cache / name
        self.sdists, self.source, self.work = self.folder / "sdist", self.folder / "source", self.folder / "work"
        self.python = self.folder / "venv" / "bin" / "python"
        self.recipe = recipes.Recipe()

    def renew(self) -> None:
        """Make the copy to work in as it was fetched; the folder itself stays, as an editable install points to it."""
        self.work.mkdir(parents=True, exist_ok=True)
        for path in self.work.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        shutil.copytree(self.source, self.work, symlinks=True, dirs_exist_ok=True)


def fetched(cache: Path, name: str) -> Place:
    """The project, downloaded, unpacked and installed; what is there already is used.

    Raises:
        TourError: it cannot be brought.
    """
    place = Place(cache, name)
    if not place.source.is_dir():
        _unpack(_download(place), place)
    place.recipe = recipes.KNOWN.get(name) or recipes.guessed(place.source)
    if place.recipe.ini:
        (place.source / "pytest.ini").write_text(place.recipe.ini, encoding="utf-8")
    mark, state = place.folder / "installed", f"{_CHECKOUT}\n{place.recipe.extras}\n{place.recipe.needs}\n"
    if not mark.is_file() or mark.read_text("utf-8") != state:
        place.renew()
        _install(place)
        mark.write_text(state, "utf-8")
    return place


def _download(place: Place) -> Path:
    place.sdists.mkdir(parents=True, exist_ok=True)
    command = ["download", "--quiet", "--no-deps", "--no-binary", place.name, "--dest", str(place.sdists), place.name]
    _pip(command, f"{place.name} has no sdist that can be downloaded")
    return next(path for path in place.sdists.iterdir() if path.name.endswith((".tar.gz", ".zip")))


def _unpack(archive: Path, place: Place) -> None:
    unpacked = place.folder / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    if archive.name.endswith(".zip"):
        shutil.unpack_archive(archive, unpacked)
    else:
        with tarfile.open(archive) as file:
            file.extractall(unpacked, filter="data")
    (top,) = unpacked.iterdir()
    suite = _SUITES / f"{place.name}.py"
    if suite.is_file():
        (top / "tests").mkdir(exist_ok=True)
        shutil.copy(suite, top / "tests" / "test_tour.py")
    top.rename(place.source)
    unpacked.rmdir()


def _install(place: Place) -> None:
    venv = place.python.parents[1]
    shutil.rmtree(venv, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    ours, theirs = ["-e", str(_CHECKOUT)], str(place.work)
    problem = f"{place.name} cannot be installed"
    _into(place, [*ours, "-e", theirs], problem)
    with contextlib.suppress(TourError):  # what is declared for developers need not all exist for this Python
        if place.recipe.extras:
            _into(place, ["-e", f"{theirs}[{','.join(place.recipe.extras)}]"], problem)
        if place.recipe.needs:
            _into(place, [*place.recipe.needs], problem)
    _complete(place)


def _complete(place: Place) -> None:
    """Install what the tests need and nothing declares, as far as collecting them shows."""
    tried: set[str] = set()
    for _ in range(_ROUNDS):
        command = [str(place.python), "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider"]
        try:
            done = subprocess.run(
                [*command, *place.recipe.tests], cwd=place.work, capture_output=True, text=True, check=False,
                stdin=subprocess.DEVNULL, timeout=_COLLECTING,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return  # the run of the suite will tell
        new = [name for name in needing.lacking(done.stdout + done.stderr, place.work) if name not in tried]
        if not new:
            return
        tried.update(new)
        with contextlib.suppress(TourError):  # tests that need it cannot be collected then, and do not count
            _into(place, new, "")


def _into(place: Place, arguments: Sequence[str], problem: str) -> None:
    _pip(["--python", str(place.python), "install", "--quiet", *arguments], problem)


def _pip(arguments: Sequence[str], problem: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise TourError(f"{problem}: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
