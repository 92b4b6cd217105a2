"""Test modules that have no file: their code, made once, and the pytest node that runs it.

Most of what pytest does to collect a module is of no use where that holds nothing but functions without arguments and
decorators. Such *ordinary* tests are found when the module is compiled, and collected without looking any further.
"""

from __future__ import annotations

import ast
import linecache
import marshal
import sys
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import TestCase

import pytest
from _pytest.assertion.rewrite import rewrite_asserts
from _pytest.fixtures import FixtureFunctionDefinition, FuncFixtureInfo

from .equality import NAME, Probe, add_probes
from .integrity import nested

if TYPE_CHECKING:
    from _pytest.main import Session

__all__ = ["FOLDER", "Module", "TestModule", "compile_module"]

FOLDER = "/tmp/p"
# Names that mean something to pytest or its plugins where a module has them, whoever it got them from.
_SPECIAL = ("test", "Test", "setup", "setUp", "teardown", "tearDown", "pytest", "__test__")


@dataclass(frozen=True)
class TestModule:
    """One test module: its name, its text, its code as `marshal` writes it, and the names of its tests.

    `code` is None where there is none, `ordinary` is empty where pytest itself has to see which tests there are.
    """

    name: str
    source: str
    code: bytes | None
    ordinary: tuple[str, ...] = ()


def compile_module(source: str, path: str) -> tuple[bytes, tuple[str, ...]]:
    """The code of a test module, its assertions rewritten so that they tell what they compared; its ordinary tests."""
    tree = ast.parse(source, path)
    ordinary = _ordinary(tree.body)
    rewrite_asserts(tree, source.encode("utf-8", "surrogatepass"))
    if "ANY" not in source:  # the matcher of unittest.mock is meant to equal everything
        add_probes(tree)
    return marshal.dumps(compile(tree, path, "exec", dont_inherit=True)), ordinary


def _ordinary(body: Sequence[ast.stmt]) -> tuple[str, ...]:
    """The names of the tests in the order of the text; none where there is anything that takes pytest to understand."""
    found: list[str] = []
    for statement in body:
        if isinstance(statement, ast.FunctionDef):
            if statement.name.startswith("test"):
                found.append(statement.name)
            if statement.decorator_list or (statement.name in found and not _is_ordinary(statement)):
                return ()
        elif not isinstance(statement, ast.Import | ast.ImportFrom | ast.Assign | ast.Expr):
            return ()
    return tuple(found) if len(set(found)) == len(found) else ()


def _is_ordinary(function: ast.FunctionDef) -> bool:
    arguments = function.args
    takes = arguments.posonlyargs or arguments.args or arguments.kwonlyargs or arguments.vararg or arguments.kwarg
    return not takes and not any(isinstance(part, ast.Yield | ast.YieldFrom) for part in ast.walk(function))


class Module(pytest.Module):
    """Runs the code of a test module in place of a file."""

    source: TestModule
    probe: Probe
    codes: Mapping[int, types.CodeType]

    @classmethod
    def of(cls, source: TestModule, session: Session, probe: Probe) -> Module:
        """The node of `source` in `session`; `probe` is told what its assertions compare."""
        module: Module = cls.from_parent(session, path=Path(f"{FOLDER}/{source.name}.py"))
        module.source, module.probe = source, probe
        return module

    def ordinary_tests(self) -> list[pytest.Function]:
        """The tests without pytest's help, in the order of the text; none where it takes that."""
        names = self.source.ordinary
        if not names:
            return []
        try:
            space = self.obj.__dict__
        except BaseException as error:
            problem = error

            def again() -> types.ModuleType:
                raise problem

            self._getobj = again  # type: ignore[method-assign] # pytest asks once more, and has its ways to tell
            return []
        if any(_is_special(name, value) for name, value in space.items() if name not in names):
            return []
        nothing = FuncFixtureInfo((), (), [], {})
        make = pytest.Function.from_parent
        return [make(self, name=name, callobj=space[name], fixtureinfo=nothing) for name in names]

    def _getobj(self) -> types.ModuleType:
        path = str(self.path)
        lines = self.source.source.splitlines(keepends=True)
        linecache.cache[path] = (len(self.source.source), None, lines, path)  # for inspect and tracebacks
        code = marshal.loads(self.source.code) if self.source.code else compile(self.source.source, path, "exec")
        self.codes = nested(code)
        module = types.ModuleType(self.source.name)
        module.__file__ = path
        module.__dict__[NAME] = self.probe
        sys.modules[self.source.name] = module
        exec(code, module.__dict__)
        return module


def _is_special(name: str, value: Any) -> bool:
    """Whether pytest or a plugin might take notice: of the name, of a fixture, of a class of unittest."""
    kind = type(value)
    if name.startswith(_SPECIAL):
        return kind is not types.ModuleType
    return kind is FixtureFunctionDefinition or (issubclass(kind, type) and issubclass(value, TestCase))
