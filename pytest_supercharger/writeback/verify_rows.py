"""The part of the proof that looks at bytes and comments, which a comparison of trees does not see."""

from __future__ import annotations

import ast
import codecs
import io
import itertools
import re
import tokenize
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_supercharger.errors import SourceError
from pytest_supercharger.source import Positions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_supercharger.marks import Function

__all__ = ["Joined", "Side", "check"]

_END = re.compile(rb"\r\n|\r|\n")
_CLOSING = re.compile(rb"[\s)]*\)[\s)]*(?:#.*)?\s*")
_BEFORE_BODY = re.compile(r"[\s\\]*\Z")


Joined = tuple[ast.ImportFrom, ast.ImportFrom]  # an import, and what it is with more names


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One version of the file."""

    name: str
    data: bytes
    text: str

    @property
    def rows(self) -> list[bytes]:
        """The rows with their ends; a byte order mark belongs to the file, not to its first row."""
        data = self.data.removeprefix(codecs.BOM_UTF8)
        cuts = [0, *(match.end() for match in _END.finditer(data)), len(data)]
        return [data[start:end] for start, end in itertools.pairwise(cuts) if start < end]


def check(
    old: Side,
    new: Side,
    pairs: Sequence[tuple[Function, Function]],
    gone: Sequence[ast.expr | ast.stmt],
    brought: Sequence[str],
    joined: Sequence[Joined],
) -> None:
    """Raise `SourceError` if a row, a signature, a docstring or a comment outside the declared parts changes.

    `pairs` are the stubs and what became of them, `gone` the markers and imports that go, `brought` the new code,
    `joined` the imports that got more names.
    """
    rows = old.rows
    declared = {row for node, _ in pairs for row in _body_rows(rows, node)}
    declared |= {row for node in gone for row in _rows_of(rows, node)}
    grown = {row for node, _ in joined for row in _rows_of(rows, node)}
    _check_rows(old, new, declared | grown | _gaps(rows, gone), gone)
    _check_comments(old, new, declared, brought)
    for old_node, new_node in pairs:
        _check_head(old, new, old_node, new_node)
    for node, other in joined:
        _check_joined(old, new, node, other)


def _rows_of(rows: Sequence[bytes], node: ast.expr | ast.stmt) -> Iterator[int]:
    first, last = node.lineno, node.end_lineno or node.lineno
    if isinstance(node, ast.expr):  # a decorator: its `@` and the brackets around it are not part of the expression
        while first > 1 and not rows[first - 1].lstrip().startswith(b"@"):
            first -= 1
        while last < len(rows) and _CLOSING.fullmatch(rows[last]):
            last += 1
    yield from range(first, last + 1)


def _body_rows(rows: Sequence[bytes], node: Function) -> Iterator[int]:
    """Yield the rows of the stub's statements, and of its docstring where that shares a row with something else."""
    statements = list(node.body)
    first, column = statements[0].lineno, statements[0].col_offset
    shared = bool(rows[first - 1][:column].strip())
    while first > 1 and _continues(rows[first - 2]):
        first, shared = first - 1, True
    if ast.get_docstring(node, clean=False) is not None and not shared:
        first = len(rows) + 1
        statements = statements[1:]
    for statement in statements:
        start, end = min(first, statement.lineno), statement.end_lineno or statement.lineno
        first = len(rows) + 1
        yield from range(start, end + 1)


def _continues(row: bytes) -> bool:
    bare = row.rstrip(b"\r\n")
    return bare.endswith(b"\\") and b"#" not in bare


def _gaps(rows: Sequence[bytes], gone: Sequence[ast.expr | ast.stmt]) -> set[int]:
    """Return the blank rows right above and below the imports that go."""
    found: set[int] = set()
    for node in gone:
        if isinstance(node, ast.stmt):
            for row, step in ((node.lineno - 1, -1), ((node.end_lineno or node.lineno) + 1, 1)):
                while 1 <= row <= len(rows) and not rows[row - 1].strip(b" \t\r\n"):
                    found.add(row)
                    row += step
    return found


def _check_rows(old: Side, new: Side, declared: set[int], gone: Sequence[ast.expr | ast.stmt]) -> None:
    rows, remaining = old.rows, iter(new.rows)
    for number, row in enumerate(rows, start=1):
        if number in declared:
            continue
        # The last row gets an end when something comes after it.
        is_open = number == len(rows) and not _END.search(row)
        if not any(other == row or (is_open and _END.sub(b"", other) == row) for other in remaining):
            raise _refusal(old, f"row {number} ({row.strip()[:40]!r}) would be lost or moved")
    # Where the import of the marker is all of the last row, the row above it becomes the last one.
    is_last_gone = any(isinstance(node, ast.stmt) and (node.end_lineno or 0) >= len(rows) for node in gone)
    if bool(_END.search(old.data[-1:])) != bool(_END.search(new.data[-1:])) and not is_last_gone:
        raise _refusal(old, "the end of its last row would change")


def _check_comments(old: Side, new: Side, declared: set[int], brought: Sequence[str]) -> None:
    before, after = list(_comments(old.text)), list(_comments(new.text))
    allowed = Counter(text for code in brought for _, text in _comments(code))
    extra = Counter(text for _, text in after) - Counter(text for _, text in before) - allowed
    lost = Counter(text for _, text in before) - Counter(text for _, text in after)
    lost -= Counter(text for row, text in before if row in declared)
    for what, texts in (("appear", extra), ("be lost", lost)):
        if texts:
            raise _refusal(old, f"the comment {next(iter(texts))!r} would {what}")


def _comments(text: str) -> Iterable[tuple[int, str]]:
    plain = re.sub("\r\n?", "\n", text)
    for token in tokenize.generate_tokens(io.StringIO(plain).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.rstrip()


def _check_head(old: Side, new: Side, old_node: Function, new_node: Function) -> None:
    """Compare the text of signature and docstring, byte for byte."""
    before, after = Positions(old.text), Positions(new.text)
    start, body = before.span(old_node)[0], before.span(old_node.body[0])[0]
    head = _BEFORE_BODY.sub("", old.text[start:body])
    if not new.text.startswith(head, after.span(new_node)[0]):
        raise _refusal(old, f"the signature of {old_node.name} would change")
    if ast.get_docstring(old_node, clean=False) is not None:
        start, end = before.span(old_node.body[0])
        new_start, new_end = after.span(new_node.body[0])
        if old.text[start:end] != new.text[new_start:new_end]:
            raise _refusal(old, f"the docstring of {old_node.name} would change")


def _check_joined(old: Side, new: Side, node: ast.ImportFrom, other: ast.ImportFrom) -> None:
    """Every character of the rows, white space aside, is still there and in the same order."""
    before, after = (_text_of(side, item) for side, item in ((old, node), (new, other)))
    remaining = iter(after)
    if not all(any(char == found for found in remaining) for char in before if not char.isspace()):
        raise _refusal(old, f"the import of row {node.lineno} would lose something")


def _text_of(side: Side, node: ast.stmt) -> str:
    rows = side.rows[node.lineno - 1 : node.end_lineno]
    return b"".join(rows).decode("latin-1")


def _refusal(side: Side, problem: str) -> SourceError:
    return SourceError(f"{side.name}: {problem}; it was not written; report this file as a bug")
