"""Two runs at once: what a candidate of one uses up is not taken from the other, though their users have one number."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from corpus.attack import TEST
from corpus.trial import good_pair, make_project, run_code

from pytest_supercharger.domain import Verdict
from pytest_supercharger.sandbox.base import Limits
from pytest_supercharger.sandbox.docker import DockerSandbox

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.docker

_LIMITS = Limits(seconds=3.0, memory_bytes=192 << 20)

# Keeps as many processes as there may be until its time is over.
_CROWD = """
import os, time


def add(a, b):
    for _ in range(120):
        if not os.fork():
            time.sleep(600)
    time.sleep(600)
"""

_FORKS = """
import os


def add(a, b):
    far, near = os.pipe()
    children = []
    for _ in range(40):
        child = os.fork()
        if not child:
            os.close(near)
            os.read(far, 1)
            os._exit(0)
        children.append(child)
    os.close(near)
    for child in children:
        os.waitpid(child, 0)
    return a + b
"""


def test_processes_of_one_run_are_not_taken_from_another(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    with (
        DockerSandbox(make_project(tmp_path / "one"), limits=_LIMITS, slots=1) as one,
        DockerSandbox(make_project(tmp_path / "other"), limits=_LIMITS, slots=1) as other,
        ThreadPoolExecutor(1) as threads,
    ):
        assert good_pair(one).verdict is good_pair(other).verdict is Verdict.PASS
        crowd = threads.submit(run_code, one, _CROWD, TEST)
        results = [*run_code(other, _FORKS, TEST)]
        while not crowd.done():
            results += run_code(other, _FORKS, TEST)
    assert {result.verdict for result in results} <= {Verdict.PASS, Verdict.INFRA}
    assert Verdict.PASS in {result.verdict for result in results}
