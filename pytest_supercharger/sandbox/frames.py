"""Length-prefixed JSON frames between the host and the zygote; standard library only, it runs on both sides.

A frame is a 4-byte big-endian length and that many bytes of a UTF-8 JSON object. The reader is strict, because what
comes out of a container was written by a process that hostile code may have got hold of.
"""

from __future__ import annotations

import json
import math
import struct
from typing import Any

__all__ = ["DEPTH", "FRAME_LIMIT", "Decoder", "FrameError", "encode"]

FRAME_LIMIT = 16 << 20
_HEADER = struct.Struct(">I")
DEPTH = 32  # of lists and objects in each other
_MAX_DIGITS = 100
# Made here, so that a function patched in `json` afterwards writes none of our messages.
_to_json = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class FrameError(ValueError):
    """Bytes that are not a frame; the peer cannot be trusted from here on."""


def encode(obj: dict[str, Any], limit: int = FRAME_LIMIT) -> bytes:
    """The frame of `obj`; FrameError when it is longer than `limit` or holds what JSON cannot say."""
    try:
        body = _to_json(obj).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise FrameError(f"cannot send a frame: {error}") from None
    if len(body) > limit:
        raise FrameError(f"cannot send a frame of {len(body)} bytes: the limit is {limit}")
    return _HEADER.pack(len(body)) + body


class Decoder:
    """Takes bytes as they come and gives the objects they complete."""

    def __init__(self, limit: int = FRAME_LIMIT, depth: int = DEPTH) -> None:
        self._limit, self._depth = limit, depth
        self._buffer = bytearray()
        self._broken = False

    @property
    def pending(self) -> int:
        """How many bytes of an unfinished frame have come so far."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The objects completed by `data`; after a FrameError the decoder takes nothing more."""
        if self._broken:
            raise FrameError("the stream is broken: an earlier frame was not valid")
        self._buffer += data
        try:
            return self._drain()
        except FrameError:
            self._broken = True
            self._buffer.clear()
            raise

    def _drain(self) -> list[dict[str, Any]]:
        objects: list[dict[str, Any]] = []
        start = 0
        while len(self._buffer) - start >= _HEADER.size:
            (length,) = _HEADER.unpack_from(self._buffer, start)
            if length > self._limit:
                raise FrameError(f"a frame of {length} bytes: the limit is {self._limit}")
            end = start + _HEADER.size + length
            if len(self._buffer) < end:
                break
            objects.append(_parse(bytes(self._buffer[start + _HEADER.size : end]), self._depth))
            start = end
        del self._buffer[:start]
        return objects


def _parse(body: bytes, depth: int) -> dict[str, Any]:
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_short_int,
        )
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a frame that is not JSON: {str(error)[:200]}") from None
    if not isinstance(value, dict):
        raise FrameError(f"a frame that is not an object but {type(value).__name__}")
    _check_depth(value, depth)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return result


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number out of range")
    return value


def _short_int(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError("a number with too many digits")
    return int(text)


def _check_depth(value: Any, depth: int) -> None:
    level = [value]
    for _ in range(depth):
        level = [
            child
            for item in level
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise FrameError(f"a frame nested deeper than {depth}")
