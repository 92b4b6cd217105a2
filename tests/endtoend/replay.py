"""Replay files and projects for end-to-end runs through the real client, server, containers and write-back."""

from __future__ import annotations

import json
from pathlib import Path

from nodes import RunningNode

from model_node.engine.replay import ReplayEngine

AREA = '''\
from pytest_supercharger import supercharge


@supercharge
def area(width: float, height: float) -> float:
    """Return the area of a rectangle; a negative side raises ValueError.

    >>> area(2, 3)
    6
    >>> area(0, 3)
    0
    """
    raise NotImplementedError
'''

GOOD = (
    """\
def area(width: float, height: float) -> float:
    if width < 0 or height < 0:
        raise ValueError("a side is negative")
    return width * height
""",
    """\
def area(width: float, height: float) -> float:
    if min(width, height) < 0:
        raise ValueError("negative side")
    result = width * height
    return result
""",
    """\
def area(width: float, height: float) -> float:
    for side in (width, height):
        if side < 0:
            raise ValueError(side)
    return height * width
""",
)

TESTS = (
    "def test_area():\n    assert area(4, 5) == 20\n    assert area(1, 1) == 1\n    assert area(2.5, 2) == 5.0\n",
    "def test_nothing():\n    assert area(0, 0) == 0\n    assert area(7, 0) == 0\n",
    "import pytest\n\ndef test_negative():\n    with pytest.raises(ValueError):\n        area(-1, 2)\n",
)


def fenced(code: str) -> str:
    return f"```python\n{code}```\n"


def lines(*, codes=(), tests=(), repairs=(), stub="*") -> list[dict[str, object]]:
    kinds = {"code": codes, "test": tests, "repair": repairs}
    return [{"kind": kind, "stub": stub, "text": fenced(text)} for kind, texts in kinds.items() for text in texts]


def replay_file(folder: Path, entries: list[dict[str, object]]) -> Path:
    path = folder / "replay.jsonl"
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    return path


def node(folder: Path, entries: list[dict[str, object]]) -> RunningNode:
    return RunningNode(ReplayEngine(replay_file(folder, entries)))


def decisions(path: Path) -> dict[str, dict[str, object]]:
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["version"] == 1
    return {stub["stub"]: stub for stub in document["stubs"]}
