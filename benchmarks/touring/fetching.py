"""Brings a project from the package index: its sdist, an environment of its own, a copy to work in."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

from touring import recipes

__all__ = ["Place", "TourError", "fetched"]

_CHECKOUT = Path(__file__).resolve().parents[2]
_SUITES = Path(__file__).resolve().parent / "suites"


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
    if not (place.folder / "installed").is_file():
        place.renew()
        _install(place)
        (place.folder / "installed").touch()
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
    target = f"{place.work}[{','.join(place.recipe.extras)}]" if place.recipe.extras else str(place.work)
    into = ["--python", str(place.python), "install", "--quiet", "-e", str(_CHECKOUT)]
    _pip([*into, "-e", target, *place.recipe.needs], f"{place.name} cannot be installed")


def _pip(arguments: Sequence[str], problem: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise TourError(f"{problem}: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
