"""Whether a module is right: in the sandbox, it answers as the reference does on every input of its task."""

from __future__ import annotations

from pytest_supercharger.calibrating.tasks import Task, TaskError
from pytest_supercharger.domain import GeneratedTest, PairResult, Verdict
from pytest_supercharger.sandbox.base import Sandbox

__all__ = ["check", "judge", "tests"]

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
RAISES = ({raises})
view = {view}


def answer(function, given):
    try:
        return view(function(*copy.deepcopy(given)), *given)
    except RAISES as error:
        return type(error)


def same(got, want):
    if isinstance(want, type) and isinstance(got, type):
        return issubclass(got, want)
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
            want = answer(reference, given)
        except Exception:  # of the contract or the reference: this is no input of the task
            continue
        valid += 1
        got = answer(candidate, given)
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
                raises="".join(f"{name}, " for name in task.raises),
                view=task.view,
                number=number,
            ),
        )
        for number, chunk in enumerate(chunks)
    ]


def check(task: Task, sandbox: Sandbox) -> None:
    """Hold the reference against itself.

    Raises:
        TaskError: it does not even agree with itself, so nothing can be judged by it.
    """
    right, why = judge(task, sandbox, task.reference.encode())
    if not right:
        raise TaskError(f"its reference fails its own inputs: {why}")


def judge(task: Task, sandbox: Sandbox, module: bytes) -> tuple[bool, str]:
    """Whether this text of the module is right, and why not.

    Raises:
        TaskError: the sandbox gave no verdict.
    """
    for test in tests(task):
        result = _result(task, sandbox, module, test)
        if result.verdict is Verdict.TIMEOUT:  # it is kept for good, and the machine may just have been busy
            result = _result(task, sandbox, module, test)
        if result.verdict in _NO_VERDICT:
            raise TaskError(f"the sandbox gave no verdict: {result.detail}")
        if result.verdict is not Verdict.PASS:
            return False, f"{result.verdict.value}: {result.detail}"
    return True, ""


def _result(task: Task, sandbox: Sandbox, module: bytes, test: GeneratedTest) -> PairResult:
    return sandbox.run_tests({task.relpath: module}, [test], isolated=True)[test.id]
