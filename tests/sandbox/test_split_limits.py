"""What the line between the halves of a split run costs is held against nobody, and lets nobody get away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_supercharger.domain import GeneratedTest, PairResult, Verdict
from pytest_supercharger.sandbox import protocol
from pytest_supercharger.sandbox.base import Limits
from pytest_supercharger.sandbox.docker import DockerSandbox
from pytest_supercharger.sandbox.split_scope import rehearsal
from pytest_supercharger.sandbox.split_verdict import too_much
from pytest_supercharger.splitting import Splitting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zygote_slot import ZygoteSlot

pytestmark = pytest.mark.docker

# A twentieth of what there is by default, and tests with a twentieth of 40,000 calls.
LIMITS = Limits(seconds=0.5, messages=2_100)
STUB = "from pytest_supercharger import supercharge\n\n\n@supercharge\ndef double(x):\n    raise NotImplementedError\n"
# What a candidate does that knows in which of the two it runs.
KNOWING = """
import gc, json, time
ends = [thing for thing in gc.get_objects() if type(thing).__name__ == 'JobEnd']
def double(x):
    if ends:
        {apart}
    return 2 * x
"""
RIGHT = "pass"
_ATTEMPTS = 5  # on a machine that is too busy for a time limit to mean anything
IN_A_LOOP = "for n in range({calls}):\n    assert double(n) == 2 * n"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerSandbox]:
    project = tmp_path_factory.mktemp("project")
    (project / "mod.py").write_text(STUB)
    with DockerSandbox(project, limits=LIMITS, slots=1) as sandbox:
        yield sandbox


def a_test(body: str, decorator: str = "", parameter: str = "") -> GeneratedTest:
    lines = body.replace("\n", "\n    ")
    source = f"import pytest\nfrom mod import double\n\n{decorator}\ndef test_it({parameter}):\n    {lines}\n"
    return GeneratedTest(id=source, name="test_it", source=source)


def apart(sandbox: DockerSandbox, test: GeneratedTest, candidate: str = RIGHT) -> PairResult:
    for _ in range(_ATTEMPTS):
        result = sandbox.run_split({"mod.py": KNOWING.format(apart=candidate).encode()}, [test])[test.id]
        if result.verdict is not Verdict.INFRA:
            break
    return result


def test_a_right_candidate_passes_a_test_with_many_calls(sandbox: DockerSandbox) -> None:
    """They take longer than the test may: the time of the line and of the other half is not counted."""
    result = apart(sandbox, a_test(IN_A_LOOP.format(calls=2_000)))
    assert result.verdict is Verdict.PASS, result


def test_each_case_of_a_test_has_its_own_time_in_the_candidates_half_too(sandbox: DockerSandbox) -> None:
    busy = "end = time.process_time() + 0.2\n        while time.process_time() < end: pass"
    test = a_test("assert double(x) == 2 * x", "@pytest.mark.parametrize('x', range(4))", "x")
    result = apart(sandbox, test, busy)
    assert result.verdict is Verdict.PASS, result


def test_more_calls_than_the_line_carries_are_the_tests_own_doing(sandbox: DockerSandbox) -> None:
    said: list[str] = []
    test = a_test(IN_A_LOOP.format(calls=2_200))
    splitting = Splitting(sandbox, level=3, report=said.append)
    overlay = {"mod.py": KNOWING.format(apart=RIGHT).encode()}
    assert splitting.run(overlay, [test])[test.id].verdict is Verdict.PASS
    assert splitting.doubt(overlay, [test]) == ""
    assert said == ["test_it runs in one process with the candidate: it calls the candidate more than 2100 times"]
    assert splitting.remark([test]) == "; 1 of its 1 tests could not be run apart from it"


@pytest.mark.parametrize(
    ("body", "candidate", "verdict"),
    [
        (IN_A_LOOP.format(calls=3), "time.sleep(600)", Verdict.TIMEOUT),
        (IN_A_LOOP.format(calls=3), "while True: ends[0].send(json.dumps([{'stop': 1}]))", Verdict.OUTPUT),
        ("left = 4\nwhile left:\n    left = 8 - double(left)\nassert left == 0", "return 0", Verdict.OUTPUT),
    ],
    ids=["stalls", "floods", "makes the test ask for ever"],
)
def test_a_candidate_that_brings_a_limit_about_when_apart_is_refused(
    sandbox: DockerSandbox, body: str, candidate: str, verdict: Verdict
) -> None:
    test, overlay = a_test(body), {"mod.py": KNOWING.format(apart=candidate).encode()}
    assert sandbox.run_tests(overlay, [test])[test.id].verdict is Verdict.PASS
    reason = Splitting(sandbox).doubt(overlay, [test])
    told = f"passes test_it only in one process with it; apart the verdict is {verdict.value}"
    # A machine that is too busy to judge refuses as well.
    assert reason.startswith((told, "the sandbox could not run test_it apart from it: the machine was too busy")), (
        reason
    )


TOO_MUCH = {
    "a loop": "for n in range(300):\n    assert other(n) == 2 * n",
    "loops in loops": "for n in range(20):\n    for m in range(20):\n        assert other(n) + other(m) == n",
    "a comprehension": "assert [other(n) for n in range(300)] == list(range(0, 600, 2))",
    "branches": "for n in range(400):\n    if n % 2:\n        assert other(n) > 0\n    elif other(n):\n        pass",
    "what is made of answers": "seen = [other(n) for n in range(300)]\nassert sum(map(int, seen)) == len(seen)",
}
ASKED_FOR = {
    "few calls": "for n in range(199):\n    other(n)",
    "while it is true": "while other(1):\n    pass",
    "while it is false": "while not other(1):\n    pass",
    "while it is small": "while other(1) < 5:\n    pass",
    "while there is little of it": "got = other(0)\nwhile len(got) < 5:\n    got = other(got)",
    "while there is much of it": "while len(other(1)) > 5:\n    pass",
    "as often as it says": "for n in range(other(1)):\n    other(n)",
    "for all of it": "for thing in other(1):\n    other(thing)",
    "until it raises": "with pytest.raises(StopIteration):\n    while True:\n        other(1)",
    "until it is a number": "while not isinstance(other(1), int):\n    pass",
}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        *((body, "it calls the candidate more than 200 times") for body in TOO_MUCH.values()),
        *((body, "") for body in ASKED_FOR.values()),
    ],
    ids=[*TOO_MUCH, *ASKED_FOR],
)
def test_what_a_test_says_by_itself_is_seen_without_a_candidate(zygote: ZygoteSlot, body: str, expected: str) -> None:
    lines = body.replace("\n", "\n    ")
    source = f"import pytest\nfrom mod import other\n\ndef test_it():\n    {lines}\n"
    test = rehearsal(GeneratedTest(id="t", name="test_it", source=source))
    answer = zygote.ask(protocol.rehearsal_job(test, replace(zygote.limits, messages=200), {}))
    assert too_much(*answer, rehearsals=2) == expected
    assert too_much(*answer, rehearsals=3) == ""


def test_a_rehearsal_that_could_not_be_judged_says_nothing_about_the_test() -> None:
    assert too_much({"id": 1}, {"id": 1, "kind": "result", "problem": "no memory"}, rehearsals=2) is None
