"""Code that needs what is not installed is refused with what to do, or gets it where that is allowed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_supercharger.dependencies import MISSING, Dependencies
from pytest_supercharger.domain import Candidate, GeneratedTest, Rejection
from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox.fake import FakeSandbox


def code(*imports, body="return 1\n", helpers=()):
    return Candidate(id="c", text_id="t", body=body, imports=imports, helpers=helpers)


def a_test(source, name="t"):
    return GeneratedTest(id=name, name="test_it", source=source)


class Bench:
    """Dependencies over a sandbox that lacks two modules."""

    def __init__(self, *allowed, lacking=("yaml", "unheard_of"), **more):
        self.sandbox = FakeSandbox()
        self.sandbox.lacking = frozenset(lacking)
        self.said = []
        settings = {"report": self.said.append, "ask": lambda module: None, **more}
        self.dependencies = Dependencies(self.sandbox, allowed, **settings)

    def refusal(self, candidate):
        return self.dependencies.refusal(candidate)

    @property
    def installed(self):
        return [asked for kind, _, asked in self.sandbox.calls if kind == "install"]


def test_code_that_needs_nothing_else_is_fine():
    assert Bench().refusal(code("import os", "from math import pi", "from . import other", "import installed")) == ""


@pytest.mark.parametrize(
    "candidate",
    [
        code("import yaml"),
        code("from yaml.loader import Loader"),
        code(body="import yaml\nreturn yaml\n"),
        code(helpers=("def g():\n    import yaml\n",)),
        a_test("def test_it():\n    import yaml\n"),
    ],
)
def test_a_module_that_is_missing_is_named_with_what_to_do(candidate):
    bench = Bench()
    reason = "needs PyYAML, which is not installed; allow it with --supercharge-install PyYAML"
    assert bench.refusal(candidate) == reason
    assert bench.said == [f"yaml: {reason}"]
    assert bench.installed == []


def test_what_is_refused_is_said_once():
    bench = Bench()
    assert bench.refusal(code("import yaml")) == bench.refusal(code("import yaml")) != ""
    assert len(bench.said) == 1


def test_what_is_allowed_by_name_is_fetched_once_and_recorded():
    bench = Bench("pyyaml", lacking=["yaml"])
    candidate = code("import yaml")
    assert bench.refusal(candidate) == ""
    assert bench.refusal(candidate) == ""
    assert bench.installed == [("PyYAML",)]
    assert bench.dependencies.needed(candidate) == ("PyYAML",)
    assert bench.dependencies.needed(code()) == ()
    assert bench.dependencies.wheels(candidate) == {"PyYAML-1-py3-none-any.whl": "0" * 64}
    assert bench.dependencies.modules() == {"yaml"}
    assert "add it to the project's dependencies" in bench.dependencies.remark(candidate)
    assert bench.dependencies.remark(code()) == ""


def test_another_name_that_is_allowed_changes_nothing():
    assert Bench("attrs").refusal(code("import yaml"))


def test_a_star_allows_what_is_known_and_no_guess():
    bench = Bench("*", lacking=["yaml"])
    assert bench.refusal(code("import yaml")) == ""
    bench = Bench("*", lacking=["unheard_of"])
    assert "that name is a guess" in bench.refusal(code("import unheard_of"))
    assert bench.installed == []


def test_a_guess_is_fetched_only_under_the_name_that_the_user_gives():
    bench = Bench("unheard-of", lacking=["unheard_of"])
    assert bench.refusal(code("import unheard_of")) == ""
    assert bench.installed == [("unheard-of",)]


def test_what_our_table_does_not_have_is_asked_elsewhere():
    bench = Bench("*", lacking=["unheard_of"], ask={"unheard_of": "heard-of"}.get)
    assert bench.refusal(code("import unheard_of")) == ""
    assert bench.installed == [("heard-of",)]


def test_what_cannot_be_fetched_is_refused_with_the_reason():
    bench = Bench("*")

    def refuse(names):
        raise SandboxError(f"{names[0]} could not be fetched as wheels")

    bench.sandbox.install = refuse
    assert bench.refusal(code("import yaml")) == (
        "needs PyYAML, which cannot be had: PyYAML could not be fetched as wheels"
    )


def test_a_distribution_without_the_module_does_not_help():
    bench = Bench("*")
    bench.sandbox.install = lambda names: {}
    assert bench.refusal(code("import yaml")) == "needs yaml, which PyYAML does not bring"


def test_of_a_suite_the_tests_that_cannot_run_are_refused():
    good, bad = a_test("def test_it(): pass\n", "good"), a_test("import yaml\n\ndef test_it(): pass\n", "bad")
    bench = Bench()
    first, second = bench.dependencies.runnable((good, bad))
    assert first is good
    assert isinstance(second, Rejection)
    assert second.reason.startswith(f"{MISSING}: needs PyYAML")
    assert bench.dependencies.runnable(second) is second
    assert bench.dependencies.runnable(()) == ()


def test_code_that_does_not_parse_needs_nothing():
    assert Bench().refusal(a_test("import yaml import\n")) == ""


def test_while_one_is_fetched_only_those_wait_who_need_it():
    bench = Bench("PyYAML", lacking=["yaml"])
    with ThreadPoolExecutor() as threads:
        fetch, waiting = bench.sandbox.install, []

        def install(names):
            waiting.append(threads.submit(bench.refusal, code("import yaml")))
            # With one lock over all this would never come.
            assert threads.submit(bench.refusal, code("import zipped")).result(timeout=60) == ""
            assert threads.submit(bench.dependencies.modules).result(timeout=60) == frozenset()
            return fetch(names)

        bench.sandbox.install = install
        assert bench.refusal(code("import yaml", "import zipped, installed")) == ""
        assert [future.result() for future in waiting] == [""]
    assert bench.installed == [("PyYAML",)]


def test_who_waited_for_an_answer_that_never_came_is_told_and_the_next_one_asks_again():
    bench = Bench("PyYAML", lacking=["yaml"])
    lacks = bench.sandbox.lacks

    def broken(modules):
        raise SandboxError("the engine has gone")

    bench.sandbox.lacks = broken
    with pytest.raises(SandboxError, match="the engine has gone"):
        bench.refusal(code("import yaml"))
    bench.sandbox.lacks = lacks
    assert bench.refusal(code("import yaml")) == ""
