"""Nodes that cannot be used, and nodes that come back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from drawing import Drawing, draw, finish, indices
from nodes import PATIENCE, RunningNode, ScriptedEngine, question, sample

from model_node import convert
from pytest_supercharger.client import NodePool
from pytest_supercharger.errors import NodeError, SettingsError
from pytest_supercharger.pool.state import Tuning


def test_a_node_that_is_down_is_told_with_the_command_that_starts_it() -> None:
    node = RunningNode(ScriptedEngine())
    node.open()
    node.kill()
    with pytest.raises(NodeError) as caught, NodePool([node.address]):
        pass
    assert str(caught.value) == f'model node {node.address} is not reachable; start it with "supercharger-node"'


def test_a_node_that_still_loads_says_so(engine: ScriptedEngine) -> None:
    node = RunningNode(engine)
    node.open()
    with pytest.raises(NodeError, match=f"^model node {node.address} is loading its model; "), NodePool([node.address]):
        pass
    node.kill()


def test_a_question_of_100_megabytes_is_told(pool: NodePool) -> None:
    asked = replace(question(), user="x" * 100_000_000)
    with pytest.raises(NodeError, match=r"takes messages of at most 16 MiB .*; shorten the code"):
        list(draw(pool, asked, samples=1))


def come_back(node: RunningNode, engine: ScriptedEngine, **settings: Any) -> RunningNode:
    """Another node at the same address."""
    node.kill()
    return RunningNode(engine, port=node.port, **settings)


def test_a_token_that_is_no_longer_good_is_told_and_ends_the_question(engine: ScriptedEngine) -> None:
    tuning = Tuning(pause=0.01, patience=PATIENCE)
    with RunningNode(engine, token="old") as node, NodePool([node.address], token="old", tuning=tuning) as pool:
        drawing = Drawing(draw(pool, samples=1))
        engine.next_job()
        with come_back(node, ScriptedEngine(), token="new"):
            (error,) = drawing.rest()
    assert str(error) == (
        f"model node {node.address} refuses the token; set SUPERCHARGER_NODE_TOKEN to the one the node was started with"
    )


def test_a_node_that_comes_back_with_another_model_is_asked_nothing(engine: ScriptedEngine) -> None:
    other = ScriptedEngine(name="other")
    tuning = Tuning(pause=0.01, patience=PATIENCE)
    with RunningNode(engine) as node, NodePool([node.address], tuning=tuning) as pool:
        drawing = Drawing(draw(pool, samples=1))
        engine.next_job()
        with come_back(node, other):
            (error,) = drawing.rest()
            assert other._jobs.empty()
    said = f"model node {node.address} has the model digest-of-ot (other (scripted)), this run has digest-of-sc; "
    assert str(error) == said + "start it with that model, or start a run of its own"


def test_a_node_that_comes_back_with_the_same_model_goes_on(engine: ScriptedEngine) -> None:
    tuning = Tuning(pause=0.01, patience=PATIENCE)
    with RunningNode(engine) as node, NodePool([node.address], tuning=tuning) as pool:
        drawing = Drawing(draw(pool, samples=2))
        engine.next_job().on_sample(sample(0))
        got = [drawing.next()]
        again = ScriptedEngine()
        with come_back(node, again):
            finish(again.next_job())
            assert indices(got + drawing.rest()) == [0, 1]


def test_a_node_of_another_protocol_is_refused_with_both_numbers(
    engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "_PROTOCOL", 2)
    with (
        RunningNode(engine) as node,
        pytest.raises(
            NodeError, match=f"^model node {node.address} speaks protocol 2, this plugin 1; upgrade the plug"
        ),
        NodePool([node.address]),
    ):
        pass


def test_one_node_of_several_that_cannot_be_used_is_a_remark(pool: NodePool, engine: ScriptedEngine) -> None:
    with RunningNode(engine) as node, NodePool([node.address, "127.0.0.1:1"]) as both:
        assert both.problems == ['model node 127.0.0.1:1 is not reachable; start it with "supercharger-node"']
        drawing = Drawing(draw(both, samples=1))
        finish(engine.next_job())
        assert indices(drawing.rest()) == [0]


@pytest.mark.parametrize(
    "address", ["", "localhost", "localhost:", ":50051", "host:0", "host:70000", "http://a:1", "a b:1"]
)
def test_an_address_that_is_none_is_told(address: str) -> None:
    with pytest.raises(SettingsError, match=r"is not HOST:PORT; write it like 127\.0\.0\.1:50051"):
        NodePool([address])


@pytest.mark.parametrize("address", ["localhost:50051", "127.0.0.1:1", "[::1]:50051", "node-1.lan:65535", "my_node:5"])
def test_an_address_that_is_one_is_taken(address: str) -> None:
    NodePool([address]).close()


def test_no_address_at_all_is_told() -> None:
    with pytest.raises(SettingsError, match="--supercharge-node HOST:PORT"):
        NodePool([])
