"""Turns functions of a file into stubs and compares files around their bodies; bytes in, bytes out."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from pytest_supercharger import marks, stubs

__all__ = ["Found", "described", "differs_outside", "functions", "instrumented", "marked"]

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_HEADER = re.compile(rb":\s*(?:#.*)?$")
_IMPORT = b"from pytest_supercharger import supercharge"
_MARKER = b"@supercharge"
_RECORD = b'@__import__("touring_recorder").record'
_MADE = b'@__import__("touring_recorder").made'


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A function with a body of its own."""

    qualname: str
    node: marks.Function
    kind: str  # what it is, in a word or two
    is_generator: bool
    documented: bool = True
    first: int = 0  # line of the body, after the docstring

    @property
    def body_lines(self) -> tuple[int, int]:
        """First and last line after the docstring."""
        return self.first, self.node.end_lineno or 0


def functions(data: bytes) -> list[Found]:
    """The functions of a file that can be stubs: a body on lines of its own, a name that is theirs alone."""
    lines = _LINE.findall(data)
    definitions = [found for found in marks.definitions(ast.parse(data)) if _is_plain(found)]
    names = [found.qualname for found in definitions]
    result = []
    for found in definitions:
        node = found.node
        if isinstance(node, ast.ClassDef) or names.count(found.qualname) > 1 or not (first := _body(node, lines)):
            continue
        yields = any(isinstance(part, (ast.Yield, ast.YieldFrom)) for part in _own(node))
        kind, documented = _kind(found, yields), bool(ast.get_docstring(node))
        one = Found(
            qualname=found.qualname, node=node, kind=kind, is_generator=yields, documented=documented, first=first
        )
        result.append(one)
    return result


def marked(data: bytes, chosen: Mapping[str, str]) -> bytes:
    """The file with these functions (qualname -> placeholder) as stubs."""
    if not chosen:
        return data
    edits = []
    for found in functions(data):
        if found.qualname in chosen:
            edits += [(found.node.lineno, found.node.lineno - 1, [_MARKER])]
            edits += [(*found.body_lines, chosen[found.qualname].encode().split(b"\n"))]
    return _edited(data, edits, [_IMPORT])


def described(data: bytes, names: Collection[str]) -> bytes:
    """The file with a docstring for those of these functions that have none: a stub needs one."""
    lines = _LINE.findall(data)
    end = b"\r\n" if lines and lines[0].endswith(b"\r\n") else b"\n"
    bare = [found for found in functions(data) if found.qualname in names and not found.documented]
    for found in sorted(bare, key=lambda one: one.first, reverse=True):
        text = f'"""Do what the tests of {found.qualname} say."""'.encode()
        lines.insert(found.first - 1, _indent(lines, found.first) + text + end)
    return b"".join(lines)


def instrumented(data: bytes, *, everything: bool = False) -> bytes:
    """The file with a decorator that records calls where the marker would stand, and one above each class.

    Functions without a docstring are recorded if `everything` is.
    """
    edits = [(f.node.lineno, f.node.lineno - 1, [_RECORD]) for f in functions(data) if f.documented or everything]
    for found in marks.definitions(ast.parse(data)):
        if isinstance(found.node, ast.ClassDef) and _is_plain(found):
            line = min([found.node.lineno, *(item.lineno for item in found.node.decorator_list)])
            edits.append((line, line - 1, [_MADE]))
    return _edited(data, edits, [])


def differs_outside(before: bytes, after: bytes, filled: Collection[str]) -> bool:
    """Whether two versions of a file differ in anything but the bodies of these functions."""
    return _without_bodies(before, filled) != _without_bodies(after, filled)


def _without_bodies(data: bytes, names: Collection[str]) -> bytes:
    bodies = [(*found.body_lines, []) for found in functions(data) if found.qualname in names]
    return _edited(data, bodies, [])


def _edited(data: bytes, edits: list[tuple[int, int, list[bytes]]], imports: list[bytes]) -> bytes:
    """Lines `first` to `last` become others, which are indented like `first`."""
    lines = _LINE.findall(data)
    end = b"\r\n" if lines and lines[0].endswith(b"\r\n") else b"\n"
    for first, last, new in sorted(edits, key=lambda edit: edit[:2], reverse=True):
        indent = _indent(lines, first)
        lines[first - 1 : last] = [(indent + line if line else line) + end for line in new]
    at = _import_line(data) if imports else 0
    lines[at:at] = [line + end for line in imports]
    return b"".join(lines)


def _indent(lines: list[bytes], first: int) -> bytes:
    line = next((line for line in lines[first - 1 :] if line.strip() and not line.lstrip().startswith(b"#")), b"")
    return line[: len(line) - len(line.lstrip(b" \t"))]


def _import_line(data: bytes) -> int:
    """After how many lines an import may stand: behind the docstring and what is from the future."""
    body = ast.parse(data).body
    front = [node for node in body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    if ast.get_docstring(ast.Module(body=body, type_ignores=[]), clean=False) is not None:
        front.append(body[0])  # type: ignore[arg-type]
    if front:
        return max(node.end_lineno or 0 for node in front)
    first = body[0]
    return min([first.lineno, *(item.lineno for item in getattr(first, "decorator_list", ()))]) - 1


def _is_plain(found: marks.Definition) -> bool:
    return all(isinstance(parent, ast.ClassDef) for parent in found.parents)


def _body(node: marks.Function, lines: list[bytes]) -> int:
    """The line on which the body begins, after the docstring; 0 where it has none of its own."""
    if stubs.placeholders(node) is not None:
        return 0
    if ast.get_docstring(node):
        end, rest = node.body[0].end_lineno or 0, node.body[1:]
        return end + 1 if rest and rest[0].lineno > end and node.lineno < node.body[0].lineno else 0
    parts = [node, *ast.walk(node.args), *([node.returns] if node.returns else [])]
    start = max(getattr(part, "end_lineno" if part is not node else "lineno", 0) or 0 for part in parts)
    below = [number for number in range(start, node.body[0].lineno) if _HEADER.search(lines[number - 1].rstrip())]
    return below[0] + 1 if below else 0


def _own(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            yield child
            yield from _own(child)


def _kind(found: marks.Definition, yields: bool) -> str:
    words = ["async"] if isinstance(found.node, ast.AsyncFunctionDef) else []
    if any("contextmanager" in ast.dump(item) for item in found.node.decorator_list):
        return " ".join([*words, "context manager"])
    words += ["generator"] if yields else []
    name = found.node.name
    words.append("dunder" if name.startswith("__") and name.endswith("__") else stubs.kind_of(found).value)
    return " ".join(words)
