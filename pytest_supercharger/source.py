"""Bytes of a Python file to text and back without changing one of them, and from AST positions to text indexes."""

from __future__ import annotations

import ast
import codecs
import io
import re
import sys
import tokenize
import warnings
from dataclasses import dataclass

from pytest_supercharger import parsing
from pytest_supercharger.errors import SourceError

__all__ = ["Positions", "SourceText", "decode", "parse"]

# Only these end a line for Python's parser; str.splitlines() knows more.
_NEWLINE = re.compile("\r\n|\r|\n")

_NEWER = (  # minor version, what it brought, how a line with it begins
    (12, "type parameters (PEP 695)", re.compile(r"\s*(?:(?:async\s+)?def|class)\s+\w+\s*\[")),
    (12, "type statements (PEP 695)", re.compile(r"\s*type\s+\w+\s*(?:\[.*\]\s*)?=[^=]")),
    (14, "exceptions without brackets (PEP 758)", re.compile(r"\s*except\*?\s+[\w.]+\s*,(?!.*\bas\b)")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    """The text of a file as it stands there, newlines untouched, and what is needed to write it again."""

    text: str
    encoding: str
    bom: bool
    newline: str  # the most frequent of "\n", "\r\n" and "\r"; "\n" for a file of one line
    name: str = "<source>"  # for messages

    def encode(self, text: str) -> bytes:
        """Return `text` as bytes of this file's encoding; `SourceError` for a character it cannot hold."""
        try:
            data = text.encode(self.encoding)
        except UnicodeEncodeError as error:
            character = text[error.start]
            raise SourceError(
                f"{self.name}: its encoding {self.encoding} cannot hold {character!r}; save the file as UTF-8"
            ) from error
        return codecs.BOM_UTF8 + data if self.bom else data


def decode(data: bytes, *, name: str = "<source>") -> SourceText:
    """Decode a Python file by its byte order mark or coding line (PEP 263), UTF-8 otherwise."""
    bom = data.startswith(codecs.BOM_UTF8)
    encoding = _encoding(data, name)
    try:
        text = data[len(codecs.BOM_UTF8) if bom else 0 :].decode(encoding)
    except UnicodeError as error:
        raise SourceError(f"{name}: is not valid {encoding} ({error}); save the file as UTF-8") from error
    source = SourceText(text=text, encoding=encoding, bom=bom, newline=_dominant_newline(text), name=name)
    # Some codecs (utf-7, iso2022, ...) have several spellings of one text.
    if source.encode(text) != data:
        raise SourceError(f"{name}: its encoding {encoding} does not survive a rewrite; save the file as UTF-8")
    return source


def parse(text: str, *, name: str = "<source>") -> ast.Module:
    """Parse a module; a `SourceError` names the line where that is not possible."""
    try:
        with warnings.catch_warnings():
            # The user's own run shows these; here `-W error` would turn them into a failure.
            warnings.simplefilter("ignore")
            return parsing.module(text)
    except SyntaxError as error:
        where, running = f"{name}:{error.lineno or 1}", f"Python {sys.version_info.major}.{sys.version_info.minor}"
        newer = _newer_syntax(text, error.lineno or 1)
        if newer:
            raise SourceError(
                f"{where}: does not parse as {running}, as {newer}; run pytest with that Python"
            ) from error
        raise SourceError(f"{where}: does not parse as {running} ({error.msg}); correct it and run again") from error
    except (ValueError, RecursionError, MemoryError) as error:
        reason = str(error) or type(error).__name__
        raise SourceError(f"{name}:1: does not parse ({reason}); correct it and run again") from error


def _newer_syntax(text: str, lineno: int) -> str:
    """What stands in a line that only a newer Python than this one knows, in words; "" where that is not seen."""
    line = _NEWLINE.split(text)[lineno - 1 : lineno]
    found = ((minor, what) for minor, what, pattern in _NEWER if line and pattern.match(line[0]))
    return next((f"{what} need Python 3.{minor}" for minor, what in found if minor > sys.version_info.minor), "")


class Positions:
    """Turns the (line from 1, column in UTF-8 bytes) of AST nodes into indexes of the text they were parsed from."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(match.end() for match in _NEWLINE.finditer(text))]

    def index(self, lineno: int, col_offset: int) -> int:
        """Return the index in the text of an AST position."""
        start = self._starts[lineno - 1]
        # A column of n bytes is at most n characters, so this slice is enough and keeps long lines cheap.
        head = self.text[start : start + col_offset].encode()[:col_offset]
        return start + len(head.decode())

    def line_start(self, lineno: int) -> int:
        """Return the index of the first character of a line; the line after the last one is the text's end."""
        return self._starts[lineno - 1] if lineno <= len(self._starts) else len(self.text)

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Return where a node starts and ends in the text; decorators are not part of a definition's span."""
        end_line, end_column = node.end_lineno, node.end_col_offset
        if end_line is None or end_column is None:
            raise ValueError(f"{node!r} has no position; parse it from text")
        return self.index(node.lineno, node.col_offset), self.index(end_line, end_column)


def _encoding(data: bytes, name: str) -> str:
    # Python translates lone carriage returns before it looks for the coding line; tokenize does not.
    head = b"\n".join(re.split(rb"\r\n|\r|\n", data, maxsplit=2)[:2])
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(head).readline)
    except SyntaxError as error:
        raise SourceError(f"{name}:1: cannot be decoded ({error.msg}); save the file as UTF-8") from error
    if not codecs.lookup(encoding)._is_text_encoding:
        raise SourceError(f"{name}:1: {encoding} is no text encoding; save the file as UTF-8")
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _dominant_newline(text: str) -> str:
    found = _NEWLINE.findall(text)
    return max(("\n", "\r\n", "\r"), key=found.count)
