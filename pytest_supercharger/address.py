"""The address of a model node as a user writes it: HOST:PORT, or dns:///NAME:PORT for all addresses of a name."""

from __future__ import annotations

import re

from pytest_supercharger.errors import SettingsError

__all__ = ["check_address", "split_name"]

_DNS = "dns:///"

_ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})")


def check_address(text: str) -> str:
    """Return the address as it is; SettingsError unless it is HOST:PORT ([HOST]:PORT for IPv6) or dns:///NAME:PORT."""
    match = _ADDRESS.fullmatch(text.removeprefix(_DNS))
    if match is None or not 1 <= int(match["port"]) <= 65535:
        raise SettingsError(f"node address {text!r} is not HOST:PORT; write it like 127.0.0.1:50051")
    return text


def split_name(address: str) -> tuple[str, int] | None:
    """The name and the port of dns:///NAME:PORT; None for the address of one node."""
    if not address.startswith(_DNS):
        return None
    name, _, port = address.removeprefix(_DNS).rpartition(":")
    return name.strip("[]"), int(port)
