"""Candidates that reach stubs which are not filled: ruled out, run again, or set aside."""

from __future__ import annotations

from dataclasses import replace

from checker_bench import CANDIDATE, SOURCE, Bench, blocked_by, suite

from pytest_supercharger.domain import Candidate, Marks, OutputKind
from pytest_supercharger.ledger import Waited


def test_what_is_refused_for_what_it_says_is_never_pardoned():
    bench = Bench(evaluate=blocked_by())
    reaching = Candidate(id="r", text_id="r", body="import os\nos.remove('x')\nreturn x\n")
    bench.matrix.add_code([reaching])
    bench.checker.add_candidate(reaching)
    said = dict(bench.matrix.refused)
    bench.matrix.refused["c"] = "got no answer from the project tests"
    bench.checker.pardon({"d": "before"})
    assert bench.matrix.refused == {"d": "before", **said}
    assert said["r"].startswith("uses what its module does not")


def test_a_later_input_that_reaches_an_open_stub_rules_the_candidate_out():
    bench = Bench(evaluate=blocked_by("m:g"))
    bench.checker.add_candidate(CANDIDATE)
    bench.checker.add_tests(suite())
    assert bench.matrix.refused == {"c": "needs m:g, which is not filled"}


def test_behind_a_stub_that_was_waited_for_may_stand_another():
    asked = []
    bench = Bench(evaluate=blocked_by("m:g", "m:h"), wait=lambda other: asked.append(other) or Waited.FILLED)
    bench.checker.add_candidate(CANDIDATE)
    bench.checker.add_tests(suite())
    assert asked == ["m:g", "m:h"]
    assert bench.matrix.refused == {}
    assert bench.matrix.outputs["c", "negative"].kind is OutputKind.VALUE


def test_a_candidate_that_needs_a_stub_that_needs_this_one_is_set_aside():
    answers = {"m:g": Waited.CIRCLE, "m:h": Waited.FILLED}
    bench = Bench(evaluate=blocked_by("m:h", "m:g"), wait=lambda other: answers[other])
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    assert bench.matrix.refused == {"c": "needs m:g, which needs this one"}
    assert bench.checker.aside.needs == {"m:g"}


def test_one_that_was_set_aside_is_run_again_when_what_it_needs_is_decided():
    answers = [Waited.CIRCLE, Waited.FILLED]
    bench = Bench(evaluate=blocked_by("m:g", "m:g"), wait=lambda other: answers.pop(0))
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    bench.checker.retry()
    assert bench.matrix.refused == {}
    assert bench.matrix.outputs["c", "negative"].kind is OutputKind.VALUE


def test_what_is_known_without_the_bodies_beside_it_is_dropped():
    bench = Bench()
    bench.checker.add_tests(bench.matrix.add_tests(suite()))
    bench.checker.stand_beside([(bench.matrix.stub, CANDIDATE)])
    assert bench.matrix.pairs == {}
    assert bench.matrix.outputs == {}


def test_a_candidate_that_brings_a_stub_of_its_own_is_refused():
    """It would stop the tests that it fails."""
    data = SOURCE.data.replace(b"pytest_supercharger import supercharge", b"compat import fill")
    source = replace(SOURCE, data=data.replace(b"@supercharge", b"@fill"), marks=Marks(taken=frozenset({"fill"})))
    bench = Bench(source=source)
    bench.checker.add_candidate(replace(CANDIDATE, helpers=("@fill\ndef g(x):\n    return x\n",)))
    assert bench.matrix.refused == {"c": "uses what its module does not: use of fill (line 1 of a helper)"}
