"""Which of several definitions of one name runs here: only that one can be tested."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from pytest_supercharger import parsing
from pytest_supercharger.domain import OutputKind, Probe, SourceFile, Stub
from pytest_supercharger.occurrences import Occurrence, first_line, functions, is_accessor
from pytest_supercharger.sandbox.base import Sandbox

__all__ = ["Place", "doubts", "place_of"]

_SETUP = """
import sys

def _runs(module, path, line):
    found = module = sys.modules[module]
    for name in path.split("."):
        found = vars(found).get(name)
        if found is None:
            return False
    waiting = [found]
    for thing in waiting:
        if len(waiting) > 50:
            return False
        code = getattr(thing, "__code__", None)
        if code is not None and (code.co_filename, code.co_firstlineno) == (module.__file__, line):
            return True
        names = "__func__", "__wrapped__", "fget", "fset", "fdel", "func"
        waiting += [getattr(thing, name) for name in names if getattr(thing, name, None) is not None]
    return False
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A function, and the file it stands in."""

    id: str
    module: str
    qualname: str
    number: int  # among the definitions of its name
    data: bytes


def place_of(stub: Stub, source: SourceFile) -> Place:
    """Where a stub stands."""
    return Place(id=stub.id, module=stub.module, qualname=stub.qualname, number=stub.number, data=source.data)


def doubts(sandbox: Sandbox, places: Iterable[Place]) -> dict[str, str]:
    """Why a function cannot be tested here, by id: another definition of its name runs, or none can be told to.

    A module is asked in the sandbox, and only where a name has several definitions that take each other's place.
    """
    found: dict[str, str] = {}
    for place in places:
        rivals = _rivals(place)
        own = next((one for one in rivals if one.number == place.number), None)
        if own is None or len([one for one in rivals if not is_accessor(one.node)]) < 2:
            continue
        probes = {one.number: _probe(place, one) for one in rivals}
        outputs = sandbox.probe({}, place.module, list(probes.values()))
        told = {number: outputs[probe.id] for number, probe in probes.items()}
        lines = {one.number: one.node.lineno for one in rivals}
        if any(output.kind is not OutputKind.VALUE for output in told.values()):
            problem = next(output.preview or output.text or output.kind.value for output in told.values())
            found[place.id] = f"{_all(lines.values())} define it, and which of them runs cannot be told: {problem}"
        elif told[place.number].text != "True":
            here = [lines[number] for number, output in told.items() if output.text == "True"]
            other = f"that of line {here[0]} does" if here else "none that is known does"
            found[place.id] = f"the definition of line {lines[place.number]} does not run here, {other}"
    return found


def _rivals(place: Place) -> list[Occurrence]:
    try:
        tree = parsing.module(place.data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [one for one in functions(tree) if one.number and one.found.qualname == place.qualname]


def _probe(place: Place, one: Occurrence) -> Probe:
    expression = f"_runs({place.module!r}, {place.qualname!r}, {first_line(one.node)})"
    key = hashlib.sha256(expression.encode()).hexdigest()[:16]
    return Probe(id=key, imports="", setup=_SETUP, expression=expression)


def _all(lines: Iterable[int]) -> str:
    return "lines " + ", ".join(map(str, sorted(lines)))
