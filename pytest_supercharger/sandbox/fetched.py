"""What was fetched for a run, and which engine has how much of it: one that was away gets what it missed."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox import wheels
from pytest_supercharger.sandbox.reaper import OWNER_FILE, SNAPSHOT_PREFIX, ClientIdentity

if TYPE_CHECKING:
    from pytest_supercharger.sandbox.engines import Engine
    from pytest_supercharger.sandbox.prepared import Prepared

__all__ = ["Fetched"]


class Fetched:
    """Folders of packages, each kept until every engine has it; safe for threads."""

    def __init__(self, places: Sequence[tuple[Engine, Prepared]]) -> None:
        """Of the engines of a run."""
        self._places = places
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._count = 0
        self._had = [0] * len(places)

    def add(self, found: Sequence[wheels.Wheel]) -> None:
        """Unpack wheels and bring them to every engine that is there."""
        with self._lock:
            folder = self._made() / str(self._count)
            folder.mkdir()
            wheels.unpack(found, folder)
            self._count += 1
        for index, (engine, _) in enumerate(self._places):
            try:
                self.catch_up(index)
            except SandboxError:
                if engine.answers():
                    raise

    def catch_up(self, index: int) -> None:
        """Bring what it lacks to the engine at this place of the list; nothing, mostly."""
        if self._had[index] == self._count:
            return
        with self._lock:
            while self._had[index] < self._count:
                self._places[index][1].add_packages(self._made() / str(self._had[index]))
                self._had[index] += 1
            for number in range(min(self._had)):
                shutil.rmtree(self._made() / str(number), ignore_errors=True)

    def close(self) -> None:
        """Remove the folders."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _made(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix=SNAPSHOT_PREFIX))
            (self._folder / OWNER_FILE).write_text(str(ClientIdentity.current()), "ascii")
        return self._folder
