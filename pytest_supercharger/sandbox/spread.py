"""Jobs over several engines: whoever is free takes the next one, and an engine that is gone is done without."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.pool import SlotPool
from pytest_supercharger.sandbox.slot import SlotBroken

__all__ = ["Member", "Spread"]


@dataclass(slots=True, kw_only=True, eq=False)
class Member:
    """One engine's slots."""

    address: str
    pool: SlotPool
    size: int
    answers: Callable[[], bool]  # whether the engine is still there
    busy: int = 0
    lost: bool = False

    @property
    def free(self) -> int:
        """How many more jobs it could take now."""
        return 0 if self.lost else self.size - self.busy


class Spread:
    """The slots of all engines; used like the pool of one."""

    def __init__(self, members: Sequence[Member], report: Callable[[str], None]) -> None:
        """`report` takes a line when an engine is lost."""
        self._members = members
        self._report = report
        self._changed = threading.Condition()
        self.size = sum(member.size for member in members)

    @property
    def idle(self) -> int:
        """How many slots have nothing to do."""
        return sum(member.free for member in self._members)

    def call(self, job: Mapping[str, Any], seconds: float) -> tuple[dict[str, Any], dict[str, Any]]:
        """Run `job` where a slot is free, and elsewhere when that engine is gone.

        Raises:
            SlotBroken: two slots of an engine that answers broke at it.
            SandboxError: no slot comes up, or no engine answers any more.
        """
        while True:
            member = self._take()
            try:
                return member.pool.call(job, seconds)
            except (SlotBroken, SandboxError) as error:
                if member.answers():
                    raise
                self._lose(member, error)
            finally:
                self._give(member)

    def close(self) -> None:
        """Remove every container of every engine; of one that is gone nothing can be removed."""
        with contextlib.ExitStack() as stack:
            for member in self._members:
                stack.callback(self._close, member)

    def _close(self, member: Member) -> None:
        with contextlib.suppress(*([SandboxError] if member.lost else [])):
            member.pool.close()

    def _take(self) -> Member:
        with self._changed:
            self._changed.wait_for(lambda: any(member.free for member in self._members) or self._all_lost())
            if self._all_lost() and not self._back():
                raise SandboxError("no Docker engine answers any more; start one and run again")
            member = max(self._members, key=lambda member: member.free)
            member.busy += 1
            return member

    def _give(self, member: Member) -> None:
        with self._changed:
            member.busy -= 1
            self._changed.notify_all()

    def _lose(self, member: Member, error: Exception) -> None:
        with self._changed:
            known, member.lost = member.lost, True
            left = sum(other.size for other in self._members if not other.lost)
        if not known:
            self._report(f"sandbox: the engine at {member.address} is gone ({error}); {left} slots are left elsewhere")

    def _back(self) -> bool:
        """Take engines that answer again back; whether there is one."""
        for member in self._members:
            member.lost = not member.answers()
        return not self._all_lost()

    def _all_lost(self) -> bool:
        return all(member.lost for member in self._members)
