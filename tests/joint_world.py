"""Stubs of one module that need each other, above a scripted model and a scripted sandbox."""

from __future__ import annotations

import io
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fakes import FakeGenerator, agreeable, bodies

from pytest_supercharger import stubs
from pytest_supercharger.bench import Bench
from pytest_supercharger.clean.layout import Style
from pytest_supercharger.dependencies import Dependencies
from pytest_supercharger.domain import Output, OutputKind, PairResult, SourceFile, Verdict
from pytest_supercharger.errors import SandboxError
from pytest_supercharger.ledger import Ledger
from pytest_supercharger.options import Settings
from pytest_supercharger.projecttests import ProjectTests
from pytest_supercharger.reporting import Reporter
from pytest_supercharger.services import Services
from pytest_supercharger.solver import Solver
from pytest_supercharger.splitting import Splitting

STUB = '''

@supercharge
def {name}(x: int) -> int:
    """Return x.

    >>> {name}(1)
    1
    """
    raise NotImplementedError
'''
NEEDS = re.compile(r"\b([fgh])\(x")
WRONG = ("- 7", "- 8", "- 9")
ODD = "* 5"  # passes every test, and gives something else on other inputs
PATIENCE = 60


def source(names):
    text = "from pytest_supercharger import supercharge\n" + "".join(STUB.format(name=name) for name in names)
    return SourceFile(path=Path("/p/m.py"), relpath="m.py", module="m", data=text.encode())


def body_of(name, overlay):
    """The body that the overlay has for a stub; None while it is open."""
    text = overlay.get("m.py", b"").decode() or "@supercharge\n"
    body = re.search(rf"def {name}\(x: int\) -> int:\n(.*?)(?=\n\n\n|\Z)", text, re.DOTALL)
    return body.group(1).rpartition('"""')[2] if body and "NotImplementedError" not in body.group(1) else None


def run_of(name, overlay):
    """What a call of a stub comes to: an open stub on the way, or what is wrong with the bodies that took part."""
    todo, seen = [name], {}
    while todo:
        stub = todo.pop()
        if stub not in seen:
            body = body_of(stub, overlay)
            if body is None:
                return f"m:{stub}", ()
            seen[stub] = tuple(wrong for wrong in (*WRONG, ODD) if wrong in body)
            todo += NEEDS.findall(body)
    return "", tuple(sorted(wrong for found in seen.values() for wrong in found))


class World:
    """The stubs of one module and a sandbox that looks at the bodies which are filled in."""

    def __init__(self, codes, *, gate=None):
        self.file = source(codes)
        self.found = stubs.find(self.file)
        more = {} if gate is None else {"gate": gate}
        self.sandbox = agreeable(judge=self.judge, split=self.judge, evaluate=self.evaluate, **more)
        self.ledger = Ledger({"m.py": self.file}, self.found)
        self.generators = {
            f"m:{name}": FakeGenerator(
                code=bodies(name, "x: int", *codes[name]),
                test=[f"def test_{i}():\n    assert {name}({i}) == {i}\n" for i in range(4)],
            )
            for name in codes
        }
        tests = ProjectTests(self.sandbox, None)
        tests.discover()
        self.services = Services(
            generator=self,
            bench=Bench(
                splitting=Splitting(self.sandbox),
                tests=tests,
                ledger=self.ledger,
                dependencies=Dependencies(self.sandbox, ask=lambda module: None),
            ),
            reporter=Reporter(io.StringIO()),
            clock=lambda: 0.0,
            question=lambda question: question,
            style=Style(),
            neighbours=lambda source: {},
            turn=threading.Semaphore(1),
        )

    max_context_tokens = 4096
    max_batch_samples = 32
    model = "scripted"

    def generate(self, questions, **more):
        return self.generators[questions[0].stub_id].generate(questions, **more)

    def exhausted(self, question):
        return self.generators[question.stub_id].exhausted(question)

    def judge(self, overlay, test):
        name = re.search(r"\b([fgh])\(\d", test.source).group(1)
        reached, wrong = run_of(name, overlay)
        if reached:
            return PairResult(verdict=Verdict.FAIL, reached=frozenset({reached}))
        fails = any(text in WRONG for text in wrong)
        return PairResult(verdict=Verdict.FAIL, detail=f"{wrong}") if fails else PairResult(verdict=Verdict.PASS)

    def evaluate(self, overlay, module, probe):
        name = re.search(r"\b([fgh])\(", probe.expression).group(1)
        reached, wrong = run_of(name, overlay)
        if reached:
            return Output(kind=OutputKind.BLOCKED, text=reached)
        return Output(kind=OutputKind.VALUE, text=f"{probe.id} {wrong}")

    def endings(self):
        """The reason of each stub, or the error that its search ended with."""

        def solve(stub):
            try:
                return self.ledger.settle(Solver(stub, self.file, self.services, Settings()).solve()).reason
            except SandboxError as error:
                return error

        with ThreadPoolExecutor(len(self.found)) as pool:
            return [result.result(PATIENCE) for result in [pool.submit(solve, stub) for stub in self.found]]

    def outcomes(self, settings=None):
        def solve(stub):
            return self.ledger.settle(Solver(stub, self.file, self.services, settings or Settings()).solve())

        with ThreadPoolExecutor(len(self.found)) as pool:
            results = [pool.submit(solve, stub) for stub in self.found]
            return {result.result(PATIENCE).stub.name: result.result(PATIENCE) for result in results}


F = ("g(x) + 1", "1 + g(x)", "g(x) - -1", "sum([g(x), 1])")
G = ("f(x) - 1", "-1 + f(x)", "f(x) + -1", "sum([f(x), -1])")
