"""The `compile` job: turns test modules into code in a fork that runs none of them, so that no later fork has to.

What comes back is kept by PID 1 as bytes and read by jobs only; code that a candidate had any part in never gets here.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from .prebuilt import FOLDER, compile_module

if TYPE_CHECKING:
    from .child import Channel, Job

__all__ = ["main"]


def main(job: Job, channel: Channel) -> None:
    """Send the code of each test of `job` that has any; the others are compiled again where their error is seen."""
    for index, test in enumerate(job["tests"]):
        try:
            code = compile_module(test["source"], f"{FOLDER}/{test['name']}.py")
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            continue
        channel.send({"type": "code", "index": index, "code": base64.b64encode(code).decode("ascii")})
    channel.send({"type": "end"})
