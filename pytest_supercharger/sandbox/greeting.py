"""What a new slot says of itself that the user should know; told once a run."""

from __future__ import annotations

import threading
from collections.abc import Callable

from pytest_supercharger.sandbox.facts import clean
from pytest_supercharger.sandbox.slot import Slot

__all__ = ["Greeting"]


class Greeting:
    """Hears every slot of a run; `report` takes the line for the user."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._lock = threading.Lock()
        self._told = False

    def hear(self, slot: Slot) -> Slot:
        """The slot; why it works slower than it could is told, when it does and nobody has told yet."""
        reason = clean(str(slot.hello.get("plain") or ""), 300)
        with self._lock:
            tell, self._told = bool(reason) and not self._told, self._told or bool(reason)
        if tell:
            version = clean(str(slot.hello.get("pytest") or ""), 50)
            self._report(
                f"sandbox: generated tests run at about a third of the speed, with the same verdicts: a session of "
                f"pytest {version} cannot be made before the fork ({reason}); try another pytest from 8.4 on in the "
                "project's environment, and report this one"
            )
        return slot
