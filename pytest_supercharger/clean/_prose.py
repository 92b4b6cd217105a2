"""Telling code from prose, line by line: what the extraction and the repair both need."""

from __future__ import annotations

import ast
import functools
import re

from pytest_supercharger.clean._names import bound_names
from pytest_supercharger.clean._syntax import FunctionNode, parse

__all__ = ["has_definition", "in_short", "looks_like_code", "only_definitions", "starts_code", "words"]

_LONGEST = 1_000  # characters

_STATEMENT = re.compile(
    r"(?:(?:async\s+)?def\s+\w+|class\s+\w+\s*[:(]|@\w[\w.]*(?:\(.*\))?\s*$|import\s+[\w.]+(?:\s+as\s+\w+)?(?:\s*,.*)?$"
    r"|from\s+[\w.]*\s+import\s+[\w*(]|(?:if|elif|while|with|for|except)\b.*:|(?:else|try|finally)\s*:"
    r"|(?:return|raise|assert|del|global|nonlocal|yield|await|pass|break|continue)\b"
    r"|[\w.\[\]'\", ()]+(?:\s*:\s*[\w.\[\], |]+)?\s*(?:[-+*/%|&^@]|//|\*\*|<<|>>)?=(?!=)|#|[)\]}])"
)
_SENTENCE = re.compile(r"[A-Za-z][\w']*,?\s+[a-z][\w']*\s+[a-z]")


def in_short(line: str) -> str:
    """Return what patterns see of a line: a run of blanks as one, and of a long line both ends."""
    # Blanks belong to several parts of a statement: a long run of them, tried as each, would take hours.
    short = " ".join(line.split())
    return short if len(short) <= _LONGEST else short[: _LONGEST // 2].rstrip() + short[-_LONGEST // 2 :]


def looks_like_code(line: str) -> bool:
    """Tell whether a line that starts in column 0 may be a line of Python."""
    stripped = line.strip()
    if not stripped:
        return False
    tree = parse(stripped)
    if tree is not None:
        # A bare word is valid Python, and the usual way a sentence of one word looks.
        return not (tree.body and all(isinstance(n, ast.Expr) and isinstance(n.value, ast.Name) for n in tree.body))
    short = in_short(stripped)
    if not _STATEMENT.match(short):
        return False
    return not (_SENTENCE.match(short) and not re.search(r"[=(:\[]", stripped))


def starts_code(line: str) -> bool:
    """Tell whether code may begin with this line."""
    return bool(_STATEMENT.match(in_short(line))) and looks_like_code(line) and not line.startswith("#")


def has_definition(code: str, name: str, *, must_parse: bool) -> bool:
    """Tell whether `code` defines a function or method called `name`."""
    defined = _defined(code)
    if defined is not None:
        return name in defined
    return not must_parse and re.search(rf"^[ \t\f]*(?:async\s+)?def\s+{re.escape(name)}\b", code, re.M) is not None


@functools.lru_cache(maxsize=16)  # each step of reading an answer asks about the same few texts
def _defined(code: str) -> frozenset[str] | None:
    """Return the names of all functions and methods in `code`, None where it does not parse."""
    tree = parse(code)
    return None if tree is None else frozenset(n.name for n in ast.walk(tree) if isinstance(n, FunctionNode))


def only_definitions(code: str) -> set[str]:
    """Return the names that `code` defines when it holds nothing but imports, definitions and constants, else none."""
    tree = parse(code)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
    if tree is None or not all(isinstance(node, kinds) for node in tree.body):
        return set()
    return set().union(*map(bound_names, tree.body))


def words(code: str) -> set[str]:
    """Return everything in `code` that could be a name."""
    return set(re.findall(r"[^\W\d]\w*", code))
