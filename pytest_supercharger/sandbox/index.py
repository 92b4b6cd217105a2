"""Which package index this machine's pip asks, and how: settings for containers that may use the network.

They may hold credentials: they are sent through a container's standard input, never put into its configuration, so
that no image and no `docker inspect` shows them.
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["folders", "for_containers"]

_KEYS = ("index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "proxy", "timeout", "retries")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_PLACES = ("index-url", "extra-index-url", "find-links")
_REMOTE = ("http://", "https://")
_LOCAL = ("file:///", "/")


def folders(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The folders of this machine that pip takes packages from."""
    settings = _settings(environ)
    words = [word for key in _PLACES for word in settings.get(key, "").split() if word.startswith(_LOCAL)]
    return [path for path in (word.removeprefix("file://") for word in words) if Path(path).is_dir()]


def for_containers(environ: Mapping[str, str] = os.environ, *, local: bool = False) -> dict[str, Any]:
    """`environment` for pip, and `certificate`, the text of the file that pip trusts here ("" for its own).

    Folders of this machine are left out unless `local` says that the container sees them.
    """
    seen = (*_REMOTE, *_LOCAL) if local else _REMOTE
    settings = _settings(environ)
    environment: dict[str, str] = {}
    for key in _KEYS:
        value = settings.get(key, "")
        if key in _PLACES:
            value = " ".join(word for word in value.split() if word.startswith(seen))
        if value:
            environment[f"PIP_{key.upper().replace('-', '_')}"] = value
    for name in _PROXIES:
        value = environ.get(name) or environ.get(name.lower()) or ""
        if value:
            environment[name] = value
    return {
        "environment": environment,
        "certificate": _certificate(settings.get("cert") or environ.get("SSL_CERT_FILE")),
    }


def _settings(environ: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in _files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, "utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue  # pip itself says so, to whom it concerns
        for section in ("global", "install", "download"):
            if parser.has_section(section):
                found |= {key.replace("_", "-"): " ".join(value.split()) for key, value in parser[section].items()}
    named = {key: f"PIP_{key.upper().replace('-', '_')}" for key in (*_KEYS, "cert")}
    return found | {key: environ[name] for key, name in named.items() if environ.get(name)}


def _files(environ: Mapping[str, str]) -> list[Path]:
    home = Path(environ.get("HOME") or Path.home())
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    systems = [Path(folder, "pip", "pip.conf") for folder in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")]
    files = [*systems, Path("/etc/pip.conf"), home / ".pip" / "pip.conf", config / "pip" / "pip.conf"]
    files.append(Path(sys.prefix, "pip.conf"))
    own = environ.get("PIP_CONFIG_FILE")
    if own == os.devnull:
        return []
    return [*files, Path(own)] if own else files


def _certificate(path: str | None) -> str:
    try:
        return Path(path).read_text("ascii", errors="ignore") if path else ""
    except OSError:
        return ""
