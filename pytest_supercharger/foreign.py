"""Folders in a project that hold what is not its own: environments, version control, what tools bring and leave."""

from __future__ import annotations

from pathlib import Path

__all__ = ["OF_TOOLS", "is_foreign"]

# fmt: off
OF_TOOLS = frozenset((
    ".git", ".hg", ".svn", ".tox", ".nox", ".venv", ".eggs", ".idea", ".vscode", ".direnv", ".supercharge",
    ".supercharger", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", "__pycache__",
    "node_modules",
))
# fmt: on
_INSTALLED = frozenset(("site-packages", "dist-packages", "__pypackages__"))
_UNLESS_PACKAGE = frozenset(("build", "dist"))  # the output of a build, or an ordinary package of that name
_ENVIRONMENT_SIGNS = ("pyvenv.cfg", "conda-meta/history")


def is_foreign(folder: Path) -> bool:
    """Whether no file in this folder is a source of the project."""
    name = folder.name
    if name in OF_TOOLS | _INSTALLED or name.endswith((".egg-info", ".egg")):
        return True
    if name in _UNLESS_PACKAGE and not (folder / "__init__.py").is_file():
        return True
    return any((folder / sign).is_file() for sign in _ENVIRONMENT_SIGNS)
