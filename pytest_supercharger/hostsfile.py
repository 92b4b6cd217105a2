"""HOSTS.toml: on which machines `supercharger cluster up` starts nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_supercharger import toml
from pytest_supercharger.errors import SettingsError

__all__ = ["Host", "read"]

_PORT = 50051
_EXAMPLE = '[[host]] with ssh = "gpu1"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One node on one machine."""

    ssh: str  # the machine, as ssh takes it: gpu1, user@gpu1, a name of its configuration
    port: int = _PORT  # of the node on that machine's loopback; two nodes of one machine need two
    command: tuple[str, ...] = ("supercharger-node",)
    flags: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What tells it from the others."""
        return f"{self.ssh}:{self.port}"


def read(path: Path) -> tuple[Host, ...]:
    """Read the file; SettingsError says what is wrong with it."""
    try:
        document = toml.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"hosts file {path} cannot be read: {error.strerror}; give an existing one") from None
    except ValueError as error:
        raise SettingsError(f"hosts file {path} is not TOML: {error}") from None
    entries = document.get("host")
    if not isinstance(entries, list) or not entries:
        raise SettingsError(f"hosts file {path} names no host; write {_EXAMPLE}")
    hosts = tuple(_host(path, number, entry) for number, entry in enumerate(entries, 1))
    names = [host.name for host in hosts]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise SettingsError(f"hosts file {path} has {twice} twice; give one of them another port")
    return hosts


def _host(path: Path, number: int, entry: Any) -> Host:
    where = f"host {number} of {path}"
    if not isinstance(entry, Mapping):
        raise SettingsError(f"{where} is {entry!r:.40}; write {_EXAMPLE}")
    unknown = sorted(set(entry) - {"ssh", "port", "command", "flags"})
    if unknown:
        raise SettingsError(f"{where} has {unknown[0]!r}; it takes ssh, port, command and flags")
    ssh, port = entry.get("ssh"), entry.get("port", _PORT)
    if not isinstance(ssh, str) or not ssh or ssh.startswith("-"):
        raise SettingsError(f"{where} has ssh = {ssh!r:.40}; write the machine as ssh takes it")
    if type(port) is not int or not 0 < port < 65536:
        raise SettingsError(f"{where} has port = {port!r:.40}; write a number from 1 to 65535")
    command = _words(where, "command", entry.get("command", ["supercharger-node"]))
    return Host(ssh=ssh, port=port, command=command, flags=_words(where, "flags", entry.get("flags", [])))


def _words(where: str, name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise SettingsError(f"{where} has {name} = {value!r:.40}; write a list of strings")
    return tuple(value)
