"""From one answer of a model to its candidates, or the reason why there is none."""

from __future__ import annotations

import ast
import hashlib
import itertools
from typing import TYPE_CHECKING

from pytest_supercharger.clean._compiling import compile_error
from pytest_supercharger.clean._readings import readings
from pytest_supercharger.clean._syntax import (
    MAX_SOURCE,
    FunctionNode,
    indent_code,
    parse,
    without_docstring,
)
from pytest_supercharger.clean.layout import Style, format_body, format_helper
from pytest_supercharger.clean.markdown import code_for
from pytest_supercharger.clean.prune import Pieces, prune
from pytest_supercharger.domain import Answer, Candidate, FinishReason, Rejection, Stub

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["as_function", "clean", "compile_problem", "made"]

# Helpers beyond these stay as they are: each costs yapf two milliseconds at least.
_MAX_LAID_OUT = 40
_MAX_CHARACTERS = 6_000


def clean(
    answer: Answer, stub: Stub, module_text: str, *, style: Style | None = None
) -> tuple[Candidate, ...] | Rejection:
    """Return the candidates in `answer` for `stub`, which stands in the module `module_text`; never raises.

    There are several, best first, where the answer is broken and equally small repairs mean different things.
    """
    try:
        return _clean(answer, stub, module_text, style or Style())
    except RecursionError:
        return Rejection(reason="does not parse", detail="nested too deeply")


def _clean(answer: Answer, stub: Stub, module_text: str, style: Style) -> tuple[Candidate, ...] | Rejection:
    if answer.finish_reason in {FinishReason.CANCELLED, FinishReason.ERROR}:
        return Rejection(reason="cut off", detail=f"the answer ended with {answer.finish_reason.value}")
    if len(answer.text) > MAX_SOURCE:
        return Rejection(reason="too long", detail=f"{len(answer.text)} characters")
    code = code_for(answer.text, stub.name)
    if code is None or not code.strip():
        return Rejection(reason="no code")
    sources = readings(code, answer, stub)
    if isinstance(sources, Rejection):
        return sources
    parts = [_checked(prune(source, stub, module_text), stub) for source in sources]
    found = {c.id: c for c in (_candidate(p, stub, style) for p in parts if isinstance(p, Pieces))}
    return tuple(found.values()) or next(part for part in parts if isinstance(part, Rejection))


def _checked(pieces: Pieces | Rejection, stub: Stub) -> Pieces | Rejection:
    """Refuse what parses and the compiler would not take: `break` outside of a loop, `await` in a plain `def`."""
    if isinstance(pieces, Rejection):
        return pieces
    problem = compile_problem(pieces.body, pieces.helpers, stub)
    return Rejection(reason="does not compile", detail=problem) if problem else pieces


def compile_problem(body: str, helpers: Iterable[str], stub: Stub) -> str:
    """Why the compiler does not take this body or one of its helpers, "" when it does; nothing is run."""
    header = stub.signature.rstrip().removesuffix(":") + ":\n"
    error = compile_error(header + indent_code(body, "    ") + "\n")
    if error is not None:
        row = max(1, (error.lineno or 1) - header.count("\n"))
        return f"{error.msg}, line {row} of the body"
    error = next(filter(None, map(compile_error, helpers)), None)
    return "" if error is None else f"{error.msg}, in a helper"


def _candidate(pieces: Pieces, stub: Stub, style: Style) -> Candidate:
    margin = 4 * stub.qualname.count(".")
    body = format_body(pieces.body, style, margin=margin)
    sizes = itertools.accumulate(map(len, pieces.helpers))
    count = min(_MAX_LAID_OUT, sum(size <= _MAX_CHARACTERS for size in sizes))
    helpers = (*(format_helper(helper, style) for helper in pieces.helpers[:count]), *pieces.helpers[count:])
    return made(body, tuple(sorted(pieces.imports)), helpers)


def made(body: str, imports: tuple[str, ...], helpers: tuple[str, ...]) -> Candidate:
    """The candidate of these parts; equal trees make equal ids, however they are laid out."""
    return Candidate(
        id=_digest(_normal(as_function(body)), *imports, *map(_normal, helpers)),
        text_id=_digest(body, *imports, *helpers),
        body=body,
        imports=imports,
        helpers=helpers,
    )


def as_function(body: str) -> str:
    """The body as a module that parses; an async function takes everything a body may hold, `await` included."""
    return "async def _():\n" + indent_code(body, "    ")


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
