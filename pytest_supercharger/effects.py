"""The effect gate: what accepted code would do beyond computing a value, as far as its text shows.

Accepted code leaves the sandbox and enters the user's product. So its imports and effects (process, network, files,
environment, dynamic code, interpreter internals) are compared with what the user's module already uses; the rest is
named, and the caller abstains. This lowers the risk and contains nothing.

`print` is not an effect here: it harms nothing, and printing is what some functions are for.
"""

from __future__ import annotations

import ast
import textwrap
from typing import TYPE_CHECKING

from pytest_supercharger import parsing
from pytest_supercharger.declared import Uses, binds
from pytest_supercharger.effect_scan import Scan
from pytest_supercharger.purity import is_dunder
from pytest_supercharger.scopes import own, parameters

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pytest_supercharger.domain import Candidate, Stub

__all__ = ["undeclared"]

_FIRST_LINE_OF_BODY = 1


def undeclared(
    candidate: Candidate,
    module: bytes,
    *,
    allow: frozenset[str],
    stub: Stub | None = None,
    markers: Collection[str] = (),
) -> tuple[str, ...]:
    """Name each import and effect that the user's module does not use and `allow` does not name, with its line.

    `allow` holds modules, attributes of modules (`os.remove`) and builtins; `stub` makes parameter names known, so
    that one called `input` is not taken for the builtin. `markers` are what the module calls the marker where it has it
    from other modules of the project.
    """
    uses = Uses.of(module)
    named = parameters(stub) if stub else frozenset()
    found: dict[str, None] = {}
    for place, tree in _parts(candidate):
        local = own(tree) | (named if place.endswith("body") else frozenset())
        scan = Scan(uses=uses, allow=allow, local=local, modules=dict(uses.modules), bound=dict(uses.bindings))
        for part in candidate.imports:
            scan.learn(parsing.module(part))
        for thing, line in scan.effects(tree):
            found[f"{thing} ({place.replace('LINE', str(line))})"] = None
    found |= dict.fromkeys((*_hooks(candidate), *_stubs(candidate, markers)))
    return tuple(found)


def _hooks(candidate: Candidate) -> Iterator[str]:
    """Helpers stand at the top of the user's module, where Python and pytest look for some names."""
    statements = (statement for part in candidate.helpers for statement in parsing.module(part).body)
    names = (name for part in statements for name in binds(part))
    # In a conftest.py the latter decides which tests run.
    yield from (f"a helper called {name}" for name in names if is_dunder(name) or name.startswith("pytest_"))


def _stubs(candidate: Candidate, markers: Collection[str]) -> Iterator[str]:
    """A candidate that brings stubs would stop tests that it fails."""
    for place, tree in _parts(candidate):
        for node in parsing.walked(tree):
            if isinstance(node, (ast.Name, ast.Attribute)) and (name := ast.unparse(node)) in markers:
                yield f"use of {name} ({place.replace('LINE', str(node.lineno))})"


def _parts(candidate: Candidate) -> Iterator[tuple[str, ast.AST]]:
    """The parsed pieces of a candidate and how a line of each is named."""
    for part in candidate.imports:
        yield "in its imports", parsing.module(part)
    for part in candidate.helpers:
        yield "line LINE of a helper", parsing.module(part)
    # An async function parses everything a body may hold, await included.
    body = parsing.module("async def _():\n" + textwrap.indent(candidate.body, " ", lambda line: bool(line.strip())))
    ast.increment_lineno(body, -_FIRST_LINE_OF_BODY)
    yield "line LINE of the body", body
