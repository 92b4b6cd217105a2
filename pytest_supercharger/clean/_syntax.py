"""Parsing of hostile text without surprises, and the few source-text tools that the cleaning steps share."""

from __future__ import annotations

import ast
import io
import re
import threading
import tokenize
import warnings
from typing import TYPE_CHECKING

from pytest_supercharger import parsing

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "MAX_SOURCE",
    "FunctionNode",
    "dedent_code",
    "function_under",
    "indent_code",
    "parse",
    "parsed",
    "segment",
    "string_rows",
    "syntax_error",
    "without_docstring",
]

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

# Far above any answer, far below what makes the parser slow or deep enough to hurt.
MAX_SOURCE = 64_000

# Without any of these no string literal goes on in the next line. An f-string may, in its braces, since Python 3.12.
_LONG_STRING = re.compile(r"\"\"\"|'''|\\[\r\n]|[fFtT][rR]?[\"']|[rR][fFtT][\"']")

_parser = threading.Lock()  # `catch_warnings` swaps process-wide state


def syntax_error(source: str) -> SyntaxError | None:
    """Return why `source` does not parse, None when it does; never raises anything else."""
    found = parsed(source)
    return found if isinstance(found, SyntaxError) else None


def parse(source: str) -> ast.Module | None:
    """Return the tree of `source`, None when it does not parse."""
    found = parsed(source)
    return found if isinstance(found, ast.Module) else None


def parsed(source: str) -> ast.Module | SyntaxError:
    """Return the tree of `source`, or why it has none; never raises."""
    if len(source) > MAX_SOURCE:
        return SyntaxError("the text is too long", ("<answer>", 1, 1, ""))
    try:
        with _parser, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return parsing.module(source)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError) as error:  # NUL bytes, lone surrogates, absurd nesting
        return SyntaxError(str(error) or type(error).__name__, ("<answer>", 1, 1, ""))


def function_under(tree: ast.Module, name: str) -> FunctionNode | None:
    """Return the first top-level function called `name`."""
    return next((n for n in tree.body if isinstance(n, FunctionNode) and n.name == name), None)


def without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements after the docstring."""
    first = body[0].value if body and isinstance(body[0], ast.Expr) else None
    return body[1:] if isinstance(first, ast.Constant) and isinstance(first.value, str) else body


def segment(lines: list[str], node: ast.stmt) -> str:
    """Return the whole lines of a top-level statement, its decorators and the comment block above it included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(d.lineno for d in decorators)])
    while first > 1 and lines[first - 2].startswith("#"):
        first -= 1
    text = "\n".join(lines[first - 1 : node.end_lineno])
    found = parse(text)
    # `a = 1; b = 2`: the line holds more than this statement.
    if found is None or len(found.body) != 1:
        return unparse(node)
    return text.rstrip() + "\n"


def unparse(node: ast.AST) -> str:
    """Return the source of a node, "" where Python itself cannot write it down again."""
    try:
        return ast.unparse(node) + "\n"
    except (ValueError, RecursionError):
        return ""


def string_rows(source: str) -> set[int]:
    """Return the line numbers that begin inside a string literal: their leading blanks are data."""
    rows: set[int] = set()
    if not _LONG_STRING.search(source):
        return rows
    depth: list[int] = []
    try:
        for token in _tokens(source):
            name = tokenize.tok_name[token.type]
            if name == "STRING":
                rows.update(range(token.start[0] + 1, token.end[0] + 1))
            elif name in {"FSTRING_START", "TSTRING_START"}:  # Python 3.12 and 3.14 split them into parts
                depth.append(token.start[0])
            elif name in {"FSTRING_END", "TSTRING_END"} and depth:
                rows.update(range(depth.pop() + 1, token.end[0] + 1))
    except (tokenize.TokenError, SyntaxError, ValueError):
        return rows
    return rows


def _tokens(source: str) -> Iterator[tokenize.TokenInfo]:
    return tokenize.generate_tokens(io.StringIO(source).readline)


def dedent_code(lines: list[str], first_row: int, protected: set[int]) -> list[str]:
    """Remove the first code line's indentation from all lines; `protected` rows (see `string_rows`) stay."""
    margin = next((_margin(line) for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
    out: list[str] = []
    for row, line in enumerate(lines, first_row):
        if row in protected:
            out.append(line)
        elif line.startswith(margin):
            out.append(line[len(margin) :].rstrip())
        else:
            out.append(line.strip())
    return out


def indent_code(body: str, margin: str) -> str:
    """Put `margin` before every line that does not begin inside a string literal."""
    protected = string_rows(body)
    return "\n".join(
        line if row in protected or not line.strip() else margin + line for row, line in enumerate(body.split("\n"), 1)
    )


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]
