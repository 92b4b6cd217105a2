"""Modules that a candidate or a test imports and the sandbox's environment lacks: refused, or fetched where allowed."""

from __future__ import annotations

import ast
import sys
import textwrap
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from pytest_supercharger import parsing, pipreqs
from pytest_supercharger.distributions import KNOWN, same
from pytest_supercharger.domain import GeneratedTest, Rejection
from pytest_supercharger.dotted import imported
from pytest_supercharger.errors import SandboxError

if TYPE_CHECKING:
    from pytest_supercharger.domain import Candidate
    from pytest_supercharger.sandbox.base import Sandbox

__all__ = ["ANY", "MISSING", "Dependencies"]

ANY = "*"
MISSING = "missing_dependency"  # what refusals of this kind begin with


class Dependencies:
    """What of the run's code is missing in the environment; shared by all stubs, safe for threads."""

    def __init__(
        self,
        sandbox: Sandbox,
        allowed: Sequence[str] = (),
        *,
        report: Callable[[str], None] = lambda line: None,
        ask: Callable[[str], str | None] = pipreqs.find,
    ) -> None:
        """`allowed` are names of distributions, `*` for any that is known; `ask` knows more than our own table."""
        self._sandbox = sandbox
        self._allowed = tuple(allowed)
        self._report = report
        self._ask = ask
        self._lock = threading.Lock()
        self._fetching = threading.Lock()  # held while one is fetched; who needs none never waits for it
        self._problems: dict[str, Future[str]] = {}  # module -> why it cannot be had, "" where it is there
        self._fetched: dict[str, str] = {}  # module -> distribution that was fetched for it
        self._wheels: dict[str, Mapping[str, str]] = {}  # distribution -> its wheels with their digests

    def refusal(self, code: Candidate | GeneratedTest) -> str:
        """Why this code cannot be run for want of a module; "" where it can."""
        modules = sorted(_modules(code))
        with self._lock:
            mine = {module: Future[str]() for module in modules if module not in self._problems}
            self._problems |= mine
            asked = [self._problems[module] for module in modules]
        if mine:
            self._find_out(mine)
        return next(filter(None, [future.result() for future in asked]), "")

    def _find_out(self, mine: Mapping[str, Future[str]]) -> None:
        """Answer for modules that nobody has asked for before; others wait for these answers alone."""
        try:
            lacking = self._sandbox.lacks([*mine])
            for module in sorted(mine, key=lacking.__contains__):  # nobody waits for a fetch over what is there
                mine[module].set_result(self._obtain(module) if module in lacking else "")
        except BaseException as error:
            with self._lock:
                unanswered = [module for module, future in mine.items() if not future.done()]
                for module in unanswered:
                    del self._problems[module]  # the next one who needs it may have more luck
            for module in unanswered:
                mine[module].set_exception(error)
            raise

    def runnable(
        self, cleaned: tuple[GeneratedTest | Rejection, ...] | Rejection
    ) -> tuple[GeneratedTest | Rejection, ...] | Rejection:
        """The parts of an answer, with a refusal for each test that needs a module which is not there."""
        return cleaned if isinstance(cleaned, Rejection) else tuple(map(self._or_refused, cleaned))

    def _or_refused(self, part: GeneratedTest | Rejection) -> GeneratedTest | Rejection:
        reason = self.refusal(part) if isinstance(part, GeneratedTest) else ""
        return Rejection(reason=f"{MISSING}: {reason}") if reason else part

    def modules(self) -> frozenset[str]:
        """The modules that were fetched: who allows to install one allows to use it."""
        with self._lock:
            return frozenset(self._fetched)

    def needed(self, code: Candidate | GeneratedTest) -> tuple[str, ...]:
        """The distributions that were fetched for this code."""
        with self._lock:
            return tuple(sorted({self._fetched[module] for module in _modules(code) if module in self._fetched}))

    def remark(self, code: Candidate) -> str:
        """What is to be said of accepted code that needs something."""
        needs = ", ".join(self.needed(code))
        return f"; it needs {needs}: add it to the project's dependencies" if needs else ""

    def wheels(self, code: Candidate | GeneratedTest) -> dict[str, str]:
        """The files that were fetched for this code, and their SHA-256."""
        names = self.needed(code)
        return {file: digest for name in names for file, digest in sorted(self._wheels[name].items())}

    def _obtain(self, module: str) -> str:
        known = KNOWN.get(module) or self._ask(module)
        name = known or module.replace("_", "-")
        named = next((entry for entry in self._allowed if entry != ANY and same(entry, name)), None)
        if named is None and not (known and ANY in self._allowed):
            guessed = "" if known else f"; that name is a guess, {module} is all that the code says"
            reason = f"needs {name}, which is not installed; allow it with --supercharge-install {name}{guessed}"
            self._report(f"{module}: {reason}")
            return reason
        try:
            self._fetch(name, module)
        except SandboxError as error:
            self._report(f"{module}: {error}")
            return f"needs {name}, which cannot be had: {error}"
        with self._lock:
            self._fetched[module] = name
        return f"needs {module}, which {name} does not bring" if self._sandbox.lacks([module]) else ""

    def _fetch(self, name: str, module: str) -> None:
        with self._fetching:
            if name not in self._wheels:
                self._wheels[name] = self._sandbox.install([name])
                files = ", ".join(self._wheels[name])
                self._report(
                    f"{module}: fetched {name} for the sandbox ({files}); add it to the project's dependencies"
                )


def _modules(code: Candidate | GeneratedTest) -> set[str]:
    """The top-level modules that code imports anywhere, those of the standard library left out."""
    if isinstance(code, GeneratedTest):
        parts = [code.source]
    else:
        parts = [*code.imports, *code.helpers, "async def _():\n" + textwrap.indent(code.body, " ")]
    names = {name for part in parts for node in ast.walk(_parsed(part)) for name in imported(node)}
    tops = {name.partition(".")[0] for name in names if not name.startswith(".")}
    return {name for name in tops if name and name not in sys.stdlib_module_names}


def _parsed(text: str) -> ast.AST:
    try:
        return parsing.module(text)
    except (SyntaxError, ValueError):  # it fails where it is run, and says so there
        return ast.Module(body=[], type_ignores=[])
