"""The code of an answer as whole, parsing modules: a header for a bare body, a cut for a ragged end, else repairs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pytest_supercharger.clean._lexical import Scanner
from pytest_supercharger.clean._search import fault
from pytest_supercharger.clean._signature import definition, is_empty
from pytest_supercharger.clean._syntax import FunctionNode, dedent_code, indent_code, parse, string_rows, syntax_error
from pytest_supercharger.clean.markdown import ends_in_fence
from pytest_supercharger.clean.repair import repair
from pytest_supercharger.domain import Answer, FinishReason, Rejection, Stub

__all__ = ["readings"]

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_AT_LIMIT = Rejection(reason="cut off", detail="the answer reached its token limit inside the function")
_IN_MIDDLE = Rejection(reason="cut off", detail="the answer ends in the middle of a statement")
_SLID = re.compile(r"(?:return|yield|break|continue|elif|else|except|finally)\b")  # never begins anything in column 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """How the answer ended: `ragged` at the token limit, `closed` by a fence or a stop string."""

    ragged: bool
    closed: bool


def readings(code: str, answer: Answer, stub: Stub) -> tuple[str, ...] | Rejection:
    """Return what `code` may mean, best first, each a module that parses; or why it means nothing."""
    end = _end_of(answer, stub)
    continues = code[:1].isspace()  # goes on from a header, ours or one that the model did not repeat
    code = _at_margin(code)
    body = _under_header(code, stub, continues=continues)
    if body is not None:
        return _AT_LIMIT if end.ragged else (body,)
    whole = _up_to_last_statement(code, stub) if end.ragged else None
    if whole is not None:
        return (whole,)
    if fault(code) is None:
        return _AT_LIMIT if end.ragged and not _goes_on(code, stub, (ast.stmt,)) else (code,)
    repaired = repair(code, ended=end.closed)
    if repaired.cut_off and not end.closed:
        return _AT_LIMIT if end.ragged else _IN_MIDDLE
    found = tuple(_whole(text, stub) for text in _unhurt(repaired))
    if end.ragged:
        # The repair may have moved the ragged end out of the function: only a definition proves that it is behind.
        found = tuple(text for text in found if _goes_on(text, stub, _DEFINITIONS))
    if found:
        return found
    return _AT_LIMIT if end.ragged else _broken(code)


def _unhurt(repaired: Iterable[str]) -> list[str]:
    """Return what parses, only that without a `return` that slid out of its function where there is any."""
    parsing = [text for text in repaired if parse(text) is not None]
    return [text for text in parsing if fault(text) is None] or parsing


def _end_of(answer: Answer, stub: Stub) -> _End:
    closed = ends_in_fence(answer.text, stub.name)
    return _End(
        ragged=answer.finish_reason.torn and not closed,
        closed=closed or answer.finish_reason is FinishReason.STOP,
    )


def _broken(code: str) -> Rejection:
    error = syntax_error(code)
    return Rejection(reason="does not parse", detail=f"{error.msg}, line {error.lineno}" if error else "")


def _under_header(code: str, stub: Stub, *, continues: bool = False) -> str | None:
    """Return the stub's header above an answer that is nothing but a body; None where it is something else."""
    tree = parse(code)
    # What ends with a definition is a piece of a class or a module.
    continues = continues and tree is not None and bool(tree.body) and not _defines(tree.body[-1])
    if tree is not None and (definition(tree, stub) is not None or not (continues or any(map(_leaves, tree.body)))):
        return None
    whole = f"{stub.signature.rstrip().removesuffix(':')}:\n{_indented(code)}\n"
    made = parse(whole)
    # A definition that does not parse on its own must not become one inside of the stub.
    if made is None or len(made.body) != 1 or (tree is None and _mentions(made, stub)):
        return None
    return whole if continues or any(map(_leaves, getattr(made.body[0], "body", []))) else None


def _at_margin(code: str) -> str:
    """Return code that is indented as a whole, as a method in its class, at the margin; strings keep their blanks."""
    if not code[:1].isspace() or parse(code) is not None:
        return code
    lines = code.strip("\n").split("\n")
    protected = {row - 1 for row in string_rows("if 1:\n" + "\n".join(lines))}
    moved = "\n".join(dedent_code(lines, 1, protected))
    return moved if parse(moved) is not None else code


def _defines(node: ast.stmt) -> bool:
    return isinstance(node, FunctionNode | ast.ClassDef | ast.Import | ast.ImportFrom)


def _indented(code: str) -> str:
    lines = code.strip("\n").split("\n")
    rest = [line for line in lines[1:] if line.strip() and not line.lstrip().startswith("#")]
    margin = min((len(line) - len(line.lstrip()) for line in rest), default=0)
    if not lines[0][:1].isspace() and margin and parse(code) is None:
        # Only the first line lost its margin, as after a prefix of ours that ended in blanks.
        lines[0] = " " * margin + lines[0]
    text = "\n".join(lines)
    return text if lines[0][:1].isspace() else indent_code(text, "    ")


def _mentions(tree: ast.Module, stub: Stub) -> bool:
    return any(isinstance(n, FunctionNode) and n.name == stub.name and n is not tree.body[0] for n in ast.walk(tree))


def _leaves(statement: ast.stmt) -> bool:
    """Tell whether a statement leaves the function it stands in: it belongs into one."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom | ast.Raise):
            return True
        if not isinstance(node, FunctionNode | ast.Lambda | ast.ClassDef):
            stack.extend(ast.iter_child_nodes(node))
    return False


def _whole(repaired: str, stub: Stub) -> str:
    return _under_header(repaired, stub) or repaired


def _up_to_last_statement(code: str, stub: Stub) -> str | None:
    """Return the code without its last top-level statement, where the stub stands whole above that.

    A new statement in column 0 proves that the function above has ended, whatever the token limit took of it.
    """
    lines = code.split("\n")
    scanner = Scanner()
    last = 0
    for row, line in enumerate(lines):
        if line[:1].strip() and not line.startswith("#") and not scanner.in_string and not scanner.brackets:
            last = row
        scanner.feed(line)
    above = "\n".join(lines[:last])
    if _SLID.match(lines[last]):
        return None
    tree = parse(above) if fault(above) is None else None
    node = definition(tree, stub) if tree is not None else None
    return above if node is not None and not is_empty(node) else None


def _goes_on(text: str, stub: Stub, kinds: tuple[type[ast.stmt], ...]) -> bool:
    """Tell whether a statement of these kinds stands behind the stub."""
    tree = parse(text)
    node = definition(tree, stub) if tree is not None else None
    if tree is None or node is None:
        return node is None
    end = node.end_lineno or node.lineno
    return any(isinstance(n, kinds) and n.lineno > end for n in ast.walk(tree))
