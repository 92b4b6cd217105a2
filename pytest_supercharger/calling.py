"""The expression of an input as a test has it: what the call changes has a name, coroutines are run."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator

from pytest_supercharger import literals
from pytest_supercharger.domain import Probe, Stub

__all__ = ["Call"]

_ASYNC_GENERATOR = re.compile(r"\bAsync(?:Iterator|Generator|Iterable)\b")
_ASKED = "asked"  # the coroutine that a test runs


class Call:
    """One input of a stub, on its way to a test function."""

    def __init__(self, stub: Stub, probe: Probe) -> None:
        self._stub, self._probe = stub, probe
        self._setup = [line for line in probe.setup.splitlines() if line.strip()]
        self._imports = {line for line in probe.imports.splitlines() if line.strip()}
        self._node = literals.expression(probe.expression.strip()) or ast.Constant(None)

    def bound(self, name: str) -> str:
        """The variable that stands for an argument (`argument 1`, a keyword) or the object (`self`); "" for none."""
        call = self._node.value if isinstance(self._node, ast.Await) else self._node
        if not isinstance(call, ast.Call) or any(isinstance(argument, ast.Starred) for argument in call.args):
            return ""
        place = re.fullmatch(r"argument (\d+)", name)
        if place:
            return self._named(call.args, int(place[1]) - 1, f"argument_{place[1]}")
        if name == "self" and isinstance(call.func, ast.Attribute):
            receiver = [call.func.value]
            variable = self._named(receiver, 0, "subject")
            call.func.value = receiver[0]
            return variable
        for keyword in call.keywords:
            if keyword.arg == name:
                value = [keyword.value]
                variable = self._named(value, 0, f"given_{name}")
                keyword.value = value[0]
                return variable
        return ""

    def unchanged(self, name: str) -> Iterator[str]:
        """Yield what says, after the call, that it has left an argument or the object alone."""
        variable = self.bound(name)
        if variable:
            seen = f"vars({variable})" if name == "self" else variable
            self._imports.add("import copy")
            self._setup.append(f"before_{variable} = copy.deepcopy({seen})")
            yield f"assert {seen} == before_{variable}"

    @property
    def is_async_generator(self) -> bool:
        """Whether the call gives what has to be iterated over in a coroutine."""
        return self._stub.is_async and _ASYNC_GENERATOR.search(self._stub.signature) is not None

    def _named(self, values: list[ast.expr], index: int, variable: str) -> str:
        if index >= len(values):
            return ""
        value = values[index]
        if isinstance(value, ast.Name):
            return value.id
        self._setup.append(f"{variable} = {ast.unparse(value)}")
        values[index] = ast.Name(variable, ast.Load())
        return variable

    def run(self) -> str:
        """The expression; what it needs before it goes into the set-up of the test."""
        source = ast.unparse(self._node)
        if self.is_async_generator:
            return self._asked(f"[item async for item in {source}]")
        if isinstance(self._node, ast.Await) and not _awaits(self._node.value):
            self._imports.add("import asyncio")
            return f"asyncio.run({ast.unparse(self._node.value)})"
        return self._asked(source) if _awaits(self._node) else source

    def _asked(self, source: str) -> str:
        self._imports.add("import asyncio")
        self._setup += [f"async def {_ASKED}():", f"    return {source}"]
        return f"asyncio.run({_ASKED}())"

    def test(self, imports: Collection[str], body: Collection[str]) -> str:
        """The whole test module."""
        words = re.sub(r"\W+", "_", self._probe.expression).strip("_").lower()[:40].strip("_")
        name = f"test_{words or self._stub.name}_{self._probe.id[:4]}"
        first = sorted({*self._imports, *imports}, key=lambda line: (line.startswith("from"), line))
        lines = "\n".join(f"    {line}" for line in [*self._setup, *body])
        return "\n".join(first) + f"\n\n\ndef {name}():\n{lines}\n"


def _awaits(node: ast.AST) -> bool:
    """Whether the expression has to stand in a coroutine."""
    kinds = (ast.Await, ast.AsyncFor)
    inner = any(isinstance(part, kinds) for part in ast.walk(node))
    return inner or any(isinstance(part, ast.comprehension) and part.is_async for part in ast.walk(node))
