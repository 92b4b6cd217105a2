"""A test that says what one group of candidates does on an input: ready to be pasted into the user's own tests."""

from __future__ import annotations

import builtins
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from pytest_supercharger import literals, trusted
from pytest_supercharger.calling import Call
from pytest_supercharger.domain import Output, OutputKind, Probe, Stub
from pytest_supercharger.errors import SuperchargeError
from pytest_supercharger.probes.calls import parsed
from pytest_supercharger.reporting import clean

__all__ = ["Pasted", "changed", "paste"]

_LONGEST = 1_500  # characters of a test that people still read
_CHANGE = re.compile(r"; (?=(?:argument \d+|\w+) -> )")
_SINGLE = frozenset({"None", "True", "False"})
_UNWRITTEN = {
    OutputKind.TIMEOUT: "an answer that never comes cannot be written as a test",
    OutputKind.MEMORY: "an answer that takes too much memory cannot be written as a test",
    OutputKind.UNSTABLE: "an answer that changes from run to run cannot be written as a test",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    """A test module, and the same as a line for the docstring; "" for what cannot be written, with a note why."""

    test: str = ""
    example: str = ""
    note: str = ""


def changed(output: Output) -> frozenset[str]:
    """What a call changes: `self`, `argument 1`, the name of a keyword."""
    changes = _parts(output.text)[1:] if output.kind is OutputKind.VALUE else []
    return frozenset(change.partition(" -> ")[0] for change in changes)


def paste(
    stub: Stub,
    probe: Probe,
    output: Output,
    names: Collection[str],
    watched: Collection[str] = frozenset(),
    *,
    classes: Collection[str] = frozenset(),
) -> Pasted:
    """What to paste for an output of an input.

    `names` are those that the stub's module binds, `watched` is what any of the answers changes: where this one does
    not, the test says so. `classes` are those that the user's file itself defines: no other one is called.
    """
    try:
        if output.kind is OutputKind.EXCEPTION:
            written = _raising(stub, probe, output.text, names)
        elif output.kind is OutputKind.VALUE:
            written = _returning(stub, probe, output.text, frozenset(watched) - changed(output), classes)
        else:
            return Pasted(note=_UNWRITTEN.get(output.kind, "this answer has no form that a test could compare with"))
    except RecursionError:  # of an input that parses, and is too deep to be written again
        return Pasted(note="the test cannot be shown as it is")
    if not written.test:
        return written
    if len(written.test) > _LONGEST:
        return Pasted(note="the test would be too long to read")
    if clean(written.test) != written.test or parsed(written.test) is None:
        return Pasted(note="the test cannot be shown as it is")
    return written


def _raising(stub: Stub, probe: Probe, name: str, names: Collection[str]) -> Pasted:
    known = getattr(builtins, name, None)
    is_builtin = isinstance(known, type) and issubclass(known, BaseException)
    if not is_builtin and name not in names:
        return Pasted(note=f"{name} is no name of {stub.module}: write pytest.raises with its import yourself")
    call = Call(stub, probe)
    imports = {"import pytest"} if is_builtin else {"import pytest", f"from {stub.module} import {name}"}
    body = [f"with pytest.raises({name}):", f"    {call.run()}"]
    example = f"{probe.expression} raises {name}" if is_builtin and not probe.setup else ""
    return Pasted(test=call.test(imports, body), example=_understood(stub, example))


def _returning(stub: Stub, probe: Probe, text: str, unchanged: Collection[str], classes: Collection[str]) -> Pasted:
    result, *changes = _parts(text)
    floats = re.search(r"\bfloat\b", stub.signature.rpartition("->")[2]) is not None
    literal = literals.value(result, module=stub.module, classes=classes, floats=floats)
    call = Call(stub, probe)
    after = [part for change in changes for part in _changed(call, change, stub.module, classes)]
    after += [(line, frozenset()) for name in sorted(unchanged) for line in call.unchanged(name)]
    if literal is None and not after:
        return Pasted(note="this value has no literal form; write the test yourself")
    lines = [call.run() if literal is None else _equals(call.run(), literal), *(line for line, _ in after)]
    imports = set(literal.imports if literal else ()).union(*(needed for _, needed in after))
    is_plain = literal is not None and not after and not probe.setup and not literal.is_rounded
    is_plain = is_plain and not call.is_async_generator
    example = f"{probe.expression} == {_as_float(result) if floats else result}" if is_plain else ""
    return Pasted(test=call.test(imports, lines), example=_understood(stub, example))


def _as_float(text: str) -> str:
    """A whole number as a float, which examples compare nearly: the text of 2.0 is that of 2."""
    return f"{text}.0" if re.fullmatch(r"-?\d+", text) else text


def _parts(text: str) -> list[str]:
    """The result of a probe, and what it changed (`argument 1 -> [1, 2]`), each of which may hold such a text."""
    if literals.expression(text) is not None:
        return [text]
    for separator in _CHANGE.finditer(text):
        first, (name, _, state) = text[: separator.start()], text[separator.end() :].partition(" -> ")
        if literals.expression(first) is not None:
            after, *others = _parts(state)
            return [first, f"{name} -> {after}", *others]
    return [text]


def _equals(got: str, literal: literals.Literal) -> str:
    taken = f"{literal.taken_from}({got})" if literal.taken_from else got
    return f"assert {taken} {'is' if literal.source in _SINGLE else '=='} {literal.source}"


def _changed(call: Call, change: str, module: str, classes: Collection[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """The assertions on an argument, or on the object itself, that the call has changed, with their imports."""
    name, _, state = change.partition(" -> ")
    variable = call.bound(name)
    if not variable:
        return
    known = {"": state} if name != "self" and not literals.attributes(state) else literals.attributes(state) or {}
    for attribute, text in known.items():
        part = literals.value(text, module=module, classes=classes, floats=False)
        if part is not None:
            yield _equals(f"{variable}.{attribute}" if attribute else variable, part), part.imports


def _understood(stub: Stub, example: str) -> str:
    """The example, if it would be read from the docstring as the one it is."""
    if not example or "\n" in example:
        return ""
    try:
        found = trusted.examples(replace(stub, docstring=example, options={}))
    except SuperchargeError:
        return ""
    return example if len(found) == 1 else ""
