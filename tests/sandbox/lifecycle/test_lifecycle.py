"""Whoever dies in the middle, the client, the engine or a half-sent word: no container stays, and nothing hangs."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from own_engine import OwnEngine

from pytest_supercharger.domain import GeneratedTest, Verdict
from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.base import Limits
from pytest_supercharger.sandbox.docker import DockerSandbox
from pytest_supercharger.sandbox.engine import connect
from pytest_supercharger.sandbox.reaper import CLIENT_LABEL, reap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient

pytestmark = pytest.mark.docker

_WAIT_SECONDS = 120
_PASSES = GeneratedTest(id="passes", name="test_it", source="def test_it():\n    pass\n")
_HANGS = GeneratedTest(id="hangs", name="test_it", source="import time\ndef test_it():\n    time.sleep(600)\n")

# Brings a container to a point, says its id, and dies there when it is told to.
_CLIENT = """
import os, signal, sys, time
from pathlib import Path
from pytest_supercharger.sandbox import slot
from pytest_supercharger.sandbox.base import Limits
from pytest_supercharger.sandbox.engine import connect, facts
from pytest_supercharger.sandbox.frames import encode
from pytest_supercharger.sandbox.host import SNAPSHOT, Host
from pytest_supercharger.sandbox.protocol import setup_job

point, project, number = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
client = connect()
host = Host.prepare(client, facts(client), project, Limits())
setup = setup_job(project=str(project), snapshot=SNAPSHOT, roots=[""], limits=Limits())
if point == "created":
    container = slot.create(client.api, host.spec(number))
elif point == "started":
    container = slot.create(client.api, host.spec(number))
    stream = slot.attach_and_start(client.api, container)
else:
    warm = slot.Slot.start(client.api, host.spec(number), setup)
    container = warm.container
    frame = encode({"kind": "ping", "id": 1, "nonce": "x"})
    warm._stream.send(frame[: len(frame) // 2], time.monotonic() + 30)
print(container, flush=True)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""


def make_project(folder: Path) -> Path:
    (folder / "project").mkdir()
    (folder / "project" / "mod.py").write_text("x = 1\n")
    return folder / "project"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


@pytest.fixture
def client() -> Iterator[DockerClient]:
    client = connect()
    yield client
    client.close()


def left(client: DockerClient) -> set[str]:
    return {summary["Id"] for summary in client.api.containers(all=True, filters={"label": CLIENT_LABEL})}


class Client:
    """A process with one container, at a point of its life."""

    _numbers = itertools.count(300)  # of the users of containers: no two of these have one

    def __init__(self, point: str, project: Path, temporary: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _CLIENT, point, str(project), str(next(self._numbers))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[3],
            env={**os.environ, "TMPDIR": str(temporary)},
        )
        assert self.process.stdout is not None
        self.container = self.process.stdout.readline().strip()
        assert self.container

    def die(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self.process.wait() == -signal.SIGKILL

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module", autouse=True)
def silent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """It says half a frame and no more, while the other tests run: PID 1 waits for half a minute."""
    folder = tmp_path_factory.mktemp("silent")
    with Client("half a frame", make_project(folder), folder) as client:
        yield client


@pytest.mark.parametrize("point", ["started", "half a frame"])
def test_a_container_ends_with_its_client(client: DockerClient, project: Path, tmp_path: Path, point: str) -> None:
    with Client(point, project, tmp_path) as dying:
        dying.die()
        _wait_for_the_end(client, dying.container)
    assert dying.container not in left(client)


def test_a_container_that_was_never_started_is_reaped(client: DockerClient, project: Path, tmp_path: Path) -> None:
    with Client("created", project, tmp_path) as dying:
        assert dying.container not in reap(client)
        assert dying.container in left(client)
        dying.die()
    reap(client)  # unless a run beside this one was faster
    assert dying.container not in left(client)


def _wait_for_the_end(client: DockerClient, container: str) -> None:
    if container in left(client):
        client.api.wait(container, timeout=_WAIT_SECONDS, condition="removed")


@pytest.fixture
def own_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnEngine]:
    if not OwnEngine.possible():
        pytest.skip("an engine that may be killed takes root and dockerd")
    engine = OwnEngine()
    try:
        engine.start()
        monkeypatch.setenv("DOCKER_HOST", engine.address)
        yield engine
    finally:
        engine.stop()


def test_after_an_engine_was_killed_calls_end_and_a_new_one_serves_and_keeps_no_container(
    own_engine: OwnEngine, project: Path, tmp_path: Path
) -> None:
    with (
        Client("created", project, tmp_path) as never_started,
        Client("started", project, tmp_path) as running,
        DockerSandbox(project, limits=Limits(seconds=2.0), slots=1) as sandbox,
        ThreadPoolExecutor(1) as threads,
    ):
        assert sandbox.run_tests({}, [_PASSES])["passes"].verdict is Verdict.PASS
        hanging = threads.submit(sandbox.run_tests, {}, [_HANGS])
        own_engine.wait_for_processes(3)  # PID 1 of two containers, and a job of one of them
        own_engine.kill()
        with pytest.raises(SandboxError, match="no Docker engine answers"):
            hanging.result(_WAIT_SECONDS)
        with pytest.raises(SandboxError, match="no Docker engine answers"):
            sandbox.run_tests({}, [_PASSES])
        never_started.die()
        running.die()
        own_engine.start()
        assert sandbox.run_tests({}, [_PASSES])["passes"].verdict is Verdict.PASS
    client = own_engine.client()
    reap(client)
    for orphan in left(client):
        _wait_for_the_end(client, orphan)
    assert left(client) == set()
    client.close()


def test_a_container_that_hears_nothing_after_half_a_frame_ends(client: DockerClient, silent: Client) -> None:
    _wait_for_the_end(client, silent.container)
    assert silent.process.poll() is None
    assert silent.container not in left(client)
