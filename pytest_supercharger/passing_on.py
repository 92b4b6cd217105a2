"""Which modules of a project pass the marker on, and under which names other modules of it get it from them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_supercharger import source
from pytest_supercharger.domain import Marks
from pytest_supercharger.errors import SourceError
from pytest_supercharger.marks import MARKERS, dotted_name, statements

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from pytest_supercharger.domain import SourceFile

__all__ = ["Passing", "absolute"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Module:
    """A file, and what its module level binds."""

    file: SourceFile
    pairs: tuple[tuple[str, str], ...]  # dotted thing, local name; "module.*" and "*" for all of a module
    exported: frozenset[str] | None  # its __all__; None where it says nothing


class Passing:
    """Follows the marker from module to module; files are added as they turn out to matter."""

    def __init__(self, files: Iterable[SourceFile]) -> None:
        self._modules: dict[str, _Module] = {}
        self._known = MARKERS  # dotted things that are the marker
        self.add(files)

    def add(self, files: Iterable[SourceFile]) -> None:
        """Take these files into account."""
        self._modules |= {file.relpath: _read(file) for file in files}
        before: frozenset[str] = frozenset()
        while before != self._known:
            before = self._known
            for module in self._modules.values():
                # Simple names only: modules that import each other would make ever longer ones.
                names = {name for name in self._names(module, before) if "." not in name}
                self._known |= {f"{module.file.module}.{name}" for name in names}

    def words(self) -> frozenset[tuple[bytes, bytes]]:
        """What stands in a file that gets the marker under a name which does not say so: a module's name, and that."""
        # `from . import name` does not name the package.
        packages = {one.file.module for one in self._modules.values() if one.file.path.name == "__init__.py"}
        pairs = [thing.rpartition(".") for thing in self._known - MARKERS]
        other = [(module, name) for module, _, name in pairs if "supercharge" not in name]
        last = [("import" if module in packages else module.rpartition(".")[2], name) for module, name in other]
        return frozenset((module.encode(), name.encode()) for module, name in last)

    def marks(self, file: SourceFile) -> Marks:
        """How one of the files gets the marker, and what it passes on."""
        module = self._modules[file.relpath]
        names = frozenset(self._names(module, self._known))
        direct = frozenset(self._names(module, MARKERS))
        others = [other for other in self._modules.values() if other is not module]
        lent = {name for name in names if "." not in name and any(_takes(other, file.module, name) for other in others)}
        return Marks(taken=names - direct, lent=frozenset(lent))

    def _names(self, module: _Module, known: Collection[str]) -> Iterator[str]:
        """The names of a module, dotted where they lead through another one, that are one of these things."""
        for thing, name in module.pairs:
            if thing in known:
                yield name
            prefix = thing.removesuffix("*") if name == "*" else f"{thing}."
            for marker in known:
                rest = marker.removeprefix(prefix)
                if rest != marker and name != "*":
                    yield f"{name}.{rest}"
                elif rest != marker and "." not in rest and self._is_exported(prefix[:-1], rest):
                    yield rest

    def _is_exported(self, module: str, name: str) -> bool:
        """Whether `import *` brings a name of a module."""
        owners = [one for one in self._modules.values() if one.file.module == module]
        return all(name in one.exported if one.exported is not None else name[:1] != "_" for one in owners)


def _takes(other: _Module, module: str, name: str) -> bool:
    """Whether a module gets a name of another one, by an import or, as far as its text says so, through it."""
    things = dict(other.pairs)
    if things.keys() & {f"{module}.{name}", f"{module}.*"}:
        return True
    return module in things and f"{things[module]}.{name}".encode() in other.file.data


def _read(file: SourceFile) -> _Module:
    """A file that does not parse passes nothing on; what is wrong with it is said where its stubs are looked for."""
    try:
        tree = source.parse(source.decode(file.data, name=file.relpath).text, name=file.relpath)
    except SourceError:
        return _Module(file=file, pairs=(), exported=None)
    body = [*statements(tree.body)]
    exported = [_strings(node.value) for node in body if isinstance(node, ast.Assign) and _targets(node) == ["__all__"]]
    known = exported[0] if len(exported) == 1 else None
    return _Module(file=file, pairs=tuple(pair for node in body for pair in _pairs(file, node)), exported=known)


def _pairs(file: SourceFile, node: ast.stmt) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.ImportFrom):
        module = absolute(file, node)
        yield from ((f"{module}.{alias.name}", alias.asname or alias.name) for alias in node.names)
    elif isinstance(node, ast.Import):
        # `import a.b` makes `a.b.x` usable as it is written.
        yield from ((alias.name, alias.asname or alias.name) for alias in node.names)
    elif isinstance(node, ast.Assign) and (name := dotted_name(node.value)):
        # Another name for what the module has already.
        yield from ((f"{file.module}.{name}", target) for target in _targets(node))


def _targets(node: ast.Assign) -> list[str]:
    return [target.id for target in node.targets if isinstance(target, ast.Name)]


def _strings(node: ast.expr) -> frozenset[str] | None:
    if not isinstance(node, ast.List | ast.Tuple):
        return None
    texts = [item.value for item in node.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return frozenset(texts) if len(texts) == len(node.elts) else None


def absolute(source: SourceFile, node: ast.ImportFrom) -> str:
    """Return the module of a `from` import, a relative one resolved against the file's own name."""
    if not node.level:
        return node.module or ""
    package = source.module.split(".")
    up = node.level - (source.path.name == "__init__.py")
    base = package[: len(package) - up] if up else package
    return ".".join([*base, node.module] if node.module else base)
