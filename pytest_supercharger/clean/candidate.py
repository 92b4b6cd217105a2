"""From one answer of a model to one candidate, or the reason why there is none."""

from __future__ import annotations

import ast
import hashlib

from pytest_supercharger.clean._signature import definition
from pytest_supercharger.clean._syntax import (
    MAX_SOURCE,
    FunctionNode,
    indent_code,
    parse,
    syntax_error,
    without_docstring,
)
from pytest_supercharger.clean.layout import Style, format_body, format_helper
from pytest_supercharger.clean.markdown import blocks, code_for
from pytest_supercharger.clean.prune import Pieces, prune
from pytest_supercharger.clean.repair import repair
from pytest_supercharger.domain import Answer, Candidate, FinishReason, Rejection, Stub

__all__ = ["clean"]


def clean(answer: Answer, stub: Stub, module_text: str, *, style: Style | None = None) -> Candidate | Rejection:
    """Return the candidate in `answer` for `stub`, which stands in the module `module_text`; never raises."""
    try:
        return _clean(answer, stub, module_text, style or Style())
    except RecursionError:
        return Rejection(reason="does not parse", detail="nested too deeply")


def _clean(answer: Answer, stub: Stub, module_text: str, style: Style) -> Candidate | Rejection:
    if answer.finish_reason in {FinishReason.CANCELLED, FinishReason.ERROR}:
        return Rejection(reason="cut off", detail=f"the answer ended with {answer.finish_reason.value}")
    if len(answer.text) > MAX_SOURCE:
        return Rejection(reason="too long", detail=f"{len(answer.text)} characters")
    code = code_for(answer.text, stub.name)
    if code is None or not code.strip():
        return Rejection(reason="no code")
    source = _whole(repair(code)[0], code, stub)
    tree = parse(source)
    if tree is None:
        error = syntax_error(source)
        return Rejection(reason="does not parse", detail=f"{error.msg}, line {error.lineno}" if error else "")
    if _cut_off(answer, code, tree, stub):
        return Rejection(reason="cut off", detail="the answer reached its token limit inside the function")
    pieces = prune(source, stub, module_text)
    return pieces if isinstance(pieces, Rejection) else _candidate(pieces, stub, style)


def _whole(repaired: str, code: str, stub: Stub) -> str:
    """Put the stub's header above an answer that is nothing but a body."""
    tree = parse(repaired)
    if tree is not None and definition(tree, stub) is not None:
        return repaired
    if "return" not in code and "yield" not in code:
        return repaired
    if tree is not None and any(isinstance(n, FunctionNode | ast.ClassDef) for n in tree.body):
        return repaired  # it defines something, just not the stub
    whole = f"{stub.signature.rstrip().removesuffix(':')}:\n{indent_code(repaired, '    ')}\n"
    return whole if parse(whole) is not None else repaired


def _cut_off(answer: Answer, code: str, tree: ast.Module, stub: Stub) -> bool:
    """Tell whether the token limit may have taken the end of the function.

    The end is proven by a closed fence, or by a statement behind the function.
    """
    if answer.finish_reason is not FinishReason.LENGTH:
        return False
    fenced = blocks(answer.text)
    if fenced and all(block.closed for block in fenced):
        return False
    node = definition(tree, stub)
    if node is None:
        return False
    end = node.end_lineno or node.lineno
    # Where a repair was needed it may have moved the ragged end out of the function: then only a definition counts.
    kinds = ast.stmt if parse(code) is not None else (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return not any(isinstance(n, kinds) and n.lineno > end for n in ast.walk(tree))


def _candidate(pieces: Pieces, stub: Stub, style: Style) -> Candidate:
    margin = 4 * stub.qualname.count(".")
    body = format_body(pieces.body, style, margin=margin)
    helpers = tuple(format_helper(helper, style) for helper in pieces.helpers)
    imports = tuple(sorted(pieces.imports))
    return Candidate(
        id=_digest(_normal("async def _():\n" + indent_code(body, "    ")), *imports, *map(_normal, helpers)),
        text_id=_digest(body, *imports, *helpers),
        body=body,
        imports=imports,
        helpers=helpers,
    )


def _normal(source: str) -> str:
    tree = parse(source)
    if tree is None:
        return source
    for node in ast.walk(tree):
        if isinstance(node, FunctionNode | ast.ClassDef):
            node.body = without_docstring(node.body) or [ast.Pass()]
    return ast.dump(tree)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
