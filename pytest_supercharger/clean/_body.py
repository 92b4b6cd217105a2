"""The text of a function's body: dedented, its docstring left out, its comments kept."""

from __future__ import annotations

import ast

from pytest_supercharger.clean._syntax import (
    FunctionNode,
    dedent_code,
    indent_code,
    parse,
    string_rows,
    unparse,
    without_docstring,
)

__all__ = ["body_text", "same_body"]


def body_text(source: str, node: FunctionNode) -> str | None:
    """Return the statements of `node` as text; None when there are none or they cannot be written down."""
    body = without_docstring(node.body)
    if not body:
        return None
    for text in (_cut(source, node, body), "".join(unparse(statement) for statement in body)):
        if text.strip() and same_body(text, body):
            return text
    return None


def same_body(text: str, body: list[ast.stmt]) -> bool:
    """Tell whether `text` under a plain `def` gives these very statements."""
    tree = parse("async def _():\n" + indent_code(text, "    ") + "\n")
    if tree is None or len(tree.body) != 1:
        return False
    found = tree.body[0]
    return isinstance(found, ast.AsyncFunctionDef) and _dump(found.body) == _dump(body)


def _dump(body: list[ast.stmt]) -> str:
    return ast.dump(ast.Module(body=body, type_ignores=[]))


def _cut(source: str, node: FunctionNode, body: list[ast.stmt]) -> str:
    lines = source.split("\n")
    first = body[0]
    row = min([first.lineno, *(d.lineno for d in getattr(first, "decorator_list", []))])
    end = body[-1].end_lineno or row
    if lines[row - 1].encode()[: first.col_offset].strip() and row == first.lineno:
        # `def f(x): return x`, or a statement behind the docstring: the line holds more than the body.
        head = lines[row - 1].encode()[first.col_offset :].decode()
        return "\n".join([head, *lines[row:end]]).rstrip() + "\n"
    floor = node.body[0].end_lineno or node.lineno if body is not node.body else _header_end(node)
    while row - 1 > floor and (not lines[row - 2].strip() or lines[row - 2].lstrip().startswith("#")):
        row -= 1
    kept = dedent_code(lines[row - 1 : end], row, string_rows(source))
    text = "\n".join(kept).strip("\n") + "\n"
    return _spaces(text)


def _header_end(node: FunctionNode) -> int:
    arguments = node.args
    parts: list[ast.AST] = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *arguments.defaults]
    parts += [d for d in arguments.kw_defaults if d is not None]
    parts += [p for p in (arguments.vararg, arguments.kwarg, node.returns) if p is not None]
    return max([node.lineno, *(getattr(p, "end_lineno", None) or 0 for p in parts)])


def _spaces(text: str) -> str:
    """Turn leading tabs into blanks, so that the body can stand in a file of either kind."""
    protected = string_rows(text)
    lines = text.split("\n")
    for row, line in enumerate(lines, 1):
        stripped = line.lstrip(" \t")
        if row not in protected and "\t" in line[: len(line) - len(stripped)]:
            lines[row - 1] = line[: len(line) - len(stripped)].expandtabs(4) + stripped
    return "\n".join(lines)
