"""Verdicts that are kept: a module that was judged before, in this run or an earlier one, is not run again."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass

from pytest_supercharger.calibrating import judging
from pytest_supercharger.calibrating.lines import Lines
from pytest_supercharger.calibrating.tasks import Task
from pytest_supercharger.sandbox.base import Sandbox

__all__ = ["Judge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Judges modules of one task."""

    task: Task
    sandbox: Sandbox
    record: Lines
    known: dict[str, bool]  # digest of task and module -> right; shared by all tasks
    lock: threading.Lock

    def right(self, module: bytes) -> bool:
        """Whether this text of the module is right.

        Raises:
            TaskError: the sandbox gave no verdict.
        """
        sources = "\0".join(test.source for test in judging.tests(self.task))
        digest = hashlib.sha256(sources.encode() + module).hexdigest()
        with self.lock:
            known = self.known.get(digest)
        if known is not None:
            return known
        right, why = judging.judge(self.task, self.sandbox, module)
        with self.lock:
            self.known[digest] = right
        text = module.decode("utf-8", "replace")
        self.record.add({"task": self.task.id, "digest": digest, "right": right, "why": why, "module": text})
        return right
