"""What a model is told about a stub and its surroundings, fitted to the room there is."""

from __future__ import annotations

import ast
import math
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_supercharger.errors import SourceError
from pytest_supercharger.marks import definitions, dotted_name, statements
from pytest_supercharger.outline import Item, Outline
from pytest_supercharger.passing_on import absolute
from pytest_supercharger.source import parse
from pytest_supercharger.stubs import locate, plain_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pytest_supercharger.domain import SourceFile, Stub

__all__ = ["Context", "describe", "imported_modules", "room", "tokens"]

_CHARACTERS_A_TOKEN = 2.5  # of source code, on the safe side
_ANSWER_TOKENS = 1024  # kept free for the template's own words and the answer
_MAX_REEXPORTS = 4  # modules a name is followed through


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A stub and what stands around it, as source text."""

    surroundings: str  # imports, constants, classes and signatures; "" when there are none
    stub: str  # decorators but for the marker, signature, docstring, comments; the body is left open
    dropped: tuple[str, ...] = ()  # names of definitions there was no room for; the surroundings say how many
    shortened: tuple[str, ...] = ()  # names of those that are shown without their body or most of their text

    @property
    def omitted(self) -> int:
        """How many definitions there was no room for."""
        return len(self.dropped)


def room(max_context_tokens: int) -> int:
    """Return how many characters of source a model of this context has room for."""
    return max(0, int((max_context_tokens - _ANSWER_TOKENS) * _CHARACTERS_A_TOKEN))


def tokens(text: str) -> int:
    """Return how many tokens a text may take; a model's own count is mostly lower."""
    return math.ceil(len(text) / _CHARACTERS_A_TOKEN)


def describe(
    stub: Stub, source: SourceFile, *, neighbours: Mapping[str, SourceFile] | None = None, max_chars: int
) -> Context:
    """Return what fits into `max_chars` characters, the most useful definitions first.

    `neighbours` maps dotted module names to other files of the project; what the stub's file imports from them is
    shown as well. Definitions are left out as a whole, and the last line then says how many.

    Raises:
        SourceError: the stub alone does not fit, or its file does not parse.
    """
    outline = Outline(source)
    node = locate(outline.tree, stub)
    own = next((found.parents for found in definitions(outline.tree) if found.node is node), ())
    text = outline.stub(node)
    items = outline.items(without=[node], whole=own)
    if neighbours:
        others = _Neighbours({name: file for name, file in neighbours.items() if name != source.module})
        items = [*others.imported(source, outline.tree), *items]
    chosen = _fitting(items, stub, {parent.name for parent in own[:1]}, max_chars - len(text))
    if chosen is None:
        raise SourceError(
            f"{stub.relpath}:{stub.line}: context too long: {stub.qualname} alone takes {len(text)} characters and the "
            f"model has room for {max(max_chars, 0)}; shorten its docstring or use a model with a longer context"
        )
    dropped = tuple(_name(item) for index, item in enumerate(items) if index not in chosen)
    shortened = tuple(_name(item) for index, item in chosen.items() if item is not items[index])
    surroundings = _joined([chosen[index] for index in sorted(chosen)], len(dropped))
    return Context(surroundings=surroundings, stub=text, dropped=dropped, shortened=shortened)


def imported_modules(source: SourceFile) -> tuple[str, ...]:
    """Return the dotted names of what a file imports, relative imports resolved; some may be no modules."""
    tree = parse(plain_text(source), name=source.relpath)
    names: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(dict.fromkeys(alias.name for alias in node.names))
        elif isinstance(node, ast.ImportFrom):
            module = absolute(source, node)
            names.update(dict.fromkeys([module, *(f"{module}.{alias.name}" for alias in node.names)]))
    return tuple(names)


def _name(item: Item) -> str:
    return ", ".join(sorted(item.names)) or item.text.partition("\n")[0]


def _fitting(items: Sequence[Item], stub: Stub, own: Collection[str], room: int) -> dict[int, Item] | None:
    """Return the items to show, by their place; None where not even that some are left out can be said."""
    if len(_joined(items, 0)) <= room:
        return dict(enumerate(items))
    room -= len(_note(len(items)))
    chosen: dict[int, Item] = {}
    for index in _ranked(items, stub, own):
        for item in (items[index], replace(items[index], text=items[index].brief)):
            if item.text and len(item.text) + 2 <= room:
                chosen[index] = item
                room -= len(item.text) + 2
                break
    return chosen if room >= 0 else None


def _ranked(items: Sequence[Item], stub: Stub, own: Collection[str]) -> list[int]:
    """Return indexes, the most useful first: the own class, what the stub names, what those name, and the rest."""
    uses = stub.options.get("uses")
    named = _words(f"{stub.signature} {stub.docstring} {uses if isinstance(uses, tuple) else ''}")
    first = [item for item in items if item.names & named or item.names & set(own)]
    second = _words(" ".join(item.text for item in first))

    def rank(index: int) -> tuple[int, int]:
        item = items[index]
        tiers = (
            bool(item.names & set(own)),
            bool(item.names & named),
            bool(item.names & second),
            item.is_import,
            not item.is_definition,
            True,
        )
        return tiers.index(True), abs(item.line - stub.line)

    return sorted(range(len(items)), key=rank)


def _joined(items: Sequence[Item], omitted: int) -> str:
    """Join the items as a module has them: definitions apart, imports and constants together."""
    parts: list[str] = []
    for before, item in zip([None, *items], items, strict=False):
        if before is not None:
            apart = item.is_definition or before.is_definition or item.is_import != before.is_import
            parts.append("\n\n" if apart else "\n")
        parts.append(item.text)
    if omitted:
        parts.append(f"\n\n{_note(omitted)}" if items else _note(omitted))
    return "".join(parts)


def _note(omitted: int) -> str:
    return f"# {omitted} more definitions of this module are not shown\n"


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d]\w*", text))


class _Neighbours:
    """What other files of the project define; one that does not parse has nothing to show."""

    def __init__(self, files: Mapping[str, SourceFile]) -> None:
        self._files = files
        self._trees: dict[str, ast.Module] = {}
        self._items: dict[str, list[Item]] = {}
        for module, file in files.items():
            with suppress(SourceError):
                outline = Outline(file)
                self._trees[module], self._items[module] = outline.tree, outline.items()

    def imported(self, source: SourceFile, tree: ast.Module) -> Iterator[Item]:
        """Yield the definitions of the names that a file imports."""
        for node in statements(tree.body):
            if isinstance(node, ast.ImportFrom):
                module = absolute(source, node)
                for alias in node.names:
                    bound = alias.asname or alias.name
                    if f"{module}.{alias.name}" in self._items:
                        yield from self._attributes(tree, bound, f"{module}.{alias.name}")
                    else:
                        yield from self._defined(alias.name, bound, module)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    yield from self._attributes(tree, alias.asname or alias.name, alias.name)

    def _attributes(self, tree: ast.Module, bound: str, module: str) -> Iterator[Item]:
        """Yield the definitions of a module that a file uses as `bound.NAME`."""
        attributes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
        for name in dict.fromkeys(node.attr for node in attributes if dotted_name(node.value) == bound):
            yield from self._defined(name, name, module)

    def _defined(self, name: str, bound: str, module: str, hops: int = _MAX_REEXPORTS) -> Iterator[Item]:
        """Yield the definition of a name in a module, followed through packages that pass it on."""
        if module not in self._items or not hops:
            return
        for item in self._items[module]:
            if name in item.names and not item.is_import:
                text, brief = (f"# from {module}:\n{form}" if form else "" for form in (item.text, item.brief))
                yield replace(item, text=text, brief=brief, names=item.names | {bound}, is_definition=True)
                return
        for node in statements(self._trees[module].body):
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if name == (alias.asname or alias.name):
                        origin = absolute(self._files[module], node)
                        yield from self._defined(alias.name, bound, origin, hops - 1)
                        return
