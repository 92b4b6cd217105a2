"""What breaks inside the engine stays with the job it broke."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from model_node.engine.base import EngineDied, EngineError, ErrorKind

__all__ = ["broken", "call_back", "fatal", "out_of_memory"]

_log = logging.getLogger(__name__)


def call_back(callback: Callable[[Any], None], value: Any) -> None:
    """Tell the owner of a job; an owner that raises must not take the engine down with it."""
    try:
        callback(value)
    except Exception:  # of the owner, whatever it does; the traceback is in the log
        _log.exception("a callback failed")


def broken(request_id: str, error: BaseException) -> EngineError:
    """The error that a job gets when the engine failed under it."""
    _log.error("request %s failed in the engine", request_id, exc_info=error)
    text = f'request "{request_id}": the engine failed ({_reason(error)}); see the node\'s log and ask again'
    return EngineError(ErrorKind.FAILED, text)


def fatal(error: BaseException) -> EngineDied:
    """The error that ends the whole engine."""
    _log.critical("the engine thread ended", exc_info=error)
    return EngineDied(error)


def out_of_memory(error: Exception) -> bool:
    """Whether memory ran out, the GPU's or the host's; what torch holds back for later is then set free."""
    import torch

    if isinstance(error, torch.OutOfMemoryError):
        torch.cuda.empty_cache()
        return True
    # On a CPU torch raises a bare RuntimeError; only its text tells.
    return isinstance(error, MemoryError) or "can't allocate memory" in str(error)


def _reason(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
