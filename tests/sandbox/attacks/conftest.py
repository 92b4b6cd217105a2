"""One slot for the attacks of a file; each attack and the right candidate after it run in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from corpus.trial import LIMITS, good_pair, make_project

from pytest_supercharger.domain import Verdict
from pytest_supercharger.sandbox.docker import DockerSandbox
from pytest_supercharger.sandbox.engine import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerSandbox]:
    """A sandbox of one slot."""
    project = make_project(tmp_path_factory.mktemp("sums"))
    with DockerSandbox(project, limits=LIMITS, slots=1) as sandbox:
        assert good_pair(sandbox).verdict is Verdict.PASS
        yield sandbox


@pytest.fixture(scope="module")
def client() -> Iterator[DockerClient]:
    """The engine, to see which containers there are."""
    client = connect()
    yield client
    client.close()
