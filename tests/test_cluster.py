"""`supercharger cluster` over a real sshd on loopback, with keys and a configuration of its own."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from nodes import PATIENCE

from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc
from pytest_supercharger import cluster, hostsfile
from pytest_supercharger.cluster import command
from pytest_supercharger.errors import SettingsError

ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with an `ssh` that reaches our sshd as "machine", to be put first on the path."""
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    assert sshd is not None, "sshd is not installed; run: apt-get install -y openssh-server openssh-client"
    folder, port = tmp_path_factory.mktemp("ssh"), free_port()
    for name in ("host", "client"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (folder / "known").write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\nStrictModes no\nUsePAM no\n"
        f"AuthorizedKeysFile {folder}/client.pub\nPasswordAuthentication no\n"
    )
    (folder / "config").write_text(
        f"Host machine\n HostName 127.0.0.1\n Port {port}\n User {getpass.getuser()}\n IdentityFile {folder}/client\n"
        f" IdentitiesOnly yes\n UserKnownHostsFile {folder}/known\n"
    )
    (folder / "ssh").write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/config "$@"\n')
    (folder / "ssh").chmod(0o755)
    Path("/run/sshd").mkdir(exist_ok=True)  # Debian's sshd wants it, and nobody makes it without an init system
    process = subprocess.Popen([sshd, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert "listening" in process.stderr.readline()
    yield folder
    process.terminate()
    process.communicate()


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    """A hosts file with two nodes of the one machine."""
    (tmp_path / "answers.jsonl").write_text('{"kind": "code", "stub": "*", "text": "return 1"}\n')
    node = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-u", "-m", "model_node", "--engine", "replay"]
    entries = [
        f'[[host]]\nssh = "machine"\nport = {free_port()}\ncommand = {json.dumps(node)}\n'
        f"flags = {json.dumps(['--replay', str(tmp_path / 'answers.jsonl')])}\n"
        for _ in range(2)
    ]
    file = tmp_path / "hosts.toml"
    file.write_text("".join(entries))
    return file


def supercharger(machine: Path, action: str, hosts: Path) -> dict[str, Any]:
    code = "import sys; from pytest_supercharger.cli import main; sys.exit(main())"
    env = os.environ | {"PATH": f"{machine}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    return {"args": [sys.executable, "-u", "-c", code, "cluster", action, str(hosts)], "env": env}


@pytest.fixture
def up(machine: Path, hosts: Path) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """`cluster up`, and the addresses it says to use."""
    process = subprocess.Popen(**supercharger(machine, "up", hosts), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = next(line for line in process.stdout if "--supercharge-node" in line)
    yield process, [word for word in line.split() if word.startswith("127.0.0.1:")]
    process.kill()
    process.communicate()


def answers(address: str) -> bool:
    with grpc.insecure_channel(address) as channel:
        stub = pb_grpc.ModelNodeStub(channel)
        return bool(stub.GetInfo(pb.GetInfoRequest(), timeout=PATIENCE, wait_for_ready=True).backend == "replay")


def nodes(hosts: Path) -> list[int]:
    """The processes of nodes of this hosts file."""
    mark = str(hosts.parent / "answers.jsonl").encode()
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdecimal() else []
        except OSError:
            continue  # ended meanwhile
        if mark in words and b"model_node" in words:
            found.append(int(entry.name))
    return found


def gone(hosts: Path) -> bool:
    deadline = time.monotonic() + PATIENCE
    while nodes(hosts) and time.monotonic() < deadline:
        os.sched_yield()
    return not nodes(hosts)


def test_nodes_come_up_are_shown_and_end(machine: Path, hosts: Path, up: Any, state: Path) -> None:
    process, addresses = up
    assert {file.parents[1] for file in state.rglob("cluster.json")} == {state / "cluster"}
    assert [answers(address) for address in addresses] == [True, True]
    shown = subprocess.run(**supercharger(machine, "status", hosts), capture_output=True, text=True, check=True)
    assert [line.split()[1:] for line in shown.stdout.splitlines()] == [[address, "up"] for address in addresses]
    again = subprocess.run(**supercharger(machine, "up", hosts), capture_output=True, text=True, check=False)
    assert (again.returncode, "is up; end it with" in again.stderr) == (2, True)
    subprocess.run(**supercharger(machine, "down", hosts), check=True)
    assert process.wait(PATIENCE) == 0
    assert nodes(hosts) == []  # `down` has waited for them
    shown = subprocess.run(**supercharger(machine, "status", hosts), capture_output=True, text=True, check=False)
    assert (shown.returncode, "no cluster" in shown.stdout) == (1, True)


def test_a_killed_cluster_leaves_no_node_behind(hosts: Path, up: Any) -> None:
    process, _ = up
    assert len(nodes(hosts)) == 2
    process.kill()
    assert gone(hosts)


def test_a_node_that_ends_is_started_again(hosts: Path, up: Any) -> None:
    process, addresses = up
    os.kill(nodes(hosts)[0], signal.SIGKILL)
    assert "starting it again" in next(line for line in process.stdout if "again" in line)
    assert [answers(address) for address in addresses] == [True, True]


@pytest.mark.parametrize("ask", [cluster.status, cluster.down])
def test_a_cluster_that_is_about_to_come_up_is_not_taken_for_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Any
) -> None:
    monkeypatch.setenv("SUPERCHARGER_STATE", str(tmp_path))
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("a process was ended that is none of ours"))
    file = tmp_path / "hosts.toml"
    file.write_text('[[host]]\nssh = "gpu1"\n')
    with cluster._held(file) as note:
        note.write(json.dumps({"version": 1, "pid": os.getpid(), "nodes": []}))
    with cluster._held(file), pytest.raises(SettingsError, match="is about to come up; ask again in a moment"):
        ask(file, print)


def test_words_reach_the_machine_as_they_are_and_host_keys_are_checked() -> None:
    host = hostsfile.Host(ssh="gpu1", flags=("--model", "a b;c"))
    words = command(host, 4711)
    assert words[-1] == "supercharger-node --port 50051 --exit-with-parent --model 'a b;c'"
    assert words[-3:-1] == ["--", "gpu1"]
    assert not any("StrictHostKeyChecking" in word or "KnownHosts" in word for word in words)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "names no host"),
        ("[[host", "not TOML"),
        ("[[host]]\nport = 1", "ssh = None"),
        ('[[host]]\nssh = "-oProxyCommand=x"', "as ssh takes it"),
        ('[[host]]\nssh = "a"\nport = 0', "1 to 65535"),
        ('[[host]]\nssh = "a"\nflags = "--x"', "list of strings"),
        ('[[host]]\nssh = "a"\nhots = 1', "'hots'"),
        ('[[host]]\nssh = "a"\n[[host]]\nssh = "a"', "twice"),
    ],
)
def test_a_wrong_hosts_file_is_told(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "hosts.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=reason):
        hostsfile.read(file)
