"""Environment `image`: built from the project's own files, without this machine's packages and without its secrets."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from docker.errors import NotFound
from python_base import import_base
from who import WHO

from pytest_supercharger.domain import GeneratedTest, Verdict
from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox import base_image
from pytest_supercharger.sandbox.base import Limits
from pytest_supercharger.sandbox.docker import DockerSandbox
from pytest_supercharger.sandbox.engine import connect, facts
from pytest_supercharger.sandbox.networked import NetworkedSpec, networked_arguments
from pytest_supercharger.sandbox.placement import Placement
from pytest_supercharger.sandbox.reaper import CLIENT_LABEL, ClientIdentity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient

pytestmark = pytest.mark.docker

LIMITS = Limits(seconds=2.0, import_seconds=10.0, gate_seconds=60.0, memory_bytes=256 << 20)


@pytest.fixture(scope="module")
def client() -> Iterator[DockerClient]:
    client = connect()
    yield client
    client.close()


@pytest.fixture(scope="module")
def base(client: DockerClient) -> Iterator[str]:
    reference = import_base(client)
    yield reference
    client.images.remove(reference, force=True)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    files = {
        "pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\ndependencies = ['sortedcontainers']\n"
        "[project.optional-dependencies]\ntest = ['pytest-mock']\n"
        "[tool.pytest.ini_options]\npythonpath = ['src']\n",
        "src/shop.py": "from sortedcontainers import SortedList\n\n\ndef smallest(values):\n"
        "    return SortedList(values)[0]\n",
        "setup.py": "raise SystemExit('the code that builds the project was run')\n",
        ".env": "TOKEN=secret",
        ".git/config": "secret",
        "tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef values():\n    return [3, 1]\n",
        "tests/test_shop.py": "import os\nimport shop\n\n\ndef test_smallest(values, mocker, tmp_path):\n"
        "    assert shop.smallest(values) == 1\n    mocker.patch('shop.smallest')\n"
        "    open('written', 'w').close()\n\n\n"
        "def test_secrets():\n    assert not os.path.exists('.env')\n    assert not os.path.exists('.git')\n\n\n"
        "def test_process():\n    import subprocess, sys\n    code = 'import pytest_supercharger.marker'\n"
        "    subprocess.run([sys.executable, '-c', code], check=True)\n",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def sandbox(client: DockerClient, project: Path, base: str, said: list[str]) -> Iterator[DockerSandbox]:
    placement = Placement(environment="image", image=base)
    with (
        pytest.MonkeyPatch.context() as patch,
        DockerSandbox(
            project, roots=("src",), limits=LIMITS, slots=1, placement=placement, report=said.append
        ) as sandbox,
    ):
        patch.setenv("PIP_TRUSTED_HOST", "secret.invalid")
        sandbox.start()
        yield sandbox
    client.images.remove(built(client, project, base), force=True)


def built(client: DockerClient, project: Path, base: str) -> str:
    """The image of the project, which is there already."""
    return base_image.ensure_built(client, facts(client).architecture, project, base, pytest.fail).reference


def verdict(sandbox: DockerSandbox, source: str) -> Verdict:
    return sandbox.run_tests({}, [GeneratedTest(id="t", name="test_it", source=source)])["t"].verdict


def test_a_generated_test_sees_the_project_and_what_it_depends_on(sandbox: DockerSandbox) -> None:
    source = "from shop import smallest\n\n\ndef test_it():\n    assert smallest([2, 1]) == {}\n"
    assert verdict(sandbox, source.format(1)) is Verdict.PASS
    assert verdict(sandbox, source.format(2)) is Verdict.FAIL


_SURROUNDINGS = """

def test_it():
    who()
    assert pwd.getpwuid(0).pw_gecos == "the base's own"
    assert socket.socket().connect_ex(("198.51.100.1", 80)) == errno.ENETUNREACH
    assert os.listdir("/sys/class/net") == ["lo"]
    told = [line.split() for line in open("/etc/resolv.conf") if not line.startswith("#")]
    assert [words for words in told if words and words[0] != "options"] == [["nameserver", "127.0.0.1"]]
"""


def test_the_user_has_a_name_and_the_machines_network_has_none(sandbox: DockerSandbox) -> None:
    assert verdict(sandbox, "import errno\n" + WHO + _SURROUNDINGS) is Verdict.PASS


def test_project_tests_have_their_plugins_and_fixtures_and_no_secrets(sandbox: DockerSandbox) -> None:
    result = sandbox.gate({}, None)
    assert result.problem == ""
    assert {node: pair.verdict for node, pair in result.tests.items()} == {
        "tests/test_shop.py::test_smallest": Verdict.PASS,
        "tests/test_shop.py::test_secrets": Verdict.PASS,
        "tests/test_shop.py::test_process": Verdict.PASS,
    }


def test_a_volume_of_the_base_is_no_disk_for_tests(sandbox: DockerSandbox) -> None:
    assert verdict(sandbox, "def test_it():\n    open('/data/kept', 'w').close()\n") is Verdict.FAIL
    assert verdict(sandbox, "import os\n\n\ndef test_it():\n    assert os.listdir('/data') == []\n") is Verdict.PASS


def test_a_second_run_builds_nothing(sandbox: DockerSandbox, client: DockerClient, project: Path, base: str) -> None:
    assert built(client, project, base) == built(client, project, base)


def test_the_user_is_told_what_is_built_and_what_is_left_out(sandbox: DockerSandbox, said: list[str]) -> None:
    assert any(line.startswith("sandbox: building an image from ") for line in said)
    assert "sandbox: tests there do not see .env (may hold a secret)" in said


def test_neither_settings_of_the_index_nor_the_project_stay_in_the_image(
    sandbox: DockerSandbox, client: DockerClient, project: Path, base: str
) -> None:
    reference = built(client, project, base)
    known = json.dumps([client.api.inspect_image(reference), client.api.history(reference)])
    assert "secret.invalid" not in known
    assert "BEGIN CERTIFICATE" not in known
    container = client.api.create_container(reference, ["true"])["Id"]
    data, _ = client.api.get_archive(container, "/supercharger")
    with tarfile.open(fileobj=io.BytesIO(b"".join(data))) as tar:
        assert {name.partition("/")[2].partition("/")[0] for name in tar.getnames()} == {"", "inside", "lib"}
    with pytest.raises(NotFound):
        client.api.get_archive(container, str(project))
    client.api.remove_container(container, v=True)


def test_the_copy_of_the_project_goes_with_the_run(client: DockerClient, project: Path, base: str) -> None:
    def volumes() -> set[str]:
        own = {"label": f"{CLIENT_LABEL}={ClientIdentity.current()}"}
        return {found["Name"] for found in client.api.volumes(filters=own)["Volumes"] or ()}

    before = volumes()
    placement = Placement(environment="image", image=base)
    with DockerSandbox(project, limits=LIMITS, slots=1, placement=placement) as sandbox:
        sandbox.start()
        (made,) = volumes() - before
    assert made not in volumes()


def test_a_base_that_cannot_be_had_is_named_with_the_next_step(client: DockerClient, project: Path) -> None:
    placement = Placement(environment="image", image="localhost:1/nowhere:1")
    with (
        DockerSandbox(project, placement=placement) as sandbox,
        pytest.raises(
            SandboxError, match=r"base image localhost:1/nowhere:1 is not on the engine .* supercharge_image"
        ),
    ):
        sandbox.start()


def test_a_dependency_that_does_not_exist_is_an_error_that_names_it(
    client: DockerClient, tmp_path: Path, base: str
) -> None:
    (tmp_path / "requirements.txt").write_text("pytest-supercharger-no-such-thing\n")
    with pytest.raises(SandboxError, match=r"cannot be built from .*pytest-supercharger-no-such-thing"):
        base_image.ensure_built(client, facts(client).architecture, tmp_path, base, lambda line: None)


def test_what_makes_the_image_is_in_its_name(
    client: DockerClient, project: Path, base: str, sandbox: DockerSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = base_image._digest("base", ["a"])
    assert found == base_image._digest("base", ["a"])
    assert found != base_image._digest("base", ["b"])
    assert found != base_image._digest("other", ["a"])
    monkeypatch.setattr(base_image.image, "own_files", lambda: {"/a": b""})
    assert found != base_image._digest("base", ["a"])


def spec(**changes: Any) -> NetworkedSpec:
    values: dict[str, Any] = {
        "image": "image:tag",
        "command": ["python3"],
        "architecture": "x86_64",
        "user": 10000,
        "environment": {},
    }
    return NetworkedSpec(**{**values, **changes})


def test_a_container_for_packages_is_granted_nothing_but_the_network() -> None:
    container, host = networked_arguments(spec(), "network")
    assert container["user"] == "10000:10000"
    assert host["cap_drop"] == ["ALL"]
    assert "no-new-privileges" in host["security_opt"]
    assert host["read_only"]
    assert host["network_mode"] == "network"
    assert not {"privileged", "cap_add", "devices", "pid_mode", "volumes_from"} & set(host)


def test_only_what_becomes_an_image_may_write_its_file_system() -> None:
    assert not networked_arguments(spec(user=0), "network")[1]["read_only"]
