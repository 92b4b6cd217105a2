"""Fetching what is missing: attack 45 of the catalogue, against an index of wheels that the tests make themselves."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_supercharger.domain import GeneratedTest, Verdict
from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox import packages, wheels
from pytest_supercharger.sandbox.base import Limits
from pytest_supercharger.sandbox.docker import DockerSandbox
from pytest_supercharger.sandbox.engine import connect
from pytest_supercharger.sandbox.placement import Placement
from pytest_supercharger.sandbox.reaper import CLIENT_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.docker

LIMITS = Limits(seconds=2.0, import_seconds=10.0, gate_seconds=60.0, memory_bytes=256 << 20)
_WITNESS = "import os\nopen('/tmp/witness', 'w').close()\n"


class Index:
    """A folder that pip takes for a package index."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.chmod(0o755)

    def add(
        self, name: str, files: dict[str, str | bytes], *, needs: str = "", page: str = "", sdist: bool = False
    ) -> None:
        """A wheel with these files, or a source archive; `page` are attributes of its link."""
        folder = self.folder / name
        folder.mkdir(mode=0o755)
        file = f"{name}-1.0.tar.gz" if sdist else f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
        (folder / file).write_bytes(_sdist(name, files) if sdist else _wheel(name, files, needs))
        (folder / "index.html").write_text(f'<!DOCTYPE html><a href="{file}" {page}>{file}</a>')


def _wheel(name: str, files: dict[str, str | bytes], needs: str) -> bytes:
    plain = name.replace("-", "_")
    requires = f"Requires-Dist: {needs}\n" if needs else ""
    about = {
        f"{plain}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{requires}",
        f"{plain}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in {**files, **about, f"{plain}-1.0.dist-info/RECORD": ""}.items():
            archive.writestr(path, text)
    return buffer.getvalue()


def _sdist(name: str, files: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for path, text in files.items():
            data = text.encode() if isinstance(text, str) else text
            entry = tarfile.TarInfo(f"{name}-1.0/{path}")
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    index = Index(tmp_path_factory.mktemp("index"))
    for parent in index.folder.parents[:2]:
        parent.chmod(0o755)
    index.add("useful-thing", {"useful.py": "from helping import ANSWER\n"}, needs="helping-thing")
    index.add("helping-thing", {"helping.py": "ANSWER = 42\n"})
    index.add(
        "evil-thing",
        {
            "evil.py": "GOOD = True\n",
            "evil_plugin.py": _WITNESS,
            "evil.pth": "import evil_plugin\n",
            "evil_thing-1.0.dist-info/entry_points.txt": "[pytest11]\nevil = evil_plugin\n",
        },
    )
    index.add("only-source", {"setup.py": _WITNESS, "PKG-INFO": "Name: only-source\n"}, sdist=True)
    index.add("yanked-thing", {"yanked.py": ""}, page='data-yanked="broken"')
    index.add("large-thing", {"large.py": b"#" * (3 << 20)})
    return index


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, index: Index) -> Iterator[DockerSandbox]:
    project = tmp_path_factory.mktemp("project")
    (project / "src").mkdir()
    (project / "src" / "shop.py").write_text("")
    (project / "test_witness.py").write_text(
        "import os\n\n\ndef test_no_plugin():\n    assert not os.path.exists('/tmp/witness')\n    import evil\n"
    )
    placement = Placement(environment="host", install=("*",))
    with (
        pytest.MonkeyPatch.context() as patch,
        DockerSandbox(project, roots=("", "src"), limits=LIMITS, slots=1, placement=placement) as sandbox,
    ):
        patch.setenv("PIP_CONFIG_FILE", "/dev/null")
        patch.setenv("PIP_INDEX_URL", f"file://{index.folder}")
        patch.delenv("PIP_FIND_LINKS", raising=False)
        patch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
        yield sandbox


def verdict(sandbox: DockerSandbox, body: str) -> Verdict:
    test = GeneratedTest(id="t", name="test_it", source=f"def test_it():\n    {body}\n")
    return sandbox.run_tests({}, [test])["t"].verdict


def test_what_is_missing_is_told_from_what_is_there(sandbox: DockerSandbox) -> None:
    assert sandbox.lacks(["pytest", "shop", "no_such_module", "pytest_supercharger", "not a name"]) == {
        "no_such_module"
    }
    assert sandbox.lacks([]) == frozenset()


def test_what_is_fetched_is_there_for_a_slot_that_runs_already(sandbox: DockerSandbox) -> None:
    assert verdict(sandbox, "import useful") is Verdict.FAIL
    found = sandbox.install(["useful-thing"])
    assert sorted(found) == ["helping_thing-1.0-py3-none-any.whl", "useful_thing-1.0-py3-none-any.whl"]
    assert all(len(digest) == 64 for digest in found.values())
    assert verdict(sandbox, "import useful; assert useful.ANSWER == 42") is Verdict.PASS
    assert sandbox.lacks(["useful"]) == frozenset()


def test_a_slot_cannot_change_what_was_fetched(sandbox: DockerSandbox) -> None:
    sandbox.install(["useful-thing"])
    body = "open('/supercharger/packages/helping.py', 'a').write('ANSWER = 43')"
    assert verdict(sandbox, body) is Verdict.FAIL
    assert verdict(sandbox, "import useful; assert useful.ANSWER == 42") is Verdict.PASS


def test_a_wheel_runs_nothing_at_the_start_and_brings_no_plugin(sandbox: DockerSandbox) -> None:
    sandbox.install(["evil-thing"])
    body = "import evil, os, sys; assert 'evil_plugin' not in sys.modules and not os.path.exists('/tmp/witness')"
    assert verdict(sandbox, body) is Verdict.PASS
    result = sandbox.gate({}, None)
    assert {pair.verdict for pair in result.tests.values()} == {Verdict.PASS}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("only-source", "could not be fetched as wheels: .*No matching distribution"),
        ("no-such-thing", "could not be fetched as wheels: .*No matching distribution"),
        ("yanked-thing", "could not be fetched"),
        ("--index-url=file:///etc", "is no name of a distribution"),
        ("; touch /tmp/witness", "is no name of a distribution"),
        ("./src", "is no name of a distribution"),
    ],
)
def test_what_is_no_good_wheel_of_the_index_is_not_fetched(sandbox: DockerSandbox, name: str, reason: str) -> None:
    with pytest.raises(SandboxError, match=reason):
        sandbox.install([name])
    assert verdict(sandbox, "assert True") is Verdict.PASS
    assert networks() == []


def networks() -> list[str]:
    """Those that this process has made and that are left."""
    client = connect()
    try:
        found = client.api.networks(filters={"label": CLIENT_LABEL})
        return [network["Name"] for network in found if f":{os.getpid()}:" in network["Labels"][CLIENT_LABEL]]
    finally:
        client.close()


def test_what_is_too_large_is_not_fetched(sandbox: DockerSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheels, "SIZE_LIMIT", 1 << 20)
    with pytest.raises(SandboxError, match="larger than 1 MiB"):
        sandbox.install(["large-thing"])


def test_what_takes_too_long_is_given_up(sandbox: DockerSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "_FETCH_SECONDS", 0.1)
    with pytest.raises(SandboxError, match="took longer than 0 s"):
        sandbox.install(["useful-thing"])
