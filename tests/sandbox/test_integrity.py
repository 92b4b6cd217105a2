"""Candidates that change what decides outcomes, or give a value that equals everything, do not pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from zygote_slot import GOOD, MODULE, TEST, ZygoteSlot

from pytest_supercharger.domain import GeneratedTest, PairResult, Verdict
from pytest_supercharger.sandbox import protocol, verdict
from pytest_supercharger.sandbox.canaries import Canary, Flock

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.docker

WRONG = "def double(x):\n    return 0\n"
PATCHES = {
    "report class": "from _pytest.reports import TestReport as T\nmake = T.from_item_and_call.__func__\n"
    "T.from_item_and_call = classmethod(lambda *a: make(*a))\n",
    "function of a module": "from _pytest import runner\nrunner.call_and_report = lambda *a, **k: None\n",
    "function of ours": "import sys\nsys.modules['_supercharger.frames'].encode = lambda *a: b''\n",
    "code of a function": "from _pytest import runner\n"
    "runner.pytest_runtest_setup.__code__ = (lambda item: None).__code__\n",
    "method of a class": "from _pytest.python import Function\nFunction.runtest = lambda self: None\n",
    "built-in": "import builtins\ncheck = isinstance\nbuiltins.isinstance = lambda a, b: check(a, b)\n",
    "exception": "import builtins\nbuiltins.AssertionError = ValueError\n",
    "unittest": "import unittest.case\nunittest.case.TestCase.run = lambda *a: None\n",
    "pluggy": "from pluggy import HookCaller\ncall = HookCaller.__call__\n"
    "HookCaller.__call__ = lambda *a, **k: call(*a, **k)\n",
    "new hook": "import gc, _pytest.config\nclass P:\n    def pytest_runtest_logreport(self, report): pass\n"
    "for it in gc.get_objects(generation=2) or []:\n    pass\n"
    "import sys\nrun = sys.modules['_supercharger.inside.running']\nrun.prebuilt._config.pluginmanager.register(P())\n",
}


@pytest.mark.parametrize(("name", "patch"), PATCHES.items(), ids=PATCHES.keys())
def test_a_patched_harness_is_seen_where_it_would_not_have_changed_the_verdict(
    zygote: ZygoteSlot, name: str, patch: str
) -> None:
    # The patch comes after the test is over, so that no other rule catches it.
    late = GOOD + "import sys\n" + f"PATCH = {patch!r}\n"
    source = (
        f"import pytest{', unittest' * (name == 'unittest')}\n"
        "from mod import PATCH, double\n\n\n@pytest.fixture\ndef late():\n    yield\n"
        "    exec(PATCH, {})\n\n\ndef test_it(late):\n    assert double(2) == 4\n"
    )
    result = zygote.pair(late, source)
    assert result.verdict is Verdict.FAIL
    assert "changed what decides outcomes" in result.detail or name == "function of ours", result


def test_replacing_input_and_print_is_allowed(zygote: ZygoteSlot) -> None:
    code = "import builtins\nbuiltins.input = lambda *a: '4'\nbuiltins.print = lambda *a: None\n" + GOOD
    assert zygote.pair(code).verdict is Verdict.PASS


EQUALS = {
    "everything": "class A:\n    def __eq__(self, other): return True\n",
    "and is a number": "class A(int):\n    def __eq__(self, other): return True\n    __hash__ = int.__hash__\n",
    "that is a number": "class A(int):\n    def __eq__(self, other): return isinstance(other, int)\n"
    "    __hash__ = int.__hash__\n",
    "and claims to be built in": "class A:\n    def __eq__(self, other): return True\nA.__module__ = 'builtins'\n",
    "by its metaclass": "class M(type):\n    def __eq__(cls, other): return True\n    __hash__ = type.__hash__\n"
    "class I(metaclass=M): pass\nA = lambda: I\n",
    "mock.ANY": "from unittest import mock\nA = lambda: mock.ANY\n",
}


@pytest.mark.parametrize("returned", ["A()", "[A()]", "{'a': (A(),)}"])
@pytest.mark.parametrize("code", EQUALS.values(), ids=EQUALS.keys())
def test_a_value_that_equals_everything_does_not_pass(zygote: ZygoteSlot, code: str, returned: str) -> None:
    expected = returned.replace("A()", "4")
    for comparison in (f"double(2) == {expected}", f"{expected} == double(2)", f"double(2) in [{expected}]"):
        result = zygote.pair(
            f"{code}def double(x):\n    return {returned}\n", TEST.replace("double(2) == 4", comparison)
        )
        assert result.verdict is Verdict.FAIL, (comparison, result)
        assert "equals everything" in result.detail


@pytest.mark.parametrize("expected", ["approx(4)", "approx(4.0, abs=1000)", "approx(4.0, rel=1e-2)"])
def test_an_approximation_equals_not_everything(zygote: ZygoteSlot, expected: str) -> None:
    source = "from pytest import approx\n" + TEST.replace("== 4", f"== {expected}")
    assert zygote.pair(GOOD, source).verdict is Verdict.PASS


# Ways to have another function run where the test `test_it` of the module `names` stands.
REPLACED = {
    "its code": "def nothing(): pass\nnames['test_it'].__code__ = nothing.__code__\n",
    "the function": "def nothing(request): pass\nrequest.node.obj = nothing\n",
}


@pytest.mark.parametrize("patch", REPLACED.values(), ids=REPLACED.keys())
def test_a_test_that_is_replaced_does_not_pass(zygote: ZygoteSlot, patch: str) -> None:
    code = f"PATCH = {patch!r}\n{WRONG}"
    source = (
        "import pytest\nfrom mod import PATCH, double\n\n\n@pytest.fixture\ndef early(request):\n"
        "    exec(PATCH, {'names': globals(), 'request': request})\n\n\n"
        "def test_it(early):\n    assert double(2) == 4\n"
    )
    result = zygote.pair(code, source)
    assert (result.verdict, result.detail) == (Verdict.FAIL, "another function runs in place of the test")


WRAPPED = {
    "by functools.wraps of its own": "import functools\n\ndef twice(f):\n    @functools.wraps(f)\n"
    "    def run():\n        f(), f()\n    return run\n\n@twice\n",
    "by a decorator without it": "def once(f):\n    return lambda: f()\n\n@once\n",
    "by a decorator of the project": "from mod import keep\n\n@keep\n",
    "by unittest.mock": "from unittest import mock\n\n@mock.patch('os.sep', '/')\n",
}


@pytest.mark.parametrize("head", WRAPPED.values(), ids=WRAPPED.keys())
def test_a_decorated_test_passes(zygote: ZygoteSlot, head: str) -> None:
    code = GOOD + "def keep(f):\n    return lambda: f()\n"
    source = f"from mod import double\n{head}def test_it():\n    assert double(2) == 4\n"
    assert zygote.pair(code, source).verdict is Verdict.PASS


def test_results_go_nowhere_but_to_pid_1(zygote: ZygoteSlot) -> None:
    relay = (
        "import os\nfar, near = os.pipe()\nif not os.fork():\n    os.close(near)\n"
        "    while data := os.read(far, 65536):\n        os.write(3, data)\n    os._exit(0)\nos.dup2(near, 3)\n"
        "os.close(near)\n"
    )
    code = relay + GOOD
    assert "ended before the test did" in zygote.pair(code).detail


def test_a_patched_json_writes_no_results(zygote: ZygoteSlot) -> None:
    code = "import json\njson.dumps = json.JSONEncoder = lambda *a, **k: '{}'\n" + GOOD
    assert zygote.pair(code).verdict is Verdict.PASS


def test_a_container_that_holds_everything_does_not_pass(zygote: ZygoteSlot) -> None:
    code = "class A:\n    def __contains__(self, other): return True\ndef double(x):\n    return A()\n"
    assert "equals everything" in zygote.pair(code, TEST.replace("double(2) == 4", "4 in double(2)")).detail


HONEST = {
    "dataclass": "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\ndef double(x): return A(x)\n",
    "own equality": "class A:\n    def __init__(self, x): self.x = x\n"
    "    def __eq__(self, other): return self.x == other.x\ndef double(x): return A(x)\n",
    "decimal": "from decimal import Decimal\ndef double(x): return Decimal(x)\n",
    "enumeration": "def double(x): return Colour.RED\n",
}


@pytest.mark.parametrize("code", HONEST.values(), ids=HONEST.keys())
def test_values_with_an_equality_of_their_own_pass(zygote: ZygoteSlot, code: str) -> None:
    assert zygote.pair(code, TEST.replace("== 4", "== double(2)")).verdict is Verdict.PASS


def test_a_test_may_expect_anything_itself(zygote: ZygoteSlot) -> None:
    source = "from unittest.mock import ANY\n" + TEST.replace("== 4", "== ANY")
    assert zygote.pair(GOOD, source).verdict is Verdict.PASS


def judge(zygote: ZygoteSlot, code: str, canaries: tuple[Canary, ...]) -> PairResult:
    test = GeneratedTest(id="t", name="test_it", source=TEST)
    forks = [[test, *(canary.test for canary in canaries)]]
    job = protocol.tests_job({"mod.py": (MODULE + code).encode()}, forks, zygote.limits)
    return verdict.tests_results(*zygote.ask(job), [test], canaries)["t"]


def test_a_good_candidate_passes_beside_canaries(zygote: ZygoteSlot) -> None:
    assert judge(zygote, GOOD, Flock().draw({"": b"gc"})).verdict is Verdict.PASS


def test_code_that_makes_every_assertion_hold_is_caught_by_a_canary(zygote: ZygoteSlot) -> None:
    code = (
        "import sys\nprebuilt = sys.modules['_supercharger.inside.running'].prebuilt\nreporting = prebuilt.reporter\n"
        "kind = type(prebuilt._session)\nfailed = property(lambda s: 0, lambda s, value: None)\n"
        "prebuilt._session.__class__ = type(kind)('S', (kind,), {'testsfailed': failed})\n"
        "send = reporting.send\n"
        "def patched(*messages):\n"
        "    for m in messages:\n        if 'phases' in m:\n            m['phases'] = ['passed'] * 3\n"
        "            m.pop('error', None), m.pop('detail', None), m.pop('where', None)\n"
        "    send(*messages)\n"
        "reporting.send = patched\n" + WRONG
    )
    assert (
        judge(zygote, code, ()).verdict is Verdict.PASS
    )  # no other rule sees what is written against this very harness
    assert judge(zygote, code, Flock().draw({"": b"gc"})).verdict is Verdict.FAIL


def test_a_batch_with_a_wrong_canary_says_nothing(zygote: ZygoteSlot, tmp_path: Path) -> None:
    passing, failing = sorted(Flock().draw({"": b"gc"}), key=lambda canary: not canary.passes)
    tests = [GeneratedTest(id="t", name="test_it", source=TEST)]
    job = protocol.tests_job(
        {"mod.py": (MODULE + GOOD).encode()}, [[*tests, failing.test, passing.test]], zygote.limits
    )
    answer = zygote.ask(job)
    assert set(verdict.screen_result(*answer, tests, [passing, failing]).passed) == {"t"}
    wrong = Canary(test=failing.test, passes=True)
    assert not verdict.screen_result(*answer, tests, [passing, wrong]).passed
    assert not verdict.screen_result(*answer, tests, [passing]).passed
