"""The model hub: is it reachable, and what it has."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from model_node.engine.base import EngineError, ErrorKind

__all__ = ["file", "reachable", "snapshot"]

_CONNECT_SECONDS = 3.0
_TRUE = frozenset({"1", "true", "yes", "on"})
_PATTERNS = ["*.safetensors", "*.json", "*.jinja", "*.model", "merges.txt", "vocab.txt"]

Report = Callable[[str], None]


def reachable() -> bool:
    """Whether the hub answers within a few seconds and is not switched off by HF_HUB_OFFLINE."""
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in _TRUE:
        return False
    if any(os.environ.get(name) for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")):
        return _answers_through_proxy()
    address = urlsplit(_endpoint())
    port = address.port or (80 if address.scheme == "http" else 443)
    try:
        with socket.create_connection((address.hostname or "", port), timeout=_CONNECT_SECONDS):
            return True
    except OSError:
        return False


def file(repository: str, name: str, folder: Path, report: Report) -> Path:
    """Fetch one file of a hub repository into `folder`."""
    from huggingface_hub import hf_hub_download

    report(f"{repository}: fetching {name} from the model hub")
    try:
        return Path(hf_hub_download(repository, name, local_dir=folder))
    except Exception as error:  # the hub client raises many kinds, all of them "could not fetch"
        raise EngineError(
            ErrorKind.FAILED, f"{repository}: {name} cannot be fetched from the model hub ({_first_line(error)})"
        ) from error


def snapshot(repository: str, report: Report) -> Path:
    """Return the folder of a hub model, fetched if need be; raises EngineError when it cannot be had."""
    from huggingface_hub import snapshot_download

    online = reachable()
    if online:
        report(f"{repository}: fetching from the model hub where it is not in the hub cache")
    try:
        return Path(snapshot_download(repository, allow_patterns=_PATTERNS, local_files_only=not online))
    except Exception as error:  # of the hub client, which raises many kinds
        state = "" if online else "; the hub is not reachable from here and its cache does not have it"
        raise EngineError(
            ErrorKind.NOT_FOUND,
            f'model "{repository}" cannot be had ({_first_line(error)}){state}; use "auto" or a local folder',
        ) from error


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT") or "https://huggingface.co"


def _answers_through_proxy() -> bool:
    import urllib.error
    import urllib.request

    try:
        urllib.request.urlopen(_endpoint(), timeout=_CONNECT_SECONDS).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False
    return True


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__
