"""The definitions of a module in short: what a model has to know of them to use them."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_supercharger.marks import Function, definitions, dotted_name, statements
from pytest_supercharger.source import Positions, parse
from pytest_supercharger.stubs import placeholders, plain_text, signature_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pytest_supercharger.domain import SourceFile

__all__ = ["Item", "Outline"]

_INDENT = "    "
_LONG_VALUE = 600  # characters; a longer constant is a table whose content says little
_LONG_INIT = 30  # lines
_LONG_DOCSTRING = 600  # characters
_LONG_BLOCK = 12  # lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One definition, import or constant as it is shown."""

    text: str
    names: frozenset[str]  # what it defines
    line: int
    is_definition: bool = False  # a function or a class
    is_import: bool = False
    brief: str = ""  # a shorter form, "" where there is none


class Outline:
    """A parsed file and how its parts are shown."""

    def __init__(self, source: SourceFile) -> None:
        self.tree = parse(plain_text(source), name=source.relpath)
        self._positions = Positions(plain_text(source))
        self._lines = self._positions.text.split("\n")
        found = list(definitions(self.tree, source.marks.taken))
        self._markers = {item.node: item.markers for item in found}
        roots = (dotted_name(getattr(marker, "func", marker)) for item in found for marker in item.markers)
        self._marker_names = {(root or "").partition(".")[0] for root in roots}

    def items(self, *, without: Collection[ast.AST] = (), whole: Collection[ast.AST] = ()) -> list[Item]:
        """Return what the module defines, in its order.

        The definitions in `without` are left out, also inside of classes; the classes in `whole` are shown with their
        complete docstring.
        """
        return [item for item in self._items(self.tree.body, without, whole) if not item.names & self._marker_names]

    def stub(self, node: Function) -> str:
        """Return a stub with its docstring and its comments as they are in the file, moved to the left margin.

        What holds the place of the body is left out; the text ends where the body has to begin.
        """
        decorators = self._decorators(node)
        indent = self._lines[node.lineno - 1][: node.col_offset]
        text = self._dedent(self._stub_head(node), indent)
        comments = self._stub_comments(node)
        if comments and comments[0][0]:  # on the docstring's own line
            text += f"  {comments.pop(0)[1]}"
        return decorators + "\n".join([text, *(f"{_INDENT}{comment}" for _, comment in comments)]) + "\n"

    def _items(self, body: list[ast.stmt], without: Collection[ast.AST], whole: Collection[ast.AST]) -> Iterator[Item]:
        for node in body:
            if node in without or _is_noise(node):
                continue
            names, line = frozenset(_bound(node)), node.lineno
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield Item(text=self._function(node), names=names, line=line, is_definition=True)
            elif isinstance(node, ast.ClassDef):
                text = self._class(node, without, whole)
                brief = self._class(node, without, whole, brief=True)
                yield Item(text=text, names=names, line=line, is_definition=True, brief=brief)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                yield Item(text=self._source(node), names=names, line=line, is_import=True)
            elif isinstance(node, (ast.If, ast.Try, ast.With)):
                yield from self._block(node, without, whole)
            elif names:
                yield Item(text=self._value(node), names=names, line=line)
            elif node is self.tree.body[0] and (docstring := ast.get_docstring(self.tree)):
                yield Item(text=_quoted(_start(docstring)), names=names, line=line, is_import=True)

    def _block(
        self, node: ast.If | ast.Try | ast.With, without: Collection[ast.AST], whole: Collection[ast.AST]
    ) -> Iterator[Item]:
        inner = list(statements([node]))[1:]
        simple = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Pass, ast.Raise)
        size = (node.end_lineno or node.lineno) - node.lineno
        names = frozenset(name for item in inner for name in _bound(item))
        if names and size <= _LONG_BLOCK and all(isinstance(item, simple) and not _is_noise(item) for item in inner):
            imports = any(isinstance(item, (ast.Import, ast.ImportFrom)) for item in inner)
            yield Item(text=self._source(node), names=names, line=node.lineno, is_import=imports)
            return
        for name in ("body", "handlers", "orelse", "finalbody"):
            for child in getattr(node, name, ()):
                yield from self._items([child] if isinstance(child, ast.stmt) else child.body, without, whole)

    def _function(self, node: Function) -> str:
        lines = [f"{self._decorators(node)}{signature_of(self._positions, node)}:"]
        if docstring := ast.get_docstring(node):
            lines.append(_INDENT + _quoted(docstring.partition("\n")[0]))
        return "\n".join([*lines, f"{_INDENT}..."])

    def _class(
        self, node: ast.ClassDef, without: Collection[ast.AST], whole: Collection[ast.AST], *, brief: bool = False
    ) -> str:
        bare = {name: getattr(node, name) for name in node._fields}
        bare |= {"decorator_list": [], "body": [ast.Pass()]}
        header = ast.unparse(ast.fix_missing_locations(type(node)(**bare))).rpartition("\n")[0]
        parts = []
        if docstring := ast.get_docstring(node):
            parts.append(_quoted(docstring if node in whole else docstring.partition("\n")[0]))
        hidden = 0
        for child in statements(node.body):
            if child in without:
                continue
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                is_init = child.name == "__init__"
                hidden += brief and not is_init
                if is_init or not brief:
                    parts.append(self._init(child) if is_init and not brief else self._function(child))
            elif isinstance(child, ast.ClassDef):
                parts.append(self._class(child, without, whole, brief=brief))
            elif _bound(child) and not isinstance(child, (ast.Import, ast.ImportFrom)):
                parts.append(self._value(child))
        if hidden:
            parts.append(f"# {hidden} more methods of this class are not shown")
        body = "\n".join(parts or ["..."])
        return f"{self._decorators(node)}{header}\n" + _indented(body)

    def _init(self, node: Function) -> str:
        """Return `__init__` in full: it is where attributes get their names."""
        long = (node.end_lineno or node.lineno) - node.lineno > _LONG_INIT
        if long or self._markers.get(node):
            return self._function(node)
        return self._decorators(node) + self._commented(node)

    def _value(self, node: ast.stmt) -> str:
        text = self._commented(node)
        if len(self._source(node)) <= _LONG_VALUE:
            return text
        head = text.partition("=")[0].rstrip() if isinstance(node, (ast.Assign, ast.AnnAssign)) else _bound(node)[0]
        return f"{head} = ...  # a long value, not shown"

    def _commented(self, node: ast.stmt) -> str:
        """Return the source with the comment behind its last line: it often says what a value means."""
        text, end = self._source(node), self._positions.span(node)[1]
        comment = self._positions.text[end : self._positions.line_start((node.end_lineno or 0) + 1)].strip()
        return f"{text}  {comment}" if comment.startswith("#") else text

    def _decorators(self, node: Function | ast.ClassDef) -> str:
        markers = self._markers.get(node, ())
        return "".join(f"@{self._source(item)}\n" for item in node.decorator_list if item not in markers)

    def _source(self, node: ast.stmt | ast.expr) -> str:
        start, end = self._positions.span(node)
        line = self._lines[node.lineno - 1]
        return self._dedent(self._positions.text[start:end], line[: len(line) - len(line.lstrip())])

    def _dedent(self, text: str, indent: str) -> str:
        return re.sub(rf"\n{re.escape(indent)}", "\n", text) if indent else text

    def _stub_head(self, node: Function) -> str:
        """Return the text from `def` to the end of the docstring."""
        text, indent = self._positions.text, self._lines[node.lineno - 1][: node.col_offset]
        head = f"{signature_of(self._positions, node)}:"
        if ast.get_docstring(node, clean=False) is None:
            return head
        start, end = self._positions.span(node.body[0])
        if text[self._positions.line_start(node.body[0].lineno) : start].strip():  # a stub of one line
            return f"{head}\n{indent}{_INDENT}{text[start:end]}"
        return text[self._positions.span(node)[0] : end]

    def _stub_comments(self, node: Function) -> list[tuple[bool, str]]:
        """Return the comments after the docstring, and whether each stands on the docstring's line."""
        rest = placeholders(node) or ()
        has_docstring = ast.get_docstring(node, clean=False) is not None
        position = self._positions.span(node.body[0])[1] if has_docstring else self._positions.span(rest[0])[0]
        text = ""
        for statement in rest:
            start, end = self._positions.span(statement)
            text, position = text + self._positions.text[position:start], end
        last = self._comments_end(node)
        text += self._positions.text[position : self._positions.line_start(last + 1)]
        lines = [line.strip(" \t\f;") for line in text.split("\n")]
        return [(has_docstring and number == 0, line) for number, line in enumerate(lines) if line.startswith("#")]

    def _comments_end(self, node: Function) -> int:
        """Return the last line of the comments that stand below a body and are indented like it."""
        last = node.end_lineno or node.lineno
        for number, line in enumerate(self._lines[last:], last + 1):
            stripped = line.strip()
            if stripped and (not stripped.startswith("#") or len(line) - len(line.lstrip()) <= node.col_offset):
                break
            last = number if stripped else last
        return last


def _bound(node: ast.stmt) -> list[str]:
    """Return the names a statement of a module or class gives a meaning to."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    if type(node).__name__ == "TypeAlias":  # Python 3.12
        targets = [getattr(node, "name", None)]
    return [name.id for target in targets if target for name in ast.walk(target) if isinstance(name, ast.Name)]


def _is_noise(node: ast.stmt) -> bool:
    """Whether a statement is of no use to a body: the marker's import, `__future__`, `__all__`, a main block."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "__future__" or (node.module or "").partition(".")[0] == "pytest_supercharger"
    if isinstance(node, ast.Import):
        return all(alias.name.partition(".")[0] == "pytest_supercharger" for alias in node.names)
    if isinstance(node, ast.If):
        return "__name__" in {name.id for name in ast.walk(node.test) if isinstance(name, ast.Name)}
    return isinstance(node, (ast.For, ast.While)) or "__all__" in _bound(node)


def _start(docstring: str) -> str:
    return docstring if len(docstring) <= _LONG_DOCSTRING else docstring.partition("\n")[0]


def _quoted(text: str) -> str:
    if '"""' in text or "\\" in text or text.endswith('"'):
        return repr(text)
    return f'"""{text}\n"""' if "\n" in text else f'"""{text}"""'


def _indented(text: str) -> str:
    return "\n".join(_INDENT + line if line else line for line in text.split("\n"))
