"""The `compile` job: turns test modules and candidates into code in a fork that runs none of it, for all forks to come.

What comes back is kept by PID 1 as bytes and read by jobs only. A candidate is text here; none of its code is run.
"""

from __future__ import annotations

import base64
import marshal
import os
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from .modules import FOLDER, compile_module

if TYPE_CHECKING:
    from .child import Channel, Job

__all__ = ["main"]

_NO_CODE = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)


def main(job: Job, channel: Channel) -> None:
    """Send the code of each test and each file of `job`; what has none is compiled again where it is seen why."""
    # One after the other: a candidate whose text ends the compiler takes no test with it.
    for message in chain(_tests(job["tests"]), _files(job["files"], job["snapshot"])):
        channel.send({"type": "code", **message, "code": base64.b64encode(message["code"]).decode("ascii")})
    channel.send({"type": "end"})


def _tests(tests: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for index, test in enumerate(tests):
        try:
            code, ordinary = compile_module(test["source"], f"{FOLDER}/{test['name']}.py")
        except _NO_CODE:
            continue
        yield {"test": index, "code": code, "ordinary": ordinary}


def _files(files: dict[str, bytes], folder: str) -> Iterator[dict[str, Any]]:
    for path, data in files.items():
        try:
            code = compile(data, os.path.join(folder, path), "exec", dont_inherit=True)
        except _NO_CODE:
            continue
        yield {"file": path, "code": marshal.dumps(code)}
