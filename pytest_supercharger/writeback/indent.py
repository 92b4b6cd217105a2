"""Indent new code as the file around it is indented, without touching the inside of its strings."""

from __future__ import annotations

import ast
import tokenize
from typing import TYPE_CHECKING

from pytest_supercharger.writeback.page import Page, is_blank

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["indented", "unit_of"]

_STRING_STARTS = frozenset(getattr(tokenize, name, -1) for name in ("FSTRING_START", "TSTRING_START")) - {-1}
_STRING_ENDS = frozenset(getattr(tokenize, name, -1) for name in ("FSTRING_END", "TSTRING_END")) - {-1}


def indented(code: str, *, indent: str, unit: str, newline: str) -> str:
    """Return `code` (rows ended by a line feed, not indented) with its depths in the file's `unit` after `indent`."""
    page = Page(code, name="<generated code>")
    inside = _rows_in_strings(page)
    depths = _depths(page)
    known = dict(sorted((len(depth[0]), depth[1]) for depth in depths.values()))
    continued = {row: line.first for line in page.logical for row in range(line.first + 1, line.last + 1)}
    rows = []
    for number, row in enumerate(page.rows, start=1):
        text = row.rstrip("\n")
        if number in inside:
            rows.append(text)
        elif is_blank(text):
            rows.append("")
        else:
            rows.append(indent + _row(text, depths.get(continued.get(number, number)), known, unit))
    return newline.join(rows) + newline


def unit_of(page: Page, tree: ast.Module, node: ast.AST) -> str:
    """Return the step by which the file indents, as the blocks nearest to `node` do it."""
    blocks = list(_blocks(page, tree))
    line = getattr(node, "lineno", 0)
    around = [step for first, last, step in blocks if first <= line <= last]
    if around:
        return around[-1]
    return min(blocks, key=lambda block: abs(block[0] - line))[2] if blocks else "    "


def _blocks(page: Page, tree: ast.Module) -> Iterator[tuple[int, int, str]]:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(node, ast.stmt) or not isinstance(body, list) or not body:
            continue
        first = min([body[0].lineno, *(item.lineno for item in getattr(body[0], "decorator_list", []))])
        if page.line_of(first).first == page.line_of(node.lineno).first:
            continue
        outer, inner = page.indent(page.line_of(node.lineno).first), page.indent(page.line_of(first).first)
        if inner.startswith(outer) and inner != outer:
            yield node.lineno, node.end_lineno or node.lineno, inner.removeprefix(outer)


def _row(text: str, depth: tuple[str, int] | None, known: dict[int, int], unit: str) -> str:
    bare = text.lstrip(" \t\f")
    own = text[: len(text) - len(bare)]
    if depth is not None:  # a statement, or the continuation of one, which may hang deeper
        base, level = depth
    else:  # a comment: as deep as the statements that begin at its column or left of it
        width = max((width for width in known if width <= len(own)), default=0)
        base, level = own[:width], known.get(width, 0)
    return unit * level + own[len(base) :] + bare


def _depths(page: Page) -> dict[int, tuple[str, int]]:
    """Map the first row of each logical line to its white space and its depth in blocks."""
    found: dict[int, tuple[str, int]] = {}
    level = 0
    at_start = True
    for token in page.tokens:
        if token.type == tokenize.INDENT:
            level += 1
        elif token.type == tokenize.DEDENT:
            level -= 1
        elif token.type == tokenize.NEWLINE:
            at_start = True
        elif at_start and token.type not in (tokenize.COMMENT, tokenize.NL):
            row = token.start[0]
            found[row] = (token.line[: token.start[1]] if level else "", level)
            at_start = False
    return found


def _rows_in_strings(page: Page) -> set[int]:
    """Return the rows that begin inside a string: white space there is content."""
    found: set[int] = set()
    starts: list[int] = []
    for token in page.tokens:
        if token.type == tokenize.STRING:
            found.update(range(token.start[0] + 1, token.end[0] + 1))
        elif token.type in _STRING_STARTS:
            starts.append(token.start[0])
        elif token.type in _STRING_ENDS:
            found.update(range(starts.pop() + 1, token.end[0] + 1))
    return found
