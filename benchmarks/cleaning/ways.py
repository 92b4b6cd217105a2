"""Two ways from an answer to something runnable: ours, and the first fence or else the whole text. Nothing is run."""

from __future__ import annotations

import ast
import re

from cleaning.answers import Raw
from pytest_supercharger.clean._compiling import compile_error
from pytest_supercharger.clean._names import BUILTINS, bound_names, uses
from pytest_supercharger.clean._signature import definition, is_empty
from pytest_supercharger.clean._surroundings import surroundings
from pytest_supercharger.clean._syntax import parse
from pytest_supercharger.clean.candidate import clean
from pytest_supercharger.clean.tests import clean_tests
from pytest_supercharger.domain import Candidate, GeneratedTest, Rejection
from pytest_supercharger.source import decode
from pytest_supercharger.writeback.edits import fill

__all__ = ["Cleaned", "naive", "naive_lacks", "ours", "runnable"]

Cleaned = tuple[Candidate, ...] | tuple[GeneratedTest | Rejection, ...] | Rejection
_FENCE = re.compile(r"```[^\n]*\n(.*?)(?:^[ \t]*```|\Z)", re.S | re.M)


def ours(raw: Raw) -> Cleaned:
    """What the plugin makes of an answer."""
    text = decode(raw.source.data).text
    return clean(raw.answer, raw.stub, text) if raw.kind == "code" else clean_tests(raw.answer, raw.stub, text)


def runnable(raw: Raw, cleaned: Cleaned) -> str:
    """Why what the plugin made cannot run, "" where it can: it compiles in its place, the stub is filled."""
    if isinstance(cleaned, Rejection):
        return cleaned.reason
    for part in cleaned:
        if isinstance(part, Candidate):
            filled = fill(raw.source.data, [(raw.stub, part)]).decode()
            return "does not compile in its place" if _why_not_code(filled, raw) else ""
        if isinstance(part, GeneratedTest):
            return "does not compile" if compile_error(part.source) else ""
    return "no test"


def naive(raw: Raw) -> str:
    """Why the first fence, or the whole text where there is none, cannot run; "" where it can."""
    code = first_fence(raw.answer.text)
    return _why_not_code(code, raw) if raw.kind == "code" else _why_not_tests(code, raw)


def first_fence(text: str) -> str:
    """The text inside of the first fence, which need not end."""
    match = _FENCE.search(text)
    return match.group(1) if match else text


def _why_not_code(code: str, raw: Raw) -> str:
    tree = parse(code)
    node = definition(tree, raw.stub) if tree is not None else None
    if tree is None or compile_error(code):
        return "does not parse or compile"
    return "does not define the stub" if node is None or is_empty(node) else ""


def _why_not_tests(code: str, raw: Raw) -> str:
    tree = parse(code)
    if tree is None or compile_error(code):
        return "does not parse or compile"
    tests = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return "" if any(t.name.startswith("test") and raw.stub.name in ast.unparse(t) for t in tests) else "no test"


def naive_lacks(raw: Raw) -> bool:
    """Whether the naive code uses a name that neither it nor the user's module nor Python has."""
    tree = parse(first_fence(raw.answer.text))
    if tree is None:
        return True
    known = set(surroundings(decode(raw.source.data).text).names) | BUILTINS | {"pytest"}
    return bool(uses(tree.body).names - known - set().union(*map(bound_names, tree.body)))
