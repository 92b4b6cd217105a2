"""`ast.parse`, one thread at a time.

Before 3.11.8, Python 3.11 counts the depth of all trees that are being built in one place: two threads that parse at
the same moment get a SystemError now and then (python/cpython#106905). A run has a thread a stub.
"""

from __future__ import annotations

import ast
import threading

__all__ = ["expression", "module"]

_TURN = threading.RLock()  # collecting garbage in the middle of it may parse again


def module(source: str | bytes, *, feature_version: tuple[int, int] | None = None) -> ast.Module:
    """The tree of a module; raises what `ast.parse` raises."""
    with _TURN:
        return ast.parse(source, feature_version=feature_version)


def expression(source: str) -> ast.Expression:
    """The tree of one expression; raises what `ast.parse` raises."""
    with _TURN:
        return ast.parse(source, mode="eval")
