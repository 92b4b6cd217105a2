"""Which nodes a run asks, and with what credentials."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from nodes import RunningNode, ScriptedEngine

from model_node.config import Tls as NodeTls
from pytest_supercharger import localnode
from pytest_supercharger.client import Tls
from pytest_supercharger.errors import NodeError
from pytest_supercharger.options import Settings
from pytest_supercharger.pool.names import addresses
from pytest_supercharger.run import Run

CASES = Path(__file__).parent / "model_node" / "cases"
REPLAY = "from model_node.__main__ import main; raise SystemExit(main())"


@pytest.fixture
def connect(pytester):
    """Open the nodes that a run with these flags of pytest and these settings asks; returns what they run."""
    runs = []

    def open_nodes(*flags, **settings):
        run = Run(pytester.parseconfig(*flags), Settings(**settings))
        runs.append(run)
        with run._generator() as pool:
            return pool.model

    yield open_nodes
    for run in runs:
        run.restore_environment()


@pytest.fixture
def tls(monkeypatch):
    """A node that asks for a certificate, and the environment to reach it with."""
    for name, file in (("CA", "ca.pem"), ("CERT", "client.pem"), ("KEY", "client.key")):
        monkeypatch.setenv(f"SUPERCHARGER_NODE_{name}", str(CASES / file))
    return NodeTls(
        certificate=(CASES / "node.pem").read_bytes(),
        key=(CASES / "node.key").read_bytes(),
        client_ca=(CASES / "ca.pem").read_bytes(),
    )


def test_without_files_in_the_environment_there_is_no_tls():
    assert Tls.of({"SUPERCHARGER_NODE_CA": ""}) is None


def test_tls_files_are_named_by_the_environment(connect, tls):
    refused = pytest.raises(NodeError, match="refuses the token")
    with RunningNode(ScriptedEngine(), tls=tls, token="secret") as node, refused:
        connect(nodes=(node.address,))


def test_the_token_comes_from_the_environment(connect, monkeypatch):
    monkeypatch.setenv("SUPERCHARGER_NODE_TOKEN", "secret")
    with RunningNode(ScriptedEngine(), token="secret") as node:
        assert connect(nodes=(node.address,)) == "scripted (scripted)"


def test_a_node_of_our_own_is_asked_with_the_token_it_inherits(connect, monkeypatch, tmp_path):
    answers = tmp_path / "answers.jsonl"
    answers.write_text('{"kind": "code", "stub": "*", "text": "return 1"}\n')
    command = [sys.executable, "-c", REPLAY, "--engine", "replay", "--replay", str(answers), "--port", "0"]
    monkeypatch.setattr(localnode, "local_command", lambda model: command)
    monkeypatch.setenv("SUPERCHARGER_NODE_TOKEN", "secret")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[1]))
    assert connect() == "replay:answers.jsonl (replay)"


def test_nodes_of_the_environment_are_asked_where_none_is_given(connect, monkeypatch):
    with RunningNode(ScriptedEngine(name="given")) as given, RunningNode(ScriptedEngine(name="usual")) as usual:
        monkeypatch.setenv("SUPERCHARGER_NODES", f"{usual.address}, {usual.address}")
        assert connect() == "usual (scripted)"
        assert connect(nodes=(given.address,)) == "given (scripted)"


def test_a_node_with_a_digest_that_is_not_expected_is_left_out_with_a_word(connect, capsys):
    with RunningNode(ScriptedEngine(name="right")) as right, RunningNode(ScriptedEngine(name="wrong")) as wrong:
        assert connect(nodes=(wrong.address, right.address), digests=("digest-of-right",)) == "right (scripted)"
        said = f"left out: model node {wrong.address} has the model digest-of-wr (wrong (scripted)), this run has"
        assert f"{said} digest-of-ri; start it with that model" in capsys.readouterr().out
        with pytest.raises(NodeError, match=f"^model node {wrong.address} has the model digest-of-wr "):
            connect(nodes=(wrong.address,), digests=("digest-of-right",))


@pytest.mark.parametrize(("flags", "lines"), [((), 4), (("-q",), 0)])
def test_the_table_of_several_nodes_ends_a_run_that_is_not_quiet(connect, capsys, flags, lines):
    one, two = (RunningNode(ScriptedEngine()) for _ in range(2))
    with one, two:
        connect(*flags, nodes=(one.address, two.address))
    assert len(capsys.readouterr().out.splitlines()) == lines


def test_every_address_of_a_name_is_a_node(connect):
    with RunningNode(ScriptedEngine()) as node:
        assert connect(nodes=(f"dns:///localhost:{node.port}",)) == "scripted (scripted)"


@pytest.mark.parametrize("name", ["a" * 70, "a..b"])
def test_what_is_no_name_stands_for_no_address(name):
    assert asyncio.run(addresses(name, 50051)) == {}
