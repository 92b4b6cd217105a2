"""From one answer of a model to generated tests: one check each, complete modules, nothing that proves nothing."""

from __future__ import annotations

import ast
import copy
import hashlib
import textwrap

from pytest_supercharger.clean._awaited import awaited, turned
from pytest_supercharger.clean._bearing import Bearing
from pytest_supercharger.clean._characters import plain_characters
from pytest_supercharger.clean._names import BUILTINS, bound_names, imported, uses
from pytest_supercharger.clean._outside import outside
from pytest_supercharger.clean._shown import shown
from pytest_supercharger.clean._split import inlined, split
from pytest_supercharger.clean._stdlib import import_for, is_stdlib
from pytest_supercharger.clean._surroundings import Surroundings, surroundings
from pytest_supercharger.clean._syntax import MAX_SOURCE, FunctionNode, parse, unparse
from pytest_supercharger.clean._testfile import cases, network, own_imports_removed, refusal, why_not_case
from pytest_supercharger.clean.markdown import code_for_tests, ends_in_fence
from pytest_supercharger.clean.repair import cut_tail, repair
from pytest_supercharger.domain import Answer, FinishReason, GeneratedTest, Rejection, Stub
from pytest_supercharger.parsing import copied
from pytest_supercharger.probes import from_test

__all__ = ["clean_tests"]

_OUTSIDE = "a test reaches outside"
# Far above what an answer holds, and what keeps an endless one from taking seconds.
_MAX_TESTS = 50
_MAX_STATEMENTS = 150
_MAX_CHARACTERS = 30_000  # of all tests of an answer: each repeats what it needs
_PYTEST_NAMES = frozenset({"approx", "fixture", "mark", "param", "raises", "warns"})


def clean_tests(
    answer: Answer, stub: Stub, module_text: str, *, allow: frozenset[str] = frozenset()
) -> tuple[GeneratedTest | Rejection, ...] | Rejection:
    """Return the tests in `answer`, one check each, or why there is none; never raises.

    A broken tail is cut off: what stands before it still says what it said. Where some tests of an answer reach outside
    (`allow` names what is fine), why stands once after the others.
    """
    try:
        return _clean(answer, stub, module_text, allow)
    except RecursionError:
        return Rejection(reason="does not parse", detail="nested too deeply")


def _clean(
    answer: Answer, stub: Stub, module_text: str, allow: frozenset[str]
) -> tuple[GeneratedTest | Rejection, ...] | Rejection:
    if answer.finish_reason in {FinishReason.CANCELLED, FinishReason.ERROR}:
        return Rejection(reason="cut off", detail=f"the answer ended with {answer.finish_reason.value}")
    if len(answer.text) > MAX_SOURCE:
        return Rejection(reason="too long", detail=f"{len(answer.text)} characters")
    code = code_for_tests(answer.text)
    if code is None or not code.strip():
        return Rejection(reason="no code")
    tree = parse(_readable(code, ragged=_ragged(answer)))
    if tree is None or not tree.body:
        return Rejection(reason="does not parse")
    del tree.body[_MAX_STATEMENTS:]
    refused = refusal(tree, stub)
    if refused is not None:
        return refused
    return _TestFile(tree, stub, surroundings(module_text), allow).generated()


def _ragged(answer: Answer) -> bool:
    """Tell whether the last line may lack its end: `== 12` of `== 120` parses, and lies."""
    return answer.finish_reason.torn and not ends_in_fence(answer.text)


def _readable(code: str, *, ragged: bool) -> str:
    if ragged:
        code = code.rpartition("\n")[0]
    code = textwrap.dedent(code)
    if parse(code) is None:
        code = turned(plain_characters(code))
    kept = cut_tail(code)
    # Repair may change what a test says, so it comes only after cutting has left nothing.
    return kept if "assert" in kept or "raises" in kept else repair(code, limit=1)[0]


class _TestFile:
    """One parsed answer, the stub it is about and the user's module."""

    def __init__(self, tree: ast.Module, stub: Stub, around: Surroundings, allow: frozenset[str]) -> None:
        self.stub, self.allow = stub, allow
        self.written = 0  # characters
        self.module_uses = around.uses
        self.known = {**around.names, stub.root_name: ""}
        self.tree = own_imports_removed(tree, stub, frozenset(self.known))
        self.cases = cases(self.tree)
        answered = {name for node in self.tree.body for name in bound_names(node)}
        self.tree.body[:0] = [node for node in shown(stub) if answered.isdisjoint(bound_names(node))]
        own = [n for n in self.tree.body if not imported(n) and n not in self.cases]
        if stub.is_async:
            self.cases = [awaited(case, Bearing(stub=stub)) for case in self.cases]
        self.definitions = {name: n for n in own for name in bound_names(n)}
        self.fixtures = {n for n, node in self.definitions.items() if _is_fixture(node)}
        self.bearing = Bearing(stub=stub)
        self.bearing.learn({k: v for k, v in self.definitions.items() if isinstance(v, FunctionNode)})

    def generated(self) -> tuple[GeneratedTest | Rejection, ...] | Rejection:
        """Return one test a check, or the first reason why there is none."""
        found: dict[str, GeneratedTest] = {}
        refused: list[Rejection] = []
        for case in self.cases[:_MAX_TESTS]:
            del case.body[_MAX_STATEMENTS:]
            why = why_not_case(case, self.stub, self.fixtures)
            if why is not None:
                refused.append(why)
                continue
            for body in split(case.body, self._bearing(case)):
                if len(found) + len(refused) >= _MAX_TESTS or self.written > _MAX_CHARACTERS:
                    break
                test = self._test(case, body, len(found))
                if isinstance(test, Rejection):
                    refused.append(test)
                else:
                    found.setdefault(test.id, test)
        if found:
            reaching = [rejection for rejection in refused if rejection.reason == _OUTSIDE]
            return (*found.values(), *reaching[:1])
        detail = "the answer holds no test function" if not self.cases else ""
        return refused[0] if refused else Rejection(reason="no assertion on the stub", detail=detail)

    def _bearing(self, case: FunctionNode) -> Bearing:
        """Return what bears on the stub in this case: a fixture that runs it hands its result over by name."""
        handed = {a.arg for a in case.args.args} & self.fixtures & self.bearing.callers
        return Bearing(stub=self.stub, callers=self.bearing.callers, checkers=self.bearing.checkers, handed=handed)

    def _test(self, case: FunctionNode, body: list[ast.stmt], number: int) -> GeneratedTest | Rejection:
        function = copy.copy(case)
        function.name, function.body, function.returns = f"test_{number}", _without_messages(body), None
        needs = _Needs(self, function)
        if needs.undefined:
            return Rejection(reason="undefined name", detail=needs.undefined)
        parts = [*needs.imports(), *needs.definitions(), unparse(function)]
        source = "\n".join(part.rstrip("\n") + "\n" for part in parts)
        self.written += len(source)
        tree = parse(source)
        if tree is None:
            return Rejection(reason="does not parse", detail="Python cannot write the test down again")
        online = network(tree)
        if online:
            return Rejection(reason="needs the network", detail=online)
        reach = outside(tree, self.module_uses, self.stub, self.allow)
        if reach:
            return Rejection(reason=_OUTSIDE, detail=reach)
        function.name, function.body = "test_", inlined(function.body)
        identity = "\n".join([*parts[:-1], unparse(function)])
        return GeneratedTest(
            id=hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:32],
            name=f"test_{number}",
            source=source,
            probes=from_test(source, self.stub),
        )


class _Needs:
    """The imports, fixtures, constants and functions one test needs, through each other."""

    def __init__(self, file: _TestFile, function: FunctionNode) -> None:
        self.file = file
        self.own: set[str] = {file.stub.root_name}
        self.other: set[str] = set()
        self.kept: list[ast.stmt] = []
        self.undefined = ""
        offered = [pair for node in file.tree.body for pair in imported(node)]
        self.offered = {name: text for name, text in offered if name != "*"}
        self._follow(function)
        for name in sorted(n for n in file.fixtures if _is_autouse(file.definitions[n])):
            self._keep(name)

    def _follow(self, node: ast.stmt) -> None:
        if isinstance(node, FunctionNode):
            for argument in node.args.args:
                if argument.arg in self.file.fixtures:
                    self._keep(argument.arg)
        used = uses([node])
        for name in sorted(used.names):
            if name in self.offered:
                self.other.add(self.offered[name])
            elif name in self.file.definitions:
                self._keep(name)
            elif is_stdlib((self.file.known.get(name) or "import .").split()[1]):
                self.other.add(self.file.known[name])  # from where the module has it
            elif name in self.file.known:
                self.own.add(name)
            elif name not in BUILTINS:
                self._find(name, used.attributes.get(name, frozenset()), used.dotted_only(name))

    def _keep(self, name: str) -> None:
        node = self.file.definitions[name]
        if node not in self.kept:
            self.kept.append(node)
            self._follow(node)

    def _find(self, name: str, attributes: frozenset[str], dotted: bool) -> None:
        if name == "pytest":
            self.other.add("import pytest")
        elif name in _PYTEST_NAMES:
            self.other.add(f"from pytest import {name}")
        elif found := import_for(name, attributes, only_attributes=dotted):
            self.other.add(found)
        else:
            self.undefined = name

    def imports(self) -> list[str]:
        """Return the import statements of the test module; the last names what comes from the user's module."""
        own = f"from {self.file.stub.module} import {', '.join(sorted(self.own))}"
        return ["\n".join([*sorted(self.other, key=lambda text: (text.startswith("from"), text)), own])]

    def definitions(self) -> list[str]:
        """Return the answer's own definitions the test needs, in their order."""
        return [unparse(node) for node in self.file.tree.body if node in self.kept]


def _without_messages(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements without assert messages: the same check, said with other words, is the same test."""
    changed = [*map(copied, body)]
    for node in (n for statement in changed for n in ast.walk(statement)):
        if isinstance(node, ast.Assert):
            node.msg = None
    return changed


def _is_fixture(node: ast.stmt) -> bool:
    names = (d.func if isinstance(d, ast.Call) else d for d in getattr(node, "decorator_list", []))
    return any((n.attr if isinstance(n, ast.Attribute) else getattr(n, "id", "")) == "fixture" for n in names)


def _is_autouse(node: ast.stmt) -> bool:
    calls = (d for d in getattr(node, "decorator_list", []) if isinstance(d, ast.Call))
    return any(k.arg == "autouse" for d in calls for k in d.keywords)
