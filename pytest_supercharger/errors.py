"""The exceptions of pytest-supercharger.

    SuperchargeError                 something the user can act on; its text is shown as it is
      +-- SettingsError              a flag, an ini key or a marker option is wrong (exit status 4)
      +-- SourceError                a source file cannot be read, parsed, edited or written
      +-- NodeError                  a model node is not reachable, refuses, or answers nonsense
      +-- SandboxError               no engine, no image, or a container that cannot be trusted

Every message says the thing, the value and the next step. Outcomes of a search (accepted, abstained) are
values in `domain`, never exceptions.
"""

from __future__ import annotations

import traceback
from pathlib import Path

__all__ = ["NodeError", "SandboxError", "SettingsError", "SourceError", "SuperchargeError", "in_one_line"]


class SuperchargeError(Exception):
    """An error with a message made for the person who runs pytest."""


class SettingsError(SuperchargeError):
    """A flag, an ini key or an option of the marker is wrong."""


class SourceError(SuperchargeError):
    """A source file cannot be read, parsed, edited or written."""


class NodeError(SuperchargeError):
    """A model node is not reachable, refuses the request, or answers nonsense."""


class SandboxError(SuperchargeError):
    """The sandbox cannot be had or cannot be trusted."""


def in_one_line(error: Exception) -> str:
    """The message of one of ours; of an error nobody has foreseen its type, its text and the line that raised it."""
    if isinstance(error, SuperchargeError):
        return str(error)
    said = next(iter(str(error).splitlines()), "")
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {said}{where}"
