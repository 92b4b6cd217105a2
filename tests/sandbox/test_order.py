"""A batch is a screen: where tests get into each other's way, the verdict is that of the test on its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from order_corpus import CANDIDATE, ORDER
from zygote_slot import GOOD, MODULE, TEST, ZygoteSlot

from pytest_supercharger.domain import GeneratedTest, PairResult, Verdict
from pytest_supercharger.sandbox.base import Limits
from pytest_supercharger.sandbox.docker import DockerSandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.docker

LIMITS = Limits(seconds=2.0, import_seconds=5.0, memory_bytes=256 * 1024 * 1024)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerSandbox]:
    """A sandbox of one slot over the project of these tests."""
    project = tmp_path_factory.mktemp("order")
    (project / "mod.py").write_text(MODULE)
    with DockerSandbox(project, limits=LIMITS, slots=1) as sandbox:
        yield sandbox


def run(sandbox: DockerSandbox, code: str, *sources: str, isolated: bool = False) -> list[PairResult]:
    tests = [GeneratedTest(id=str(number), name="test_it", source=source) for number, source in enumerate(sources)]
    results = sandbox.run_tests({"mod.py": (MODULE + code).encode()}, tests, isolated=isolated)
    return [results[test.id] for test in tests]


@pytest.mark.parametrize(("first", "second"), ORDER.values(), ids=ORDER.keys())
def test_a_batch_and_a_run_of_its_own_differ(zygote: ZygoteSlot, first: str, second: str) -> None:
    assert zygote.batch(CANDIDATE, first, second) == [True, False]
    assert zygote.pair(CANDIDATE, second).verdict is Verdict.PASS


@pytest.mark.parametrize(("first", "second"), ORDER.values(), ids=ORDER.keys())
def test_the_run_of_its_own_is_the_verdict_and_the_difference_is_recorded(
    sandbox: DockerSandbox, first: str, second: str
) -> None:
    results = run(sandbox, CANDIDATE, first, second)
    assert [(result.verdict, result.order_dependent) for result in results] == [
        (Verdict.PASS, False),
        (Verdict.PASS, True),
    ]


def test_a_pass_that_another_test_made_is_none_in_isolation(sandbox: DockerSandbox) -> None:
    needs_other = TEST.replace("assert double(2) == 4", "import mod\n    double(1)\n    assert len(mod.calls) == 2")
    assert [result.verdict.value for result in run(sandbox, CANDIDATE, TEST, needs_other)] == ["pass", "pass"]
    alone = run(sandbox, CANDIDATE, TEST, needs_other, isolated=True)
    assert [result.verdict.value for result in alone] == ["pass", "fail"]


ENDED = {
    "process": "import os\n    os._exit(0)",
    "time limit": "while True:\n        pass",
    "memory": "kept = []\n    while True:\n        kept.append(bytearray(1 << 24))",
    "interrupt": "raise KeyboardInterrupt",
    "leftover": "import os, time\n    if not os.fork():\n        time.sleep(60)",
}


@pytest.mark.parametrize("body", ENDED.values(), ids=ENDED.keys())
def test_tests_of_a_batch_that_was_cut_off_get_their_own_verdicts(sandbox: DockerSandbox, body: str) -> None:
    bad = TEST.replace("assert double(2) == 4", body)
    results = run(sandbox, GOOD, TEST, bad, TEST.replace("4", "5"), TEST.replace("(2) == 4", "(3) == 6"))
    assert [result.verdict is Verdict.PASS for result in results] == [True, False, False, True]
    assert not any(result.order_dependent for result in results)


def test_a_test_that_is_slow_for_a_batch_may_pass_on_its_own(sandbox: DockerSandbox) -> None:
    slow = TEST.replace("assert", "import time\n    end = time.process_time() + 1.0\n"
                        "    while time.process_time() < end:\n        pass\n    assert")  # fmt: skip
    assert [result.verdict.value for result in run(sandbox, GOOD, TEST, slow)] == ["pass", "pass"]


def test_equal_tests_are_run_once_and_answered_twice(sandbox: DockerSandbox) -> None:
    assert [result.verdict.value for result in run(sandbox, GOOD, TEST, TEST)] == ["pass", "pass"]


FOUR = "assert double(1) == 2", "assert double(2) == 4", "assert double(3) == 6", "assert double(4) == 8"


def run_four(sandbox: DockerSandbox, code: str, *bodies: str) -> list[PairResult]:
    sources = [f"from mod import double\n\n\ndef test_it():\n    {body}\n" for body in bodies]
    return run(sandbox, code, *sources, isolated=True)


def test_a_candidate_that_is_compiled_once_for_several_runs_starts_anew_in_each(sandbox: DockerSandbox) -> None:
    code = f"{CANDIDATE}\ndef where():\n    return double.__code__.co_filename, __file__\n"
    reads = (
        "import inspect\n    assert 'seen.append' in inspect.getsource(double)",
        "import mod\n    assert len(set(mod.where())) == 1",
        "import mod\n    assert mod.calls == []",
    )
    results = run_four(sandbox, code, *FOUR, *reads)
    assert {(result.verdict, result.detail) for result in results} == {(Verdict.PASS, "")}


def test_a_failure_in_a_candidate_that_was_compiled_before_says_where(sandbox: DockerSandbox) -> None:
    results = run_four(sandbox, "def double(x):\n    return x.no\n", *FOUR)
    for result in results:
        assert result.verdict is Verdict.FAIL
        assert re.search(r"no attribute 'no'\nat \S+/mod\.py:\d+$", result.detail), result


def test_a_candidate_that_does_not_parse_fails_each_test_and_says_why(sandbox: DockerSandbox) -> None:
    results = run_four(sandbox, "def double(x):\n    return (x\n", *FOUR)
    assert all(result.verdict is Verdict.FAIL and "SyntaxError" in result.detail for result in results), results
