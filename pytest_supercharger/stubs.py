"""Finds the stubs of a file by its AST; nothing of the user's project is imported."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass

from pytest_supercharger.domain import Marks, SourceFile, Stub, StubKind
from pytest_supercharger.errors import SourceError
from pytest_supercharger.marks import Definition, Function, definitions, options
from pytest_supercharger.occurrences import Occurrence, functions, is_overload
from pytest_supercharger.source import Positions, decode, parse

__all__ = ["find", "kind_of", "locate", "marker_decorators", "placeholders", "plain_text", "problems", "signature_of"]

_PROPERTIES = {"property", "cached_property", "abstractproperty", "setter", "getter", "deleter"}
_DESCRIPTORS = _PROPERTIES | {"classmethod", "staticmethod"}
# These are what they are without a decorator.
_IMPLICIT = {
    "__new__": StubKind.STATIC_METHOD,
    "__init_subclass__": StubKind.CLASS_METHOD,
    "__class_getitem__": StubKind.CLASS_METHOD,
}


def find(source: SourceFile) -> tuple[Stub, ...]:
    """Return the stubs of a file in its order; marked things that cannot be stubs are left to `problems`.

    Raises:
        SourceError: the file uses the marker and cannot be decoded or parsed.
    """
    return _scan(source).stubs


def problems(source: SourceFile) -> tuple[str, ...]:
    """Return one line for each marked thing that cannot be filled: where, what, and what to do.

    Raises:
        SourceError: as for `find`.
    """
    return _scan(source).problems


def locate(tree: ast.Module, stub: Stub) -> Function:
    """Return a stub's definition in a tree of its file, also after other stubs of it were filled.

    Overloads, property setters and conditional definitions share a name. The file has as many of them as when the stub
    was found, so its number and signature tell; in another file one with the marker comes first, then the nearest.

    Raises:
        SourceError: the file has no such function any more.
    """
    wanted = ast.dump(_header(parse(f"{stub.signature}: ...").body[0]))

    def strangeness(one: Occurrence) -> tuple[bool, bool, bool, bool, bool, int]:
        found, other = one.found, ast.dump(_header(one.node)) != wanted
        at_once = one.number == stub.number and not other
        distance = abs(one.node.lineno - stub.line)
        return (not at_once, not found.markers, other, not one.number, kind_of(found) is not stub.kind, distance)

    matches = [one for one in functions(tree, stub.marks.taken) if one.found.qualname == stub.qualname]
    if not matches:
        raise SourceError(f"{stub.relpath}:{stub.line}: {stub.qualname} is not there any more; run again")
    return min(matches, key=strangeness).node


def marker_decorators(tree: ast.Module, node: Function, marks: Marks) -> tuple[ast.expr, ...]:
    """Return the decorators of a definition of this tree that are the marker, under whatever name."""
    return next((found.markers for found in definitions(tree, marks.taken) if found.node is node), ())


def placeholders(node: Function) -> tuple[ast.stmt, ...] | None:
    """Return the statements after the docstring that hold the place of a body; None where it is a real body."""
    rest = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    for index, statement in enumerate(rest):
        # A bare `yield` after another placeholder makes a generator of the stub.
        if not _is_placeholder(statement) and not (index and _is_bare_yield(statement)):
            return None
    return tuple(rest)


def kind_of(found: Definition) -> StubKind:
    """Return what a definition is by its place and its decorators."""
    if not found.parents or not isinstance(found.parents[-1], ast.ClassDef):
        return StubKind.FUNCTION
    names = {_last_name(item) for item in found.node.decorator_list}
    if names & _PROPERTIES:
        return StubKind.PROPERTY
    if "classmethod" in names:
        return StubKind.CLASS_METHOD
    if "staticmethod" in names:
        return StubKind.STATIC_METHOD
    return _IMPLICIT.get(found.node.name, StubKind.METHOD)


def plain_text(source: SourceFile) -> str:
    """Return a file's text with "\\n" for every newline: what is shown to models and people."""
    return re.sub("\r\n?", "\n", decode(source.data, name=source.relpath).text)


def signature_of(positions: Positions, node: Function) -> str:
    """Return the `def` line as the text (newlines "\\n") has it, made one line, without decorators and colon."""
    header = _header(node)
    try:
        signature = _joined(positions.text[positions.span(node)[0] : positions.line_start(node.body[-1].lineno + 1)])
        again = _header(parse(f"{signature}: ...").body[0])
        same = "\n" not in signature and ast.dump(again) == ast.dump(header)
    except (SourceError, tokenize.TokenError, SyntaxError, IndexError):
        same = False
    # A lambda in the return annotation or a string over several lines: no text of one line is the original.
    return signature if same else ast.unparse(header).rpartition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scan:
    stubs: tuple[Stub, ...] = ()
    problems: tuple[str, ...] = ()


def _scan(source: SourceFile) -> _Scan:
    # Most files do not use the marker; they are not parsed, and need not be valid.
    if not source.marks.taken and not (b"supercharge" in source.data and b"pytest_supercharger" in source.data):
        return _Scan()
    text = plain_text(source)
    tree = parse(text, name=source.relpath)
    marked = [found for found in definitions(tree, source.marks.taken) if found.markers]
    numbers = {id(one.node): one.number for one in functions(tree)}
    positions = Positions(text)
    stubs: list[Stub] = []
    lines: list[str] = []
    for found in marked:
        values, wrong = options(found.markers[0])
        wrong = [*_obstacles(found), *wrong]
        if wrong or isinstance(found.node, ast.ClassDef):
            lines += [f"{source.relpath}:{found.node.lineno}: {found.qualname} {line}" for line in wrong]
        else:
            stubs.append(_stub(source, positions, found, found.node, values, numbers[id(found.node)]))
    return _Scan(stubs=tuple(stubs), problems=tuple(lines))


def _obstacles(found: Definition) -> list[str]:
    node = found.node
    if isinstance(node, ast.ClassDef):
        return ["is a class and cannot be filled; mark its methods instead"]
    if _in_function(found):
        return ["is marked but stands inside a function; move it to the module or to a class"]
    wrong = []
    if len(found.markers) > 1:
        wrong.append("carries the marker twice; remove one")
    if is_overload(node):
        wrong.append("is marked but is an overload; mark the implementation")
    below = node.decorator_list[node.decorator_list.index(found.markers[-1]) + 1 :]
    if names := [name for name in map(_last_name, below) if name in _DESCRIPTORS]:
        wrong.append(f"has the marker above @{names[0]}; put it below, directly on the function")
    if placeholders(node) is None:
        wrong.append("is marked but has a body; remove the marker or the body")
    if not ast.get_docstring(node):
        wrong.append("is marked but has no docstring; describe in one what it does")
    return wrong


def _stub(
    source: SourceFile, positions: Positions, found: Definition, node: Function, values: dict[str, object], number: int
) -> Stub:
    return Stub(
        module=source.module,
        qualname=found.qualname,
        path=source.path,
        relpath=source.relpath,
        line=node.lineno,
        kind=kind_of(found),
        is_async=isinstance(node, ast.AsyncFunctionDef),
        signature=signature_of(positions, node),
        docstring=ast.get_docstring(node) or "",
        options=values,
        number=number,
        marks=source.marks,
    )


def _in_function(found: Definition) -> bool:
    return any(not isinstance(parent, ast.ClassDef) for parent in found.parents)


def _last_name(decorator: ast.expr) -> str:
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_placeholder(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and node.value.value is ...
    if isinstance(node, ast.Raise) and node.exc is not None:
        error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return isinstance(error, ast.Name) and error.id == "NotImplementedError"
    return isinstance(node, ast.Pass)


def _is_bare_yield(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield) and node.value.value is None


def _header(node: ast.stmt) -> Function:
    """Return the definition with nothing in it, to compare or print."""
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    bare = {name: getattr(node, name) for name in node._fields}
    bare |= {"decorator_list": [], "body": [ast.Expr(ast.Constant(...))], "type_comment": None}
    return ast.fix_missing_locations(type(node)(**bare))


def _joined(text: str) -> str:
    """Join the lines of the header at the start of `text`; comments and a trailing comma go."""
    parts: list[str] = []
    lines = text.split("\n")
    depth, end = 0, (1, 0)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.NL, tokenize.COMMENT):
            continue
        if token.string == ":" and depth == 0:
            break
        depth += (token.string in "([{") - (token.string in ")]}") if token.type == tokenize.OP else 0
        if token.start[0] == end[0]:
            parts.append(lines[end[0] - 1][end[1] : token.start[1]])
        elif token.string in (")", "]", "}"):
            parts = parts[:-1] if parts[-1] == "," else parts
        elif parts[-1] not in ("(", "[", "{"):
            parts.append(" ")
        parts.append(token.string)
        end = token.end
    return "".join(parts)
