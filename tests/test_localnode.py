"""A node of our own: started, found, stopped, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from nodes import PATIENCE, question

from pytest_supercharger.client import NodePool
from pytest_supercharger.errors import NodeError
from pytest_supercharger.localnode import LocalNode

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    file = tmp_path / "answers.jsonl"
    file.write_text('{"kind": "code", "stub": "*", "text": "return 1"}\n')
    node = [sys.executable, "-m", "model_node", "--engine", "replay", "--replay", str(file)]
    return [*node, "--port", "0", "--exit-with-parent"]


def ended(pid: int) -> bool:
    """Wait for a process that is not our child; a pidfd is readable when it has ended."""
    import select

    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], PATIENCE)[0])
    finally:
        os.close(handle)


def test_a_local_node_serves_until_the_block_ends(command: list[str]) -> None:
    with LocalNode(command) as node:
        address = node.address
        with NodePool([address]) as pool:
            answers = list(pool.generate([question()], samples=1, deadline_seconds=PATIENCE))
        assert [answer.text for _, answer in answers] == ["return 1"]
    with pytest.raises(NodeError, match="is not reachable"), NodePool([address]):
        pass


def test_lines_before_it_serves_are_reported_and_later_ones_are_not() -> None:
    script = "print('loading weights'); print('listening on 127.0.0.1:9'); print('a request'); input()"
    said: list[str] = []
    with LocalNode([sys.executable, "-u", "-c", script], report=said.append) as node:
        assert node.address == "127.0.0.1:9"
    assert said == ["loading weights"]


def test_a_node_that_ends_before_it_serves_is_told_with_its_last_words() -> None:
    script = "import sys; sys.exit('supercharger-node: the model is too big; take a smaller one')"
    with pytest.raises(NodeError, match="ended before it served; its last words: supercharger-node: the model is too"):
        LocalNode([sys.executable, "-c", script]).__enter__()


def test_a_missing_extra_is_told_with_the_command_that_brings_it() -> None:
    script = """import sys; sys.exit('torch is not installed; run: pip install "pytest-supercharger[node]"')"""
    with pytest.raises(NodeError, match=r'run: pip install "pytest-supercharger\[node\]", or name a node with'):
        LocalNode([sys.executable, "-c", script]).__enter__()


def test_a_command_that_does_not_exist_is_told() -> None:
    with pytest.raises(NodeError, match="cannot be started with '/no/such/command'"):
        LocalNode(["/no/such/command"]).__enter__()


def test_a_node_that_never_serves_is_stopped_at_its_deadline() -> None:
    with pytest.raises(NodeError, match="did not start within 0 s; its last words: loading"):
        LocalNode([sys.executable, "-u", "-c", "print('loading'); input(); input()"], seconds=0.4).__enter__()


def test_the_default_command_is_not_led_astray_by_the_users_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("model_node", "argparse", "asyncio"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong file')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPERCHARGER_NODE_TOKEN", "")  # refused by the right file, before any model is looked for
    with pytest.raises(NodeError, match="the token in SUPERCHARGER_NODE_TOKEN is empty"):
        LocalNode().__enter__()


def test_a_node_ends_when_its_parent_is_killed(command: list[str]) -> None:
    script = (
        "import sys; from pytest_supercharger.localnode import LocalNode\n"
        "with LocalNode(sys.argv[1:]) as node:\n"
        "    print(node._process.pid, flush=True); input()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    with parent.stdin, parent.stdout:
        pid = int(parent.stdout.readline())
        os.kill(pid, 0)
        parent.send_signal(signal.SIGKILL)
        parent.wait(PATIENCE)
        assert ended(pid)
