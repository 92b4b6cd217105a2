"""SIGTERM and SIGHUP end a run as Ctrl-C does: containers and calls are closed, then the signal has its effect.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

__all__ = ["in_order"]

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def in_order() -> Iterator[None]:
    """Turn the first of these signals into a KeyboardInterrupt; on the way out the process ends by the signal.

    Only where nobody else handles them, and only in the main thread, which alone may say so.
    """
    received: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        if not received:
            received.append(number)
            raise KeyboardInterrupt

    ours = []
    if threading.current_thread() is threading.main_thread():
        ours = [number for number in _SIGNALS if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
        if received:
            signal.raise_signal(received[0])
