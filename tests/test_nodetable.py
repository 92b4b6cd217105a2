"""`supercharger nodes`: one line a node, as it stands."""

from __future__ import annotations

import json

import pytest
from nodes import RunningNode, ScriptedEngine

from pytest_supercharger import nodetable
from pytest_supercharger.cli import main
from pytest_supercharger.nodeprogress import NodeProgress
from pytest_supercharger.pool.state import Node, Standing

GONE = "127.0.0.1:1"


class Printed:
    """What a run prints of two nodes, by the minute."""

    def __init__(self):
        self.lines = []
        self.nodes = [Node(name="one", standing=Standing.UP), Node(name="two", standing=Standing.UP)]
        self._progress = NodeProgress(self.lines.append)

    def at(self, now):
        self.lines.clear()
        self._progress.look(self.nodes, now)
        return [*self.lines]


def test_a_run_shows_its_nodes_each_minute_while_it_waits_for_them():
    printed = Printed()
    assert [printed.at(now) for now in (100.0, 159.0, 160.0)] == [[], [], []]
    printed.nodes[0].under_way = 3
    assert printed.at(161.0) == nodetable.table(printed.nodes)
    assert printed.at(220.0) == []
    assert printed.at(221.0) == nodetable.table(printed.nodes)


def test_a_run_shows_its_nodes_when_one_goes_and_when_it_is_back():
    printed = Printed()
    assert printed.at(100.0) == []
    printed.nodes[1].standing, printed.nodes[1].last_error = Standing.DOWN, "two is not reachable"
    assert printed.at(101.0) == []  # it may be back at once
    assert printed.at(105.0)[-1] == "two is not reachable"
    assert printed.at(111.0) == []
    printed.nodes[1].standing = Standing.UP
    assert printed.at(112.0) == nodetable.table(printed.nodes)
    printed.nodes[1].draining = True
    assert "draining" in printed.at(130.0)[3]


def test_a_run_with_one_node_shows_no_table():
    printed = Printed()
    printed.nodes.pop()
    printed.at(100.0)
    printed.nodes[0].under_way, printed.nodes[0].draining = 3, True
    assert printed.at(500.0) == []


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
