"""What pytest itself is made of, where that is the very project: PID 1 borrows it, and each job has it anew.

An editable install leads to the project's folder, which no container sees. PID 1 takes it from the copy, where it is as
the user wrote it; a candidate stands in the modules of the jobs only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

__all__ = ["give_back", "lend"]

_NEEDED = ("exceptiongroup", "iniconfig", "packaging", "pluggy", "pygments", "tomli")


class _Lender:
    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = folders

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A module that pytest needs, of the project."""
        return _provided(name, self._folders) if name in _NEEDED else None


def lend(snapshot: str) -> None:
    """Let what pytest needs be found below the copy of the project, behind all other places."""
    sys.meta_path.append(_Lender([os.path.join(snapshot, "src"), snapshot]))


def give_back(snapshot: str, roots: Iterable[str]) -> None:
    """Forget the modules that the project provides, wherever pytest got them from: jobs are to see the project's."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Lender)]
    folders = [os.path.join(snapshot, root) if root else snapshot for root in roots]
    for name in _NEEDED:
        if _provided(name, folders) is not None:
            for module in [module for module in sys.modules if f"{module}.".startswith(f"{name}.")]:
                del sys.modules[module]


def _provided(name: str, folders: Sequence[str]) -> ModuleSpec | None:
    spec = PathFinder.find_spec(name, folders)
    return spec if spec is not None and spec.has_location else None
