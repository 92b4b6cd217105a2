"""The change of a run as a patch: one form for `git apply`, one for people."""

from __future__ import annotations

import difflib
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["diff_for_people", "unified"]

FileChange = tuple[str, bytes, bytes]  # posix path relative to the root, old bytes, new bytes

_NO_NEWLINE = b"\n\\ No newline at end of file\n"


def unified(changes: Sequence[FileChange]) -> bytes:
    """Return a patch that `git apply` takes at the project root; "" where nothing differs."""
    return b"".join(line for path, old, new in changes if old != new for line in _file(path, old, new))


def diff_for_people(changes: Sequence[FileChange]) -> str:
    """Return the same patch as text that is safe to print: no control characters, no terminal escapes."""
    text = unified(changes).decode("utf-8", "replace").replace("\r\n", "\n")
    return "".join(char if char in "\n\t" or not _is_control(char) else "\ufffd" for char in text)


def _is_control(char: str) -> bool:
    # Cf holds the bidirectional overrides, which make code read differently from what it is.
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _file(path: str, old: bytes, new: bytes) -> Iterator[bytes]:
    before, after = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    yield b"diff --git " + before + b" " + after + b"\n"
    lines = difflib.diff_bytes(difflib.unified_diff, _lines(old), _lines(new), b"a", b"b", lineterm=b"\n")
    next(lines)
    next(lines)
    # A name with a blank is ended by a tab: without it `git apply` and `patch` read a date into it.
    end = b"\t\n" if b" " in before else b"\n"
    yield b"--- " + before + end
    yield b"+++ " + after + end
    for line in lines:
        yield line if line.endswith(b"\n") else line + _NO_NEWLINE


def _lines(data: bytes) -> list[bytes]:
    # Only a line feed ends a line for git; a form feed or a lone carriage return does not.
    *whole, rest = data.split(b"\n")
    return [line + b"\n" for line in whole] + ([rest] if rest else [])


def _quoted(path: str) -> bytes:
    raw = path.encode("utf-8", "surrogateescape")
    if not any(byte < 0x20 or byte >= 0x7F or byte in b'"\\' for byte in raw):
        return raw
    named = {0x22: b'\\"', 0x5C: b"\\\\", 0x09: b"\\t", 0x0A: b"\\n", 0x0D: b"\\r"}
    plain = (bytes([byte]) if 0x20 <= byte < 0x7F else b"\\%03o" % byte for byte in raw)
    return b'"' + b"".join(named.get(byte, text) for byte, text in zip(raw, plain, strict=True)) + b'"'
