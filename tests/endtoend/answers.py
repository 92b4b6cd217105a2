"""Answers written down as a model writes them: fenced blocks under headings that say what was asked of which stub."""

from __future__ import annotations

import re
from pathlib import Path

_HEADING = re.compile(r"^# (code|test|repair) (\S+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```python\n.*?^```$", re.MULTILINE | re.DOTALL)


def read(path: Path) -> list[dict[str, object]]:
    """The lines of a replay file."""
    _, *parts = _HEADING.split(path.read_text(encoding="utf-8"))
    sections = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return [
        {"kind": kind, "stub": stub, "text": text} for kind, stub, body in sections for text in _BLOCK.findall(body)
    ]
