"""The sandbox as the session uses it: real containers, real PID 1."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from who import WHO

from pytest_supercharger.domain import GeneratedTest, OutputKind, Probe, Verdict
from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.base import Limits
from pytest_supercharger.sandbox.docker import DockerSandbox
from pytest_supercharger.sandbox.engine import connect
from pytest_supercharger.sandbox.reaper import CLIENT_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient

pytestmark = pytest.mark.docker

LIMITS = Limits(seconds=2.0, import_seconds=10.0, gate_seconds=60.0, memory_bytes=256 << 20)
GOOD = b"def add(a, b):\n    return a + b\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shop")
    (root / "src").mkdir()
    (root / "tests").mkdir()
    (root / "src" / "sums.py").write_text("def add(a, b):\n    raise NotImplementedError\n")
    (root / "tests" / "conftest.py").write_text("import pytest\n\n@pytest.fixture\ndef two():\n    return 2\n")
    (root / "tests" / "test_sums.py").write_text(
        "import pytest\nfrom sums import add\n\n"
        "def test_two(two):\n    assert add(two, two) == 4\n\n"
        "@pytest.mark.parametrize('n', [0, 5])\ndef test_zero(n, tmp_path):\n    assert add(n, 0) == n\n"
    )
    (root / "pyproject.toml").write_text("[tool.pytest.ini_options]\npythonpath = ['src']\ntestpaths = ['tests']\n")
    (root / ".env").write_text("TOKEN=secret")
    return root


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def sandbox(project: Path, said: list[str]) -> Iterator[DockerSandbox]:
    with DockerSandbox(project, roots=("", "src"), limits=LIMITS, slots=2, report=said.append) as sandbox:
        yield sandbox


def overlay(source: bytes) -> dict[str, bytes]:
    return {"src/sums.py": source}


def a_test(body: str = "assert add(1, 2) == 3", name: str = "first") -> GeneratedTest:
    return GeneratedTest(id=name, name="test_it", source=f"from sums import add\n\ndef test_it():\n    {body}\n")


def verdict(sandbox: DockerSandbox, source: bytes, body: str = "assert add(1, 2) == 3") -> Verdict:
    return sandbox.run_tests(overlay(source), [a_test(body)])["first"].verdict


def test_a_right_candidate_passes(sandbox: DockerSandbox) -> None:
    assert verdict(sandbox, GOOD) is Verdict.PASS


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"def add(a, b):\n    return a - b\n", {Verdict.FAIL}),
        # Infra where the machine is too busy to give the loop its seconds.
        (b"def add(a, b):\n    while True: pass\n", {Verdict.TIMEOUT, Verdict.INFRA}),
        (b"def add(a, b):\n    return len([bytearray(1 << 20) for _ in range(2000)])\n", {Verdict.MEMORY}),
    ],
)
def test_a_candidate_that_is_not_right_gets_its_verdict_and_the_next_one_is_not_harmed(
    sandbox: DockerSandbox, source: bytes, expected: set[Verdict]
) -> None:
    assert verdict(sandbox, source) in expected
    assert verdict(sandbox, GOOD) is Verdict.PASS


@pytest.mark.parametrize(
    "attack",
    [
        b"import os\ndef add(a, b):\n    os._exit(0)\n",
        b"import os\nos._exit(0)\n",
        b"import sys\ndef add(a, b):\n    sys.exit(0)\n",
        b"import atexit, os\natexit.register(os._exit, 0)\ndef add(a, b):\n    return 0\n",
        b"import pytest\ndef add(a, b):\n    pytest.skip('no')\n",
        b"import os\ndef add(a, b):\n    os.write(1, b'1 passed')\n",
        b"import os, signal\ndef add(a, b):\n    os.kill(1, signal.SIGKILL)\n    os.kill(-1, signal.SIGKILL)\n",
        b"import os\ndef add(a, b):\n    while True:\n        try: os.fork()\n        except OSError: return 0\n",
    ],
)
def test_a_candidate_that_attacks_does_not_pass_and_the_next_one_is_not_harmed(
    sandbox: DockerSandbox, attack: bytes
) -> None:
    assert verdict(sandbox, attack) is not Verdict.PASS
    assert verdict(sandbox, GOOD) is Verdict.PASS


# In a split run: the stub of this test is the candidate's function.
_ASKS = """
from pytest_supercharger import supercharge

def add(*arguments):
    raise NotImplementedError

add.__module__ = "sums"
add = supercharge(add)

def test_it():
    assert add(1, 2) >= 10050
"""


def test_every_user_has_a_name_and_a_home_also_in_the_containers_of_split_runs(sandbox: DockerSandbox) -> None:
    candidate = overlay((WHO + "def add(a, b):\n    return who()\n").encode())
    for pair in (
        sandbox.run_tests(candidate, [a_test("assert add(1, 2) >= 10050")])["first"],
        sandbox.run_split(candidate, [GeneratedTest(id="apart", name="test_it", source=_ASKS)])["apart"],
    ):
        assert pair.verdict is Verdict.PASS, pair


def test_many_pairs_from_many_threads_each_get_their_own_result(sandbox: DockerSandbox) -> None:
    tests = [a_test(f"assert add(1, 2) == {n}", name=str(n)) for n in range(6)]
    with ThreadPoolExecutor(3) as threads:
        results = list(threads.map(lambda _: sandbox.run_tests(overlay(GOOD), tests), range(3)))
    for result in results:
        assert {name for name, pair in result.items() if pair.verdict is Verdict.PASS} == {"3"}


def test_probes_give_canonical_outputs(sandbox: DockerSandbox) -> None:
    probes = [
        Probe(id=expression, imports="from sums import add", setup="", expression=expression)
        for expression in ("add(1, 2)", "add('a', 'b')", "add(1, None)")
    ]
    outputs = sandbox.probe(overlay(GOOD), "sums", probes)
    assert [outputs[probe.id].kind for probe in probes] == [OutputKind.VALUE, OutputKind.VALUE, OutputKind.EXCEPTION]
    assert outputs["add(1, 2)"].text == "3"
    assert outputs["add(1, None)"].text.endswith("TypeError")


def test_no_probes_are_no_work(project: Path) -> None:
    with DockerSandbox(project) as sandbox:
        assert sandbox.probe({}, "sums", []) == {}
        assert sandbox.run_tests({}, []) == {}


def test_a_gate_runs_the_projects_tests_with_its_fixtures(sandbox: DockerSandbox) -> None:
    result = sandbox.gate(overlay(GOOD), None)
    assert result.problem == ""
    assert {node: pair.verdict for node, pair in result.tests.items()} == {
        "tests/test_sums.py::test_two": Verdict.PASS,
        "tests/test_sums.py::test_zero[0]": Verdict.PASS,
        "tests/test_sums.py::test_zero[5]": Verdict.PASS,
    }


def test_a_gate_runs_only_the_named_tests_and_sees_them_fail(sandbox: DockerSandbox) -> None:
    result = sandbox.gate(overlay(b"def add(a, b):\n    return 0\n"), ["tests/test_sums.py::test_two"])
    assert {node: pair.verdict for node, pair in result.tests.items()} == {"tests/test_sums.py::test_two": Verdict.FAIL}


def test_the_users_files_stay_as_they_are(sandbox: DockerSandbox, project: Path) -> None:
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    sandbox.gate(overlay(b"open(__file__, 'w').close()\ndef add(a, b):\n    return 0\n"), None)
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_what_tests_do_not_see_is_said(sandbox: DockerSandbox, said: list[str]) -> None:
    sandbox.start()
    assert said == ["sandbox: tests there do not see .env (may hold a secret)"]


def mine(client: DockerClient, pid: int) -> list[str]:
    summaries = client.api.containers(all=True, filters={"label": CLIENT_LABEL})
    return [summary["Id"] for summary in summaries if f":{pid}:" in summary["Labels"][CLIENT_LABEL]]


def user(client: DockerClient, container: str) -> str:
    return str(client.api.inspect_container(container)["Config"]["User"])


@pytest.fixture
def client() -> Iterator[DockerClient]:
    client = connect()
    yield client
    client.close()


def test_a_container_that_is_killed_under_its_job_is_replaced(client: DockerClient, project: Path) -> None:
    others = set(mine(client, os.getpid()))
    with DockerSandbox(project, roots=("src",), limits=LIMITS, slots=1) as sandbox:
        assert verdict(sandbox, GOOD) is Verdict.PASS
        (container,) = set(mine(client, os.getpid())) - others
        assert user(client, container) not in {user(client, other) for other in others}
        client.api.remove_container(container, force=True)
        assert verdict(sandbox, GOOD) is Verdict.PASS
    assert set(mine(client, os.getpid())) <= others


def test_closing_leaves_no_container_and_no_copy(
    client: DockerClient, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    others = set(mine(client, os.getpid()))
    sandbox = DockerSandbox(project, roots=("src",), limits=LIMITS)

    def interrupted() -> None:
        with sandbox:
            assert verdict(sandbox, GOOD) is Verdict.PASS
            assert list(tmp_path.iterdir())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert set(mine(client, os.getpid())) <= others
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SandboxError, match="closed"):
        sandbox.run_tests({}, [a_test()])


_CLIENT = """
import sys
from pathlib import Path
from pytest_supercharger.domain import GeneratedTest
from pytest_supercharger.sandbox.docker import DockerSandbox
sandbox = DockerSandbox(Path(sys.argv[1]), roots=("src",), slots=1)
source = "def test_it():\\n    pass\\n"
print(sandbox.run_tests({}, [GeneratedTest(id="a", name="test_it", source=source)])["a"].verdict.value, flush=True)
source = "def test_it():\\n    while True: pass\\n"
sandbox.run_tests({}, [GeneratedTest(id="a", name="test_it", source=source)])
"""


def test_a_client_that_is_killed_leaves_no_container(client: DockerClient, project: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _CLIENT, str(project)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "pass\n"
        (container,) = mine(client, process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait()
    deadline = time.monotonic() + 60
    while mine(client, process.pid) and time.monotonic() < deadline:
        client.api.wait(container, timeout=60, condition="removed")
    assert mine(client, process.pid) == []


def test_without_docker_there_is_an_error_and_nothing_runs(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent")
    witness = tmp_path / "ran"
    with (
        DockerSandbox(project) as sandbox,
        pytest.raises(SandboxError, match="Docker is not reachable at unix:///none"),
    ):
        sandbox.run_tests({}, [a_test(f"open({str(witness)!r}, 'w')")])
    assert not witness.exists()
