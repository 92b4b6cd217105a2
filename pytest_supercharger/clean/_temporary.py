"""Which files a test touches: those below its temporary folder are its own."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_supercharger.clean._syntax import FunctionNode
from pytest_supercharger.dotted import chain
from pytest_supercharger.parsing import walked
from pytest_supercharger.purity import PATH_WRITES
from pytest_supercharger.text_effects import bound_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Temporary"]

_FIXTURES = frozenset({"tmp_path", "tmp_path_factory", "tmpdir", "tmpdir_factory"})
_MOVES = frozenset({"rename", "symlink_to", "hardlink_to", "link_to"})
_UPWARDS = frozenset({"parent", "parents", "anchor", "root", "home", "cwd", "getcwd", "relative_to", "walk_up"})
_PATH_METHODS = PATH_WRITES | {"read_text", "read_bytes", "iterdir", "glob", "rglob"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Temporary:
    """The names of a test that lead to its temporary folder, and those of other paths."""

    bound: Mapping[str, str]  # name -> what was imported under it
    names: frozenset[str]
    paths: frozenset[str]
    climbs: bool  # some text of the test would lead out of a folder

    @classmethod
    def of(cls, tree: ast.Module, bound: Mapping[str, str]) -> Temporary:
        """Follow both through assignments, `with`, loops and fixtures."""
        made = {name for name, meant in bound.items() if meant.partition(".")[0] == "tempfile"}
        names = _follow(tree, {*_FIXTURES, *made})
        texts = [n.value for n in walked(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        climbs = any(text.startswith(("/", "~")) or ".." in text for text in texts)
        above = {name for value, target in _handed(tree) if _goes_up(value) for name in _names(target)}
        paths = _follow(tree, _paths(bound) | above)
        return cls(bound=bound, names=names - above, paths=paths, climbs=climbs)

    def touched(self, node: ast.Call, file_calls: frozenset[str]) -> str:
        """What a call reads or writes files with that are not temporary; "" where it does not."""
        name = chain(node.func, self.bound) or (node.func.id if isinstance(node.func, ast.Name) else "")
        if name in file_calls or name in {"open", "io.open"}:
            given = [*node.args, *(k.value for k in node.keywords if k.arg in {"file", "path", "dst", "src"})]
            places = given[:1] if name.endswith("open") else given
            return "" if places and all(map(self._is_own, places)) else name
        if name.startswith("tempfile."):
            return name if any(k.arg == "dir" and not self._is_own(k.value) for k in node.keywords) else ""
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if method in _PATH_METHODS and isinstance(node.func, ast.Attribute) and not name.startswith("os."):
            owner = node.func.value
            strays = _mentions(owner, self.paths) or (_mentions(owner, self.names) and self._leaves(owner))
            if strays and not self._is_own(owner) and not _makes_room(method, owner):
                return method
        moves = method in _MOVES or (method == "replace" and len(node.args) == 1 and not node.keywords)
        from_here = isinstance(node.func, ast.Attribute) and self._is_own(node.func.value)
        return method if moves and from_here and not all(map(self._is_own, node.args)) else ""

    def _is_own(self, place: ast.expr) -> bool:
        """Whether a path begins in the temporary folder and does not leave it."""
        if isinstance(place, ast.Constant) and not isinstance(place.value, (str, bytes)):
            return True  # a mode, a flag
        choice = any(isinstance(n, (ast.IfExp, ast.BoolOp, ast.Lambda)) for n in walked(place))
        return _mentions(place, self.names) and not self._leaves(place) and not choice

    def _leaves(self, place: ast.expr) -> bool:
        """Whether a path may lead out of the folder it begins in: upwards, or by a part that is no literal."""
        texts = [n.value for n in walked(place) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        absolute = any(text.startswith("/") and not isinstance(place, ast.JoinedStr) for text in texts)
        if _goes_up(place) or absolute or any(text.startswith("~") or ".." in text for text in texts):
            return True
        parts = _names(place) - self.names - self.bound.keys()
        return bool(parts & self.paths) or (self.climbs and not parts <= {"str", "open"})


def _makes_room(method: str, owner: ast.expr) -> bool:
    """`path.parent.mkdir()`: it makes what is missing, and is what people write before they write a file."""
    return method == "mkdir" and isinstance(owner, ast.Attribute) and owner.attr == "parent"


def _paths(bound: Mapping[str, str]) -> set[str]:
    return {name for name, meant in bound.items() if meant.partition(".")[0] == "pathlib"}


def _mentions(node: ast.AST, names: frozenset[str] | set[str]) -> bool:
    return not _names(node).isdisjoint(names)


def _names(node: ast.AST) -> set[str]:
    return {n.id for n in walked(node) if isinstance(n, ast.Name)}


def _follow(tree: ast.Module, start: set[str]) -> frozenset[str]:
    names = set(start)
    # Where `up = tmp_path.parents[2]`, the new name leads elsewhere.
    passed = [(_names(value), _names(target)) for value, target in _handed(tree) if not _goes_up(value)]
    for _ in range(3):  # names pass it on; longer chains are rare
        for given, taken in passed:
            if given & names:
                names |= taken
        # A fixture that is given the folder hands on what lies in it.
        for node in tree.body:
            if isinstance(node, FunctionNode) and names & {a.arg for a in node.args.args} and node.decorator_list:
                names |= set() if node.name.startswith("test") else {node.name}
    return frozenset(names)


def _handed(tree: ast.Module) -> Iterator[tuple[ast.expr, ast.AST]]:
    yield from bound_to(tree)
    yield from _opened(tree)


def _goes_up(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Attribute) and n.attr in _UPWARDS for n in walked(node))


def _opened(tree: ast.Module) -> Iterator[tuple[ast.expr, ast.AST]]:
    for node in walked(tree):
        if isinstance(node, (ast.With, ast.AsyncWith)):
            yield from ((i.context_expr, i.optional_vars) for i in node.items if i.optional_vars is not None)
