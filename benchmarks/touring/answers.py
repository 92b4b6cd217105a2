"""Replayed answers: the original body said in several ways, and tests from calls that were recorded."""

from __future__ import annotations

import ast
import copy
import itertools
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from touring.marking import Found

__all__ = ["codes", "lines", "tests"]

_CHECKS = 2  # calls that one test looks at
_MOST_TESTS = 12
_MOST_CODES = 12


def lines(stub_id: str, data: bytes, found: Found, calls: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The lines of a replay file for one stub."""
    answers = [("code", text) for text in codes(data, found)]
    answers += [(kind, text) for kind in ("test", "improve_test") for text in tests(calls, found.qualname)]
    return [{"kind": kind, "stub": stub_id, "text": f"```python\n{text}```\n"} for kind, text in answers]


def codes(data: bytes, found: Found) -> list[str]:
    """The function as its author wrote it, then the same in other words."""
    plain = copy.deepcopy(found.node)
    plain.decorator_list = []
    texts = [_as_written(data, plain) or ast.unparse(plain) + "\n"]
    changes = (_renamed, _returns_named, _turned_round, _returns_at_end)
    for count in range(1, len(changes) + 1):
        for several in itertools.combinations(changes, count):
            changed: Any = copy.deepcopy(plain)
            for change in several:
                changed = changed and change(changed)
            if changed:
                texts.append(ast.unparse(ast.fix_missing_locations(changed)) + "\n")
    return texts[:_MOST_CODES]


def tests(calls: Sequence[Mapping[str, Any]], qualname: str) -> list[str]:
    """Short test functions, each of a few calls and what came of them; exceptions last."""
    ordered = sorted(calls, key=lambda call: call["form"] == "raises")
    groups = [ordered[at : at + _CHECKS] for at in range(0, len(ordered), _CHECKS)]
    name = qualname.rpartition(".")[2].strip("_")
    return [_test(f"test_{name}_{number}", group) for number, group in enumerate(groups[:_MOST_TESTS])]


def _as_written(data: bytes, node: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    """The very text of the function, where taking its margin off changes nothing."""
    whole = data.decode(_encoding(data)).splitlines(keepends=True)
    text = textwrap.dedent("".join(whole[node.lineno - 1 : node.end_lineno]))
    text = text.replace("\r\n", "\n")
    try:
        again = ast.parse(text).body
    except (SyntaxError, ValueError):
        return None
    return text.rstrip("\n") + "\n" if len(again) == 1 and ast.dump(again[0]) == ast.dump(node) else None


def _encoding(data: bytes) -> str:
    import io
    import tokenize

    return tokenize.detect_encoding(io.BytesIO(data).readline)[0]


def _returns_named(node: Any) -> Any:
    """`return f(x)` as `result = f(x)` and `return result`; None where nothing is returned."""
    used = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} | {a.arg for a in _arguments(node)}
    name = next(name for name in ("result", "answer", "outcome", "found_") if name not in used)
    changer = _Naming(name)
    changed = changer.visit_top(node)
    return changed if changer.changed else None


def _returns_at_end(node: Any) -> Any:
    """With a bare `return` at the end, where the end can be reached."""
    if isinstance(node.body[-1], (ast.Return, ast.Raise)):
        return None
    node.body.append(ast.Return())
    return node


def _turned_round(node: Any) -> Any:
    """`if a: b` `else: c` as `if not a: c` `else: b`, and `x is not y` as `not x is y`."""
    changer = _Turning()
    changed = changer.visit(node)
    return changed if changer.changed else None


def _renamed(node: Any) -> Any:
    """With other names for local variables, where nothing but the body itself sees them."""
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.Global, ast.Nonlocal)
    parts = [part for statement in node.body for part in ast.walk(statement)]
    names = [part for part in parts if isinstance(part, ast.Name)]
    if any(isinstance(part, inner) for part in parts) or any(name.id in ("locals", "vars", "eval") for name in names):
        return None
    own = {name.id for name in names if isinstance(name.ctx, ast.Store)} - {a.arg for a in _arguments(node)}
    own -= {part.id for default in node.args.defaults for part in ast.walk(default) if isinstance(part, ast.Name)}
    for name in names:
        if name.id in own:
            name.id += "_"
    return node if own else None


def _arguments(node: Any) -> Iterator[ast.arg]:
    return (part for part in ast.walk(node.args) if isinstance(part, ast.arg))


class _Naming(ast.NodeTransformer):
    def __init__(self, name: str) -> None:
        self.name = name
        self.changed = False

    def visit_top(self, node: Any) -> Any:
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: Any) -> Any:
        return node

    visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = visit_FunctionDef

    def visit_Return(self, node: ast.Return) -> Any:
        if node.value is None or isinstance(node.value, ast.Name):
            return node
        self.changed = True
        first = ast.Assign([ast.Name(self.name, ast.Store())], node.value)
        return [first, ast.Return(ast.Name(self.name, ast.Load()))]


class _Turning(ast.NodeTransformer):
    changed = False

    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        if node.orelse and not isinstance(node.orelse[0], ast.If):
            self.changed = True
            return ast.If(ast.UnaryOp(ast.Not(), node.test), node.orelse, node.body)
        return node

    def visit_Compare(self, node: ast.Compare) -> Any:
        self.generic_visit(node)
        other = {ast.IsNot: ast.Is, ast.NotIn: ast.In}.get(type(node.ops[0]))
        if other is None or len(node.ops) > 1:
            return node
        self.changed = True
        return ast.UnaryOp(ast.Not(), ast.Compare(node.left, [other()], node.comparators))


def _test(name: str, group: Sequence[Mapping[str, Any]]) -> str:
    imports = sorted({line for call in group for line in (*call["imports"], *call["result_imports"])})
    helpers = list(dict.fromkeys(helper for call in group for helper in call["helpers"]))
    if any(call["form"] == "raises" for call in group):
        imports.insert(0, "import pytest")
    if any(call["form"] == "first" for call in group):
        imports.insert(0, "from itertools import islice")
    body = [line for call in group for line in _checks(call)]
    return "\n".join([*imports, "", *helpers, f"def {name}():", *("    " + line for line in body)]) + "\n"


def _checks(call: Mapping[str, Any]) -> Iterator[str]:
    text, result = call["call"], call["result"]
    if call["subject"] is not None:
        yield f"subject = {call['subject']}"
    if call["form"] == "raises":
        yield from (f"with pytest.raises({result}):", f"    {text}")
        return
    shapes = {"value": "{}", "list": "list({})", "first": "list(islice({}, 10))"}
    got = shapes[call["form"]].format(text)
    got = f"repr({got})" if call.get("as_repr") else got
    if result == "None" and "after" in call:
        yield text
    else:
        yield f"assert {got} {'is' if result in ('None', 'True', 'False') else '=='} {result}"
    if "after" in call:
        yield f"assert subject == {call['after']}"
