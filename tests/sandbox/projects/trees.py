"""Small real projects, each kept as one text file of `cases`: `== PATH` begins a file, a comment stands before."""

from __future__ import annotations

from pathlib import Path

__all__ = ["plant"]

_CASES = Path(__file__).resolve().parents[1] / "cases"


def plant(name: str, root: Path) -> Path:
    """Write the project `name` below `root`; its folder."""
    project = root / name
    for part in (_CASES / f"{name}.txt").read_text("utf-8").split("\n== ")[1:]:
        path, _, text = part.partition("\n")
        target = project / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.strip("\n") + "\n" if text.strip() else "", "utf-8")
    return project
