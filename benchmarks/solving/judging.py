"""Whether a candidate is right: in the sandbox, it returns what the reference returns on every input."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass

from pytest_supercharger.domain import GeneratedTest, PairResult, Verdict
from pytest_supercharger.sandbox.base import Sandbox
from solving.lines import Lines
from solving.tasks import Task, TaskError

__all__ = ["Judge", "tests"]

_INPUTS_A_TEST = 10  # a test has one time limit
_NO_VERDICT = frozenset({Verdict.INFRA, Verdict.ENVIRONMENT})
_MODULE = """\
import copy
import math

from {module} import {name} as candidate

inf, nan = math.inf, math.nan
REFERENCE = {reference!r}
CONTRACT = {contract!r}
INPUTS = {inputs!r}
ATOL = {atol!r} or 1e-6
view = {view}


def same(got, want):
    if isinstance(want, float) and isinstance(got, (int, float)):
        return got == want or (got != got and want != want) or abs(got - want) <= ATOL + 1e-7 * abs(want)
    if isinstance(want, (list, tuple)) and type(got) is type(want):
        return len(got) == len(want) and all(map(same, got, want))
    if isinstance(want, dict) and isinstance(got, dict):
        return got.keys() == want.keys() and all(same(got[key], want[key]) for key in want)
    return bool(got == want)


def test_reference_{number}():
    names = {{"__name__": "reference", "contract": lambda *given: None}}
    exec(REFERENCE, names)
    exec(CONTRACT, names)
    reference, contract = names[{name!r}], names["contract"]
    valid = 0
    for given in INPUTS:
        try:
            contract(*copy.deepcopy(given))
            want = view(reference(*copy.deepcopy(given)), *given)
        except Exception:
            continue  # not an input of this task
        valid += 1
        got = view(candidate(*copy.deepcopy(given)), *given)
        if not same(got, want):
            raise AssertionError(f"{{given!r:.200}} gave {{got!r:.200}}, not {{want!r:.200}}")
    if 2 * valid < len(INPUTS):
        raise AssertionError(f"only {{valid}} of {{len(INPUTS)}} inputs are inputs of this task")
"""


def tests(task: Task) -> list[GeneratedTest]:
    """Tests that hold a candidate against the reference on every base and plus input."""
    chunks = [task.inputs[i : i + _INPUTS_A_TEST] for i in range(0, len(task.inputs), _INPUTS_A_TEST)]
    return [
        GeneratedTest(
            id=f"reference{number}",
            name=f"test_reference_{number}",
            source=_MODULE.format(
                module=task.module,
                name=task.name,
                reference=task.reference,
                contract=task.contract,
                inputs=list(chunk),
                atol=task.atol,
                view=task.view,
                number=number,
            ),
        )
        for number, chunk in enumerate(chunks)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Judges modules of one task; a module that was judged before, in this run or an earlier one, is not run again."""

    task: Task
    sandbox: Sandbox
    record: Lines
    known: dict[str, bool]  # digest of task and module -> right; shared by all tasks
    lock: threading.Lock

    def check(self) -> None:
        """Hold the reference against itself.

        Raises:
            TaskError: it does not even agree with itself, so nothing can be judged by it.
        """
        right, why = self._run(self.task.reference.encode())
        if not right:
            raise TaskError(f"its reference fails its own inputs: {why}")

    def right(self, module: bytes) -> bool:
        """Whether this text of the module is right.

        Raises:
            TaskError: the sandbox gave no verdict.
        """
        digest = hashlib.sha256("\0".join(test.source for test in tests(self.task)).encode() + module).hexdigest()
        with self.lock:
            known = self.known.get(digest)
        if known is not None:
            return known
        right, why = self._run(module)
        with self.lock:
            self.known[digest] = right
        text = module.decode("utf-8", "replace")
        self.record.add({"task": self.task.id, "digest": digest, "right": right, "why": why, "module": text})
        return right

    def _run(self, module: bytes) -> tuple[bool, str]:
        for test in tests(self.task):
            result = self._result(module, test)
            if result.verdict is Verdict.TIMEOUT:  # it is kept for good, and the machine may just have been busy
                result = self._result(module, test)
            if result.verdict in _NO_VERDICT:
                raise TaskError(f"the sandbox gave no verdict: {result.detail}")
            if result.verdict is not Verdict.PASS:
                return False, f"{result.verdict.value}: {result.detail}"
        return True, ""

    def _result(self, module: bytes, test: GeneratedTest) -> PairResult:
        return self.sandbox.run_tests({self.task.relpath: module}, [test], isolated=True)[test.id]
