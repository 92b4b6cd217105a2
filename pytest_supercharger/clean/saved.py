"""Generated tests as a file that people read: one import block, names that say what is tested, a line of provenance.

What is saved leaves the sandbox, and anybody may have changed the record that it comes from. So every test passes the
gate of generated tests once more, and then that of `_saved_grammar`, which lists what a saved test may be made of. Each
becomes one function that needs nothing beside it, so that it means in the file what it meant alone.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_supercharger.clean._alone import alone
from pytest_supercharger.clean._names import imported
from pytest_supercharger.clean._outside import outside
from pytest_supercharger.clean._saved_grammar import unfit
from pytest_supercharger.clean._saved_module import Given
from pytest_supercharger.clean._stdlib import is_stdlib
from pytest_supercharger.clean._surroundings import surroundings
from pytest_supercharger.clean._syntax import FunctionNode, parse, unparse
from pytest_supercharger.clean._testfile import network, refusal, why_not_case
from pytest_supercharger.clean.layout import Style, format_helper
from pytest_supercharger.parsing import walked

if TYPE_CHECKING:
    from pytest_supercharger.declared import Uses
    from pytest_supercharger.domain import Stub

__all__ = ["Test", "file_name", "is_ours", "read", "render"]

_SAYS = "# Written by pytest --supercharge-save-tests: generated tests of {} that earned their vote ({})."
_FIRST = re.compile(re.escape(_SAYS).replace(r"\{\}", "([^ ]+)"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One generated test, taken apart."""

    __test__ = False  # whatever pytest makes of its name

    qualname: str  # of the function under test
    function: FunctionNode
    imports: Mapping[str, str] = field(default_factory=dict)  # bound name -> statement


def read(stub: Stub, name: str, source: str, module_text: str, allow: frozenset[str]) -> Test | str:
    """Take a test module apart, or say why it is not for saving.

    `module_text` is the user's module with the accepted bodies in it; `allow` is for that, and opens nothing to a test.
    """
    try:
        return _read(stub, name, source, module_text, allow)
    except RecursionError:
        return "it is nested too deeply"


def _read(stub: Stub, name: str, source: str, module_text: str, allow: frozenset[str]) -> Test | str:
    tree = parse(source)
    if tree is None:
        return "it does not parse"
    if not all(part.isidentifier() for part in stub.qualname.split(".")):
        return "its record names no function"
    found = [node for node in tree.body if isinstance(node, FunctionNode) and node.name == name]
    if len(found) != 1:
        return f"it has no function {name}"
    around = surroundings(module_text)
    why = _why_not(tree, found[0], around.uses, stub)
    if why:
        return why
    made = alone(tree, found[0])
    if isinstance(made, str):
        return made
    given = Given(module=stub.module, tree=around.tree, allow=allow)
    why = unfit(made, given) or _misses(made, stub, given)
    if why:
        return why
    *others, function = made.body
    assert isinstance(function, FunctionNode), "the grammar has looked"
    return Test(
        qualname=stub.qualname,
        function=function,
        imports={bound: text for node in others for bound, text in imported(node)},
    )


def _why_not(tree: ast.Module, function: FunctionNode, uses: Uses, stub: Stub) -> str:
    """What the gate of generated tests says, which names things as people know them."""
    refused = refusal(tree, stub) or why_not_case(function, stub, set())
    online = network(tree)
    if refused is not None:
        return f"{refused.reason}: {refused.detail}"
    return f"it imports {online}" if online else outside(tree, uses, stub, frozenset())


def _misses(tree: ast.Module, stub: Stub, given: Given) -> str:
    """What the function under test, and all that is called beside it, does that a saved test may not choose."""
    taken = {
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == stub.module
        for alias in node.names
    }
    if stub.root_name not in taken:
        return f"it does not use {stub.root_name}"
    effect = given.effect(taken, {node.attr for node in walked(tree) if isinstance(node, ast.Attribute)})
    return f"what it calls is more than a computation: {effect}" if effect else ""


def render(module: str, tests: Sequence[Test], style: Style) -> tuple[str, dict[str, Test]]:
    """The file for the tests of a module, and its test functions by name.

    A test that means something else by a name than one before it is left out.
    """
    bound: dict[str, str] = {}
    named: dict[str, Test] = {}
    seen: set[str] = set()
    # Not in the order in which they came: that may differ from run to run.
    for text, test in sorted(((unparse(_called(t.function, "test")), t) for t in tests), key=_place):
        if text in seen or any(bound.get(name, need) != need for name, need in test.imports.items()):
            continue
        seen.add(text)
        bound |= test.imports
        named[_name(test, named)] = test
    parts = [format_helper(unparse(_called(test.function, name)), style) for name, test in named.items()]
    body = "\n\n".join([_imports(module, bound), *(f"\n{part}".rstrip() for part in parts)]) + "\n"
    return f"{_provenance(module, body)}\n\n{body}", named


def file_name(module: str) -> str:
    """The name of the file for the tests of a module."""
    return f"test_{module.replace('.', '_')}_saved.py"


def is_ours(text: str, module: str) -> bool:
    """Whether this is what `render` made for this module, and nobody has changed it."""
    first, _, rest = text.replace("\r\n", "\n").partition("\n\n")
    found = _FIRST.fullmatch(first)
    return found is not None and found[1] == module and found[2] == _digest(rest)


def _provenance(module: str, body: str) -> str:
    return _SAYS.format(module, _digest(body))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _name(test: Test, taken: Mapping[str, Test]) -> str:
    stem = re.sub(r"\W+", "_", test.qualname.lower()).strip("_")
    number = sum(other.qualname == test.qualname for other in taken.values()) + 1
    return f"test_{stem}_{number}"


def _place(pair: tuple[str, Test]) -> tuple[str, str]:
    return pair[1].qualname.lower(), pair[0]


def _called(node: FunctionNode, name: str) -> FunctionNode:
    fields = {key: getattr(node, key) for key in node._fields} | {"name": name}
    return ast.copy_location(type(node)(**fields), node)


def _imports(module: str, bound: Mapping[str, str]) -> str:
    """The import block: the standard library, what is installed, the module under test; one statement a module."""
    own = module.partition(".")[0]
    blocks: list[list[str]] = [[], [], []]
    from_: dict[str, list[str]] = {}
    for text in sorted(set(bound.values())):
        kind, origin, *rest = text.split(maxsplit=3)
        block = blocks[0 if is_stdlib(origin) else 2 if origin.partition(".")[0] == own else 1]
        if kind == "import":
            block.append(text)
            continue
        if origin not in from_:
            from_[origin] = []
            block.append(f"from {origin}")
        from_[origin].append(rest[1])
    lines = [[_statement(text, from_) for text in _sorted(block)] for block in blocks if block]
    return "\n\n".join("\n".join(block) for block in lines)


def _sorted(block: list[str]) -> list[str]:
    return sorted(block, key=lambda text: (text.startswith("from"), text))


def _statement(text: str, from_: Mapping[str, list[str]]) -> str:
    if text.startswith("import"):
        return text
    names = sorted(set(from_[text.removeprefix("from ")]))
    line = f"{text} import {', '.join(names)}"
    return line if len(line) <= 79 else "\n".join([f"{text} import (", *(f"    {name}," for name in names), ")"])
