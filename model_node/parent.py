"""Ends this process when the one that started it is gone, however that one ended."""

from __future__ import annotations

import os
import select
import signal
import threading
import time

__all__ = ["exit_with_parent"]

_POLL_SECONDS = 1.0
_GRACE_SECONDS = 5.0


def exit_with_parent() -> None:
    """Watch stdin and the parent's process id from a daemon thread; SIGTERM to ourselves when either is gone.

    Not prctl(PR_SET_PDEATHSIG): it fires when the *thread* that started us ends, and that may be a short one.
    """
    threading.Thread(target=_watch, args=(os.getppid(),), name="parent", daemon=True).start()


def _watch(parent: int) -> None:
    # Stdin tells at once; the parent's id also where another child of the parent keeps the pipe open.
    while os.getppid() == parent and not _stdin_closed():
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os._exit(1)


def _stdin_closed() -> bool:
    try:
        readable, _, _ = select.select([0], [], [], _POLL_SECONDS)
        return bool(readable) and not os.read(0, 4096)
    except OSError:
        return True
