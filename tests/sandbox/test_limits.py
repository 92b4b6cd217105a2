"""Each limit that a test runs into has a verdict of its own; it is as large as the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_supercharger.domain import GeneratedTest, Verdict
from pytest_supercharger.sandbox.base import Limits
from pytest_supercharger.sandbox.docker import DockerSandbox
from pytest_supercharger.sandbox.inside.child import address_space

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_supercharger.domain import PairResult


_MEBI = 1024 * 1024
LIMITS = Limits(seconds=2.0, memory_bytes=96 * _MEBI, processes=24, disk_bytes=4 * _MEBI, output_bytes=64 * 1024)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerSandbox]:
    project = tmp_path_factory.mktemp("project")
    with DockerSandbox(project, limits=LIMITS, slots=1) as sandbox:
        yield sandbox


def result(sandbox: DockerSandbox, body: str) -> PairResult:
    source = "import os, sys, threading, time\n\n\ndef test_it():\n" + "".join(
        f"    {line}\n" for line in body.split("; ")
    )
    return sandbox.run_tests({}, [GeneratedTest(id="t", name="test_it", source=source)])["t"]


@pytest.mark.docker
@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("data = bytearray(200 << 20)", Verdict.MEMORY),
        ("for n in range(40): threading.Thread(target=time.sleep, args=(1,), daemon=True).start()", Verdict.PROCESSES),
        # The refusal is not hidden by catching it.
        (
            "try:;     for n in range(40): os.fork() or os._exit(time.sleep(1) or 0); except OSError: pass",
            Verdict.PROCESSES,
        ),
        ("for n in range(9): open(f'{n}', 'wb').write(b'x' * (1 << 20))", Verdict.DISK),
        ("open('one', 'wb').truncate(5 << 20)", Verdict.DISK),
        ("raise ValueError('x' * 10)", Verdict.FAIL),
    ],
)
def test_beyond_a_limit_is_its_verdict_and_the_next_test_is_not_harmed(
    sandbox: DockerSandbox, body: str, verdict: Verdict
) -> None:
    assert result(sandbox, body).verdict is verdict
    assert result(sandbox, "assert True").verdict is Verdict.PASS


@pytest.mark.docker
@pytest.mark.parametrize(
    "body",
    [
        "assert len(bytearray(40 << 20))",
        "for n in range(10): threading.Thread(target=time.sleep, args=(0.01,)).start()",
        "assert open('one', 'wb').write(b'x' * (3 << 20))",
    ],
)
def test_within_the_limits_a_test_passes(sandbox: DockerSandbox, body: str) -> None:
    assert result(sandbox, body).verdict is Verdict.PASS


def test_address_space_is_the_limit_only_where_memory_is_not_counted() -> None:
    assert address_space(1, 96 * _MEBI, counted=False) == 1 + 96 * _MEBI
    assert address_space(1, 96 * _MEBI, counted=True) >= 1 << 31
    assert address_space(1, 4096 * _MEBI, counted=True) >= 8192 * _MEBI
