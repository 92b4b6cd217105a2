"""`supercharger nodes`: one line a node, as it stands."""

from __future__ import annotations

import json

import pytest
from nodes import RunningNode, ScriptedEngine

from pytest_supercharger.cli import main

GONE = "127.0.0.1:1"


@pytest.fixture
def node():
    with RunningNode(ScriptedEngine()) as running:
        yield running


def test_every_node_has_a_line_and_one_that_is_down_says_why(node, capsys):
    assert main(["nodes", "--node", node.address, "--node", GONE]) == 1
    head, _, up, down, reason = capsys.readouterr().out.splitlines()
    assert head.split() == ["node", "model", "state", "tokens/s", "samples", "queue", "errors"]
    assert up.split() == [node.address, "scripted", "(scripted)", "digest-of-sc", "up", "0", "0", "0", "0"]
    assert down.split() == [GONE, "?", "down", "0", "0", "0", "1"]
    assert reason == f'model node {GONE} is not reachable; start it with "supercharger-node"'


def test_scripts_get_the_same_as_json(node, capsys, monkeypatch):
    monkeypatch.setenv("SUPERCHARGER_NODES", node.address)
    assert main(["nodes", "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["nodes"]
    known = {"node": node.address, "digest": "digest-of-scripted", "state": "up", "rows": 8, "errors": 0}
    assert known.items() <= entry.items()


def test_without_any_node_it_says_how_to_name_one(capsys):
    assert main(["nodes"]) == 2
    assert "give --node HOST:PORT or set SUPERCHARGER_NODES" in capsys.readouterr().err
