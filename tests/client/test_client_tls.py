"""Tokens and certificates."""

from __future__ import annotations

from pathlib import Path

import pytest
from nodes import RunningNode, ScriptedEngine

from model_node.config import Tls as NodeTls
from pytest_supercharger.client import NodePool, Tls
from pytest_supercharger.errors import NodeError, SettingsError

CASES = Path(__file__).parents[1] / "model_node" / "cases"


def test_the_token_is_sent_and_a_wrong_one_is_told(engine: ScriptedEngine) -> None:
    with RunningNode(engine, token="secret") as node:
        with NodePool([node.address], token="secret") as pool:
            assert pool.model == "scripted (scripted)"
        with pytest.raises(NodeError, match="refuses the token; set SUPERCHARGER_NODE_TOKEN"), NodePool([node.address]):
            pass


def test_mutual_tls_works_and_plain_text_does_not(engine: ScriptedEngine) -> None:
    identity = NodeTls(
        certificate=(CASES / "node.pem").read_bytes(),
        key=(CASES / "node.key").read_bytes(),
        client_ca=(CASES / "ca.pem").read_bytes(),
    )
    mine = Tls(ca=CASES / "ca.pem", certificate=CASES / "client.pem", key=CASES / "client.key")
    with RunningNode(engine, tls=identity) as node:
        with NodePool([node.address], tls=mine) as pool:
            assert pool.max_context_tokens == 1000
        stranger = NodePool([node.address])
        with pytest.raises(NodeError, match="hangs up before it answers; where it asks for TLS"):
            stranger.connect()
        stranger.close()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"ca": "other-ca.pem"}, "shows a certificate of an unknown authority; set SUPERCHARGER_NODE_CA"),
        ({"ca": "ca.pem"}, "hangs up before it answers; .* SUPERCHARGER_NODE_CERT and SUPERCHARGER_NODE_KEY"),
        (
            {"ca": "ca.pem", "certificate": "other-client.pem", "key": "other-client.key"},
            "hangs up before it answers; .* signed by the authority that it knows",
        ),
    ],
)
def test_a_wrong_certificate_is_told(engine: ScriptedEngine, files: dict[str, str], words: str) -> None:
    certificate, key, ca = ((CASES / name).read_bytes() for name in ("node.pem", "node.key", "ca.pem"))
    tls = Tls(**{name: CASES / file for name, file in files.items()})
    with RunningNode(engine, tls=NodeTls(certificate=certificate, key=key, client_ca=ca)) as node:
        pool = NodePool([node.address], tls=tls)
        with pytest.raises(NodeError, match=f"^model node {node.address} {words}"):
            pool.connect()
        pool.close()


def test_tls_with_a_node_that_has_none_is_told(engine: ScriptedEngine) -> None:
    with RunningNode(engine) as node:
        stranger = NodePool([node.address], tls=Tls(ca=CASES / "ca.pem"))
        with pytest.raises(NodeError, match="answers without TLS; unset SUPERCHARGER_NODE_CA"):
            stranger.connect()
        stranger.close()


def test_a_tls_file_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nope\.pem cannot be read"):
        NodePool(["localhost:1"], tls=Tls(ca=tmp_path / "nope.pem"))
    with pytest.raises(SettingsError, match="give both"):
        NodePool(["localhost:1"], tls=Tls(key=CASES / "client.key"))
