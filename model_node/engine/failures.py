"""What breaks inside the engine stays with the job it broke."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from model_node.engine.base import EngineDied, EngineError, ErrorKind

__all__ = ["broken", "call_back", "ignore_death", "lost", "not_finite", "out_of_memory"]

_log = logging.getLogger(__name__)


def call_back(callback: Callable[[Any], None], value: Any) -> None:
    """Tell the owner of a job; an owner that raises must not take the engine down with it."""
    try:
        callback(value)
    except Exception:  # of the owner, whatever it does; the traceback is in the log
        _log.exception("a callback failed")


def broken(request_id: str, error: BaseException) -> EngineError:
    """The error that a job gets when the engine failed under it."""
    if isinstance(error, EngineError):
        return error
    _log.error("request %s failed in the engine", request_id, exc_info=error)
    reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return EngineError(
        ErrorKind.FAILED, f'request "{request_id}": the engine failed ({reason}); see the node\'s log and ask again'
    )


def lost(error: BaseException) -> EngineDied:
    """What all jobs get when an error ended the engine's own thread."""
    _log.critical("the engine's thread has ended", exc_info=error)
    return EngineDied(error)


def ignore_death(_: EngineDied) -> None:
    """Nobody listens yet."""


def not_finite(place: str) -> EngineError:
    """The error of a job for which the model gave numbers that are none; `place` says where."""
    _log.error("the model's numbers are not finite: %s", place)
    return EngineError(
        ErrorKind.FAILED,
        f"the model's numbers are not finite ({place}), so the answer would be noise; ask again, and if it comes back,"
        " start the node with --quantization bf16 or fp32",
    )


def out_of_memory(error: Exception) -> bool:
    """Whether the GPU's memory ran out; what torch holds back for later is then set free."""
    import torch

    if not isinstance(error, torch.OutOfMemoryError):
        return False
    torch.cuda.empty_cache()
    return True
