"""The user's state folder: what is kept from run to run, a folder for each kind of thing in it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from pytest_supercharger.errors import SourceError

__all__ = ["folder_of"]


def folder_of(kind: str, name: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Where one thing is kept: in the kind's folder below $SUPERCHARGER_STATE, else in the user's state folder.

    Raises:
        SourceError: the user has no home folder.
    """
    chosen = environment.get("SUPERCHARGER_STATE")
    base = Path(environment.get("XDG_STATE_HOME") or "~/.local/state", "pytest-supercharger")
    hashed = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:32]
    try:
        return Path(chosen or base).expanduser() / kind / hashed
    except RuntimeError:
        raise SourceError(f"{base} cannot be found, as there is no home folder; set SUPERCHARGER_STATE") from None
