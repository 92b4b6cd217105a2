"""Who asks: clients that wait share a node, and this tells them apart."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from model_node.config import is_loopback

__all__ = ["client_at", "client_of"]


def client_of(context: Any) -> str:
    """The name in the client's certificate, else its address; clients of this machine are told apart by connection."""
    if names := context.peer_identities():
        return b" ".join(sorted(names)).decode("utf-8", "replace")
    return client_at(context.peer())


def client_at(peer: str) -> str:
    """The client at `peer`, as gRPC writes it: "ipv4:192.0.2.1:50123", "ipv6:%5B::1%5D:50123"."""
    peer = unquote(peer)
    address, _, _ = peer.rpartition(":")
    host = address.partition(":")[2].strip("[]")
    return peer if not host or is_loopback(host) else host
