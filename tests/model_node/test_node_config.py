"""What a node may bind, and under which protection."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_node.config import ConfigError, NodeConfig, Tls, read_token

TLS = Tls(certificate=b"cert", key=b"key")
MUTUAL = Tls(certificate=b"cert", key=b"key", client_ca=b"ca")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost"])
def test_loopback_needs_no_protection(host: str) -> None:
    assert NodeConfig(host=host).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "gpu-box", ""])
@pytest.mark.parametrize(("tls", "token"), [(None, None), (TLS, None), (None, "secret")])
def test_the_network_needs_tls_and_a_token(host: str, tls: Tls | None, token: str | None) -> None:
    with pytest.raises(ConfigError, match="can be reached from other machines; give --tls-cert"):
        NodeConfig(host=host, tls=tls, token=token)
    assert NodeConfig(host=host, tls=tls, token=token, insecure=True)


@pytest.mark.parametrize(("tls", "token"), [(TLS, "secret"), (MUTUAL, None)])
def test_the_network_is_served_with_tls_and_proof_of_the_client(tls: Tls, token: str | None) -> None:
    assert NodeConfig(host="0.0.0.0", tls=tls, token=token)


def test_an_ipv6_host_is_bound_in_brackets() -> None:
    assert NodeConfig(host="::1", port=7).bind == "[::1]:7"


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_does_not_exist_is_refused(port: int) -> None:
    with pytest.raises(ConfigError, match=f"port {port} does not exist"):
        NodeConfig(port=port)


def test_the_token_file_wins_over_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("  secret \n")
    assert read_token(file, {"SUPERCHARGER_NODE_TOKEN": "other"}) == "secret"
    assert read_token(None, {"SUPERCHARGER_NODE_TOKEN": "other"}) == "other"
    assert read_token(None, {}) is None


@pytest.mark.parametrize("token", ["", "two\nlines", "schlüssel"])
def test_a_token_that_no_header_can_carry_is_refused(token: str) -> None:
    with pytest.raises(ConfigError, match="empty or not printable ASCII"):
        read_token(None, {"SUPERCHARGER_NODE_TOKEN": token})
