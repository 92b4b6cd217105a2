"""Several engines: jobs go to whoever is free, and an engine that is gone is done without."""

from __future__ import annotations

import contextlib
import os
import ssl
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
import pytest
from docker.errors import APIError
from engine_jobs import LIMITS, make_certificates, on, own, slots, verdicts
from python_base import import_base
from relay import Relay, engine_socket
from second_engine import SecondEngine

from pytest_supercharger.domain import Verdict
from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox import base_image
from pytest_supercharger.sandbox.docker import DockerSandbox
from pytest_supercharger.sandbox.engine import connect, facts
from pytest_supercharger.sandbox.placement import Placement
from pytest_supercharger.sandbox.reaper import SLOT_LABEL
from pytest_supercharger.sandbox.tunnel import Tunnel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient

pytestmark = pytest.mark.docker


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "sums.py").write_text("def add(a, b):\n    return a + b\n")
    return root


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    return tmp_path / "one", tmp_path / "two"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def client() -> Iterator[DockerClient]:
    client = connect()
    yield client
    client.close()


def test_jobs_are_spread_over_the_engines(
    project: Path, folders: tuple[Path, Path], said: list[str], client: DockerClient
) -> None:
    with Relay(folders[0]) as one, Relay(folders[1]) as two:
        placement = on(one.address, two.address)
        with DockerSandbox(project, limits=LIMITS, slots=3, placement=placement, report=said.append) as sandbox:
            assert said == []
            assert verdicts(sandbox, 12) == {Verdict.PASS}
            numbers = slots(client)
            assert numbers[0] + 4 in numbers  # two slots and a pair are on the first engine, the rest on the second
        assert said == [f"sandbox: slots on 2 engines: 2 at {one.address}, 1 at {two.address}"]
        assert slots(client) == []


@pytest.fixture
def cut_off(client: DockerClient) -> Iterator[None]:
    """Removes what was made at the moment the line was cut: nobody learned its id, and this process still lives."""
    yield
    for one in own(client):
        with contextlib.suppress(APIError):  # it goes by itself
            client.api.remove_container(one["Id"], force=True, v=True)


@pytest.mark.usefixtures("cut_off")
def test_an_engine_that_goes_away_does_not_end_the_run(
    project: Path, folders: tuple[Path, Path], said: list[str]
) -> None:
    with Relay(folders[0]) as one, Relay(folders[1]) as two:
        placement = on(two.address, one.address)
        with DockerSandbox(project, limits=LIMITS, slots=2, placement=placement, report=said.append) as sandbox:
            assert verdicts(sandbox, 6) == {Verdict.PASS}
            assert verdicts(sandbox, 1, split=True) == {Verdict.PASS}
            with ThreadPoolExecutor(1) as threads:
                running = threads.submit(verdicts, sandbox, 40)
                two.close()
                assert running.result() == {Verdict.PASS}
            assert verdicts(sandbox, 4) == {Verdict.PASS}
            assert verdicts(sandbox, 2, split=True) == {Verdict.PASS}
            assert sandbox.lacks(["no_such_module"]) == {"no_such_module"}
            gone = [line for line in said if line.startswith(f"sandbox: the engine at {two.address} is gone")]
            assert len(gone) == 1
            assert gone[0].endswith("1 slots are left elsewhere")
            one.close()
            with pytest.raises(SandboxError, match="no Docker engine answers any more"):
                verdicts(sandbox)


def test_an_engine_that_is_not_there_at_the_start_is_named_and_done_without(
    project: Path, folders: tuple[Path, Path], said: list[str]
) -> None:
    with Relay(folders[0]) as one:
        placement = on("unix:///nonexistent/docker.sock", one.address)
        with DockerSandbox(project, limits=LIMITS, slots=1, placement=placement, report=said.append) as sandbox:
            assert verdicts(sandbox) == {Verdict.PASS}
    assert said[0].startswith("sandbox: one engine less: Docker is not reachable at unix:///nonexistent/docker.sock")


def test_without_any_engine_there_is_an_error(project: Path) -> None:
    placement = on("unix:///nonexistent/one.sock", "unix:///nonexistent/two.sock")
    with (
        DockerSandbox(project, placement=placement) as sandbox,
        pytest.raises(SandboxError, match=r"not reachable at unix:///nonexistent/one\.sock"),
    ):
        sandbox.start()


def test_an_engine_behind_tls_takes_jobs_from_who_has_a_certificate(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_certificates(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tmp_path / "ca.pem"))
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with Relay(tmp_path, tls=context) as relay:
        with pytest.raises(SandboxError, match="Docker is not reachable at tcp://localhost"):
            connect(relay.address)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())  # of the web, not of engines
        monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
        monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
        with DockerSandbox(project, limits=LIMITS, slots=1, placement=on(relay.address)) as sandbox:
            assert verdicts(sandbox, 3) == {Verdict.PASS}
            assert verdicts(sandbox, 1, f"assert add({'x' * 300_000!r}, '') == ''") == {Verdict.FAIL}


# Forwards as `ssh -L` does, over the machine's own engine, and ends with its input as the command on the other side.
_SSH = """#!{python}
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
if "nobody@elsewhere" in sys.argv:
    sys.exit("nobody@elsewhere: Permission denied (publickey).")
assert sys.argv[-3:] == ["--", "me@elsewhere", "exec cat"], sys.argv
assert sys.argv[sys.argv.index("-p") + 1] == "2222"
local, _, remote = sys.argv[sys.argv.index("-L") + 1].partition(":")
assert remote == "/var/run/docker.sock"
from relay import Relay
folder = Path(local).parent / "relay"
folder.mkdir()
with Relay(folder) as relay:
    Path(local).symlink_to(folder / "relay.sock")
    sys.stdin.read()
"""


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program called ssh, first on the path."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "ssh").write_text(_SSH.format(python=sys.executable, tests=str(Path(__file__).parent)))
    (programs / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{engine_socket()}")
    return programs


def test_an_engine_behind_ssh_is_reached_through_the_users_own_ssh(project: Path, ssh: Path) -> None:
    with DockerSandbox(project, limits=LIMITS, slots=1, placement=on("ssh://me@elsewhere:2222")) as sandbox:
        assert verdicts(sandbox, 3) == {Verdict.PASS}


def test_what_ssh_says_is_told(ssh: Path) -> None:
    with pytest.raises(SandboxError, match=r"ssh says 'nobody@elsewhere: Permission denied"):
        Tunnel("ssh://nobody@elsewhere")


@pytest.mark.parametrize("address", ["ssh://-oProxyCommand=x", "ssh://-l@host", "ssh://", "tcp://host"])
def test_what_is_no_address_of_ssh_never_becomes_an_option_of_it(ssh: Path, address: str) -> None:
    with pytest.raises(SandboxError, match="it is no address of ssh"):
        Tunnel(address)


@pytest.fixture(scope="module")
def hidden() -> Iterator[Path]:
    """Where copies of projects go that the second engine does not see."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def second(hidden: Path) -> Iterator[SecondEngine]:
    with SecondEngine(hidden, runtimes={"other": "runc"}) as engine:
        yield engine


@pytest.fixture
def remote(second: SecondEngine, hidden: Path, monkeypatch: pytest.MonkeyPatch) -> SecondEngine:
    """The second engine, for a client whose files it does not see."""
    monkeypatch.setattr("tempfile.tempdir", str(hidden))
    return second


def test_an_engine_that_does_not_see_our_files_is_told_apart(project: Path, remote: SecondEngine) -> None:
    placement = on(remote.address, environment="host")
    with (
        DockerSandbox(project, placement=placement) as sandbox,
        pytest.raises(SandboxError, match=r"does not share this machine's files .*--supercharge-environment image"),
    ):
        sandbox.start()


def test_without_a_base_both_ways_are_named(project: Path, remote: SecondEngine) -> None:
    with (
        DockerSandbox(project, placement=on(remote.address, image="localhost:1/none:1")) as sandbox,
        pytest.raises(SandboxError, match=r"does not share .* the other way, an image, .*supercharge_image"),
    ):
        sandbox.start()


def test_engines_that_see_different_things_get_one_environment(
    project: Path, remote: SecondEngine, folders: tuple[Path, Path], said: list[str], client: DockerClient
) -> None:
    base = import_base(client)
    there = remote.address.removeprefix("unix://")
    line = Relay(folders[0], upstream=there)
    placement = on(f"unix://{engine_socket()}", line.address, image=base, install=("sortedcontainers",))  # type: ignore[arg-type]
    try:
        with DockerSandbox(project, limits=LIMITS, slots=2, placement=placement, report=said.append) as sandbox:
            assert verdicts(sandbox, 8) == {Verdict.PASS}
            assert verdicts(sandbox, 8, "import sortedcontainers") == {Verdict.FAIL}
            assert sandbox.lacks(["sortedcontainers", "sums"]) == {"sortedcontainers"}
            line.close()
            assert sandbox.install(["sortedcontainers"])
            line = Relay(folders[0], upstream=there)
            # What was fetched while the engine was away is there before it gets a job.
            assert verdicts(sandbox, 8, "import sortedcontainers") == {Verdict.PASS}
            second = connect(remote.address)
            assert [number + 3 for number in slots(client)] == slots(second)
            second.close()
        assert any("does not share this machine's files; the environment is built as an image" in line for line in said)
    finally:
        line.close()
        architecture = facts(client).architecture
        image = base_image.ensure_built(client, architecture, project, base, lambda line: None).reference
        client.images.remove(image, force=True)
        client.images.remove(base, force=True)


def test_the_runtime_of_the_settings_runs_the_slots(project: Path, second: SecondEngine) -> None:
    placement = on(second.address, runtime="other")
    with DockerSandbox(project, limits=LIMITS, slots=1, placement=placement) as sandbox:
        assert verdicts(sandbox) == {Verdict.PASS}
        there = connect(second.address)
        (container,) = there.api.containers(filters={"label": SLOT_LABEL})
        assert there.api.inspect_container(container["Id"])["HostConfig"]["Runtime"] == "other"
        there.close()


def test_a_runtime_that_is_not_there_is_an_error_before_anything_runs(project: Path) -> None:
    with (
        DockerSandbox(project, placement=Placement(runtime="no-such-runtime")) as sandbox,
        pytest.raises(SandboxError, match="has no runtime 'no-such-runtime'"),
    ):
        sandbox.start()
