"""The address of a model node as a user writes it: HOST:PORT."""

from __future__ import annotations

import re

from pytest_supercharger.errors import SettingsError

__all__ = ["check_address"]

_ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})")


def check_address(text: str) -> str:
    """Return the address as it is; SettingsError unless it is HOST:PORT ([HOST]:PORT for IPv6)."""
    match = _ADDRESS.fullmatch(text)
    if match is None or not 1 <= int(match["port"]) <= 65535:
        raise SettingsError(f"node address {text!r} is not HOST:PORT; write it like 127.0.0.1:50051")
    return text
