"""The settings of a node, checked: what may be bound, who may ask, how the transport is protected."""

from __future__ import annotations

import ipaddress
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "TOKEN_VARIABLE",
    "ConfigError",
    "NodeConfig",
    "Tls",
    "check_address",
    "is_loopback",
    "read_file",
    "read_token",
]

TOKEN_VARIABLE = "SUPERCHARGER_NODE_TOKEN"


class ConfigError(Exception):
    """A setting that cannot be used; the text says the thing, the value and the next step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """PEM bytes of the server's identity; with `client_ca` clients must show a certificate too."""

    certificate: bytes
    key: bytes
    client_ca: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeConfig:
    """Where and how a node serves."""

    host: str = "127.0.0.1"
    port: int = 50051
    token: str | None = None
    tls: Tls | None = None
    insecure: bool = False
    grace_seconds: float = 10.0  # for running requests after SIGTERM
    metrics_port: int | None = None

    def __post_init__(self) -> None:
        """Refuse to serve the network without protection."""
        for port, flag in ((self.port, "--port"), (self.metrics_port or 0, "--metrics-port")):
            if not 0 <= port <= 65535:
                raise ConfigError(f"port {port} does not exist; give {flag} a number from 0 to 65535")
        protected = self.tls is not None and (self.token is not None or self.tls.client_ca is not None)
        if not (is_loopback(self.host) or protected or self.insecure):
            raise ConfigError(
                f"host {self.host} can be reached from other machines; give --tls-cert, --tls-key and a token"
                f" in {TOKEN_VARIABLE}, or --insecure on a network you trust"
            )

    @property
    def bind(self) -> str:
        """The address for gRPC to bind."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def check_address(config: NodeConfig) -> None:
    """Say now what the server would say after its model is loaded: ConfigError when the address cannot be bound."""
    try:
        found = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ConfigError(f"host {config.host} is unknown ({error.strerror}); give --host an address") from None
    problems = [_bind_problem(family, address) for family, _, _, _, address in found]
    if all(problems):  # gRPC, too, is content with one of the addresses of a name
        raise ConfigError(f"address {config.bind} cannot be bound: {problems[0]}; give another --host or --port")


def _bind_problem(family: int, address: tuple[str | int | bytes, ...]) -> str | None:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.strerror or str(error)
    return None


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_token(file: Path | None, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the bearer token from the file, else from the environment, else None."""
    if file is None:
        return _checked(environment.get(TOKEN_VARIABLE), TOKEN_VARIABLE)
    return _checked(read_file(file, "--token-file").decode("utf-8", "replace").strip(), f"token file {file}")


def _checked(token: str | None, source: str) -> str | None:
    # An empty token would let everybody in; a header cannot carry anything but printable ASCII.
    if token is not None and not (token and token.isascii() and token.isprintable()):
        raise ConfigError(f"the token in {source} is empty or not printable ASCII; write a random word into it")
    return token


def read_file(file: Path, flag: str) -> bytes:
    """Read a file named by a flag; ConfigError when it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"file {file} cannot be read: {error.strerror}; give {flag} an existing file") from None
