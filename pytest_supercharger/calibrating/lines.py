"""A file of JSON lines that only grows: what a killed run has written is there for the next one."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

__all__ = ["Lines"]


class Lines:
    """Reads what is there, then appends; thread-safe."""

    def __init__(self, path: Path) -> None:
        """A last line that a kill has torn is cut off."""
        path.parent.mkdir(parents=True, exist_ok=True)
        data = path.read_bytes() if path.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]
        self.items: list[dict[str, Any]] = [json.loads(line) for line in whole.splitlines() if line.strip()]
        self._lock = threading.Lock()
        self._file = path.open("ab")
        if len(whole) < len(data):
            self._file.truncate(len(whole))

    def add(self, item: dict[str, Any]) -> None:
        """Append one line, at once."""
        data = json.dumps(item).encode() + b"\n"
        with self._lock:
            self.items.append(item)
            self._file.write(data)
            self._file.flush()
