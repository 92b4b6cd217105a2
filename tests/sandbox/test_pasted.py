"""Every form of pasted test in a container: it passes with the candidate whose answer it is, and with no other."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_supercharger import trusted
from pytest_supercharger.domain import Candidate, GeneratedTest, Output, Probe, SourceFile, Stub, Verdict
from pytest_supercharger.pasting import changed, paste
from pytest_supercharger.sandbox.base import Limits
from pytest_supercharger.sandbox.docker import DockerSandbox
from pytest_supercharger.stubs import find
from pytest_supercharger.writeback.edits import fill

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.docker

HEAD = '''\
import enum
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from pytest_supercharger import supercharge


class Full(Exception):
    """No room."""


class Color(enum.Enum):
    RED = 1
    BLUE = 2


@dataclass
class Point:
    x: int
    y: float


'''
FUNCTION = '''\
@supercharge
{head}:
    """Return something."""
    raise NotImplementedError


'''
CART = '''\
class Cart:
    def __init__(self) -> None:
        self.items: list[str] = []

    @supercharge
    def add(self, item: str) -> None:
        """Add it."""
        raise NotImplementedError

    @supercharge
    def take(self) -> None:
        """Take one away."""
        raise NotImplementedError

    @property
    @supercharge
    def size(self) -> int:
        """How many there are."""
        raise NotImplementedError
'''
# Stub: head (none for those of the class), set-up, input, and the bodies of two candidates.
CASES = {
    "whole": ("def whole(x: int) -> int", "", "whole(-7)", "return x // 2", "return int(x / 2)"),
    "part": ("def part(x: int) -> float", "", "part(3)", "return 1 / x", "return 0.25"),
    "even_float": ("def even_float(x: int) -> float", "", "even_float(3)", "return x + 1e-12", "return x + 1.0"),
    "nested": ("def nested(x: int) -> object", "", "nested(3)", "return {'a': [x / 7]}", "return {'a': [x]}"),
    "refusing": ("def refusing(x: int) -> int", "", "refusing(-1)", "raise ValueError(x)", "return 0"),
    "full": ("def full(x: int) -> int", "", "full(x=9)", "raise Full", "raise ValueError"),
    "sorting": ("def sorting(xs: list[int]) -> None", "", "sorting([2, 1])", "xs.sort()", "return None"),
    "made": ("def made(x: int) -> Point", "", "made(1)", "return Point(x, x / 2)", "return Point(x, x)"),
    "coloured": ("def coloured(x: int) -> Color", "", "coloured(1)", "return Color.RED", "return Color.BLUE"),
    "kinds": ("def kinds(x: int) -> set[int]", "", "kinds(1)", "return {x, 2}", "return set()"),
    "counting": ("def counting(n: int) -> Iterator[int]", "", "counting(2)", "yield from range(n)", "yield n"),
    "waiting": ("async def waiting(n: int) -> int", "", "await waiting(2)", "return n", "return n + 1"),
    "coming": ("async def coming(n: int) -> AsyncIterator[int]", "", "coming(2)", "yield n", "yield n + 1"),
    "saying": ("def saying(x: str) -> str", "", "saying('a')", r"return x + '\x1b[0m\u202e\n'", "return x"),
    "Cart.add": ("", "cart = Cart()", "cart.add('a')", "self.items.append(item)", "self.items = [item, item]"),
    "Cart.take": ("", "cart = Cart()\ncart.items.append('a')", "cart.take()", "self.items.clear()", "return None"),
    "Cart.size": ("", "cart = Cart()\ncart.items.append('a')", "cart.size", "return len(self.items)", "return 0"),
}


@pytest.fixture(scope="module")
def source() -> SourceFile:
    text = HEAD + "".join(FUNCTION.format(head=head) for head, *_ in CASES.values() if head) + CART
    return SourceFile(path=Path("/p/kinds.py"), relpath="kinds.py", module="kinds", data=text.encode())


@pytest.fixture(scope="module")
def sandbox(source: SourceFile, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerSandbox]:
    root = tmp_path_factory.mktemp("project")
    (root / source.relpath).write_bytes(source.data)
    with DockerSandbox(root, limits=Limits(seconds=5.0), slots=1) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def stubs(source: SourceFile) -> dict[str, Stub]:
    return {stub.qualname: stub for stub in find(source)}


def probe_of(stub: Stub) -> Probe:
    _, setup, expression, *_ = CASES[stub.qualname]
    return Probe(id=stub.name, imports=f"from kinds import {stub.root_name}", setup=setup, expression=expression)


@pytest.fixture(scope="module")
def overlays(source: SourceFile, stubs: dict[str, Stub]) -> list[dict[str, bytes]]:
    """The file with the first candidate of every stub, and with the second."""
    return [
        {source.relpath: fill(source.data, [(stub, _body(CASES[key][place])) for key, stub in stubs.items()])}
        for place in (3, 4)
    ]


def _body(text: str) -> Candidate:
    return Candidate(id=text, text_id=text, body=f"{text}\n")


@pytest.fixture(scope="module")
def tests(
    sandbox: DockerSandbox, stubs: dict[str, Stub], overlays: list[dict[str, bytes]]
) -> list[dict[str, list[GeneratedTest]]]:
    """What is pasted for each stub, for the answer of the first candidate and for that of the second."""
    probes = [probe_of(stub) for stub in stubs.values()]
    outputs = [sandbox.probe(overlay, "kinds", probes) for overlay in overlays]
    watched = {name: changed(outputs[0][name]) | changed(outputs[1][name]) for name in outputs[0]}
    return [
        {key: _tests(stub, known[stub.name], watched[stub.name]) for key, stub in stubs.items()} for known in outputs
    ]


def _tests(stub: Stub, output: Output, watched: frozenset[str]) -> list[GeneratedTest]:
    pasted = paste(stub, probe_of(stub), output, {"Full"}, watched, classes={"Color", "Point", "Cart"})
    assert pasted.test, (stub.qualname, output, pasted.note)
    (function,) = [node for node in ast.parse(pasted.test).body if isinstance(node, ast.FunctionDef)]
    made = [GeneratedTest(id=f"{stub.name} {output.text}", name=function.name, source=pasted.test)]
    if pasted.example:
        made += trusted.examples(replace(stub, docstring=pasted.example))
    return made


@pytest.fixture(scope="module")
def verdicts(
    sandbox: DockerSandbox, overlays: list[dict[str, bytes]], tests: list[dict[str, list[GeneratedTest]]]
) -> list[dict[str, Verdict]]:
    """What every test comes to with the first candidates, and with the second."""
    asked = [test for known in tests for some in known.values() for test in some]
    results = [sandbox.run_tests(overlay, asked, isolated=True) for overlay in overlays]
    return [{key: pair.verdict for key, pair in known.items()} for known in results]


@pytest.mark.parametrize("qualname", CASES)
@pytest.mark.parametrize("mine", [0, 1])
def test_a_pasted_test_passes_with_its_own_answer_alone(
    tests: list[dict[str, list[GeneratedTest]]], verdicts: list[dict[str, Verdict]], qualname: str, mine: int
) -> None:
    for test in tests[mine][qualname]:
        assert verdicts[mine][test.id] is Verdict.PASS, test.source
        assert verdicts[1 - mine][test.id] is Verdict.FAIL, test.source


def test_most_answers_have_a_line_for_the_docstring(tests: list[dict[str, list[GeneratedTest]]]) -> None:
    with_example = {key for key, made in tests[0].items() if len(made) > 1}
    assert {"whole", "refusing", "waiting", "saying"} <= with_example
