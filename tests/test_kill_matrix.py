"""The kill matrix: how it is read, and how little is run to fill it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_supercharger import stubs
from pytest_supercharger.behaviour import Told
from pytest_supercharger.bench import Bench
from pytest_supercharger.clean.candidate import made
from pytest_supercharger.dependencies import Dependencies
from pytest_supercharger.domain import (
    GeneratedTest,
    MutationScore,
    Output,
    OutputKind,
    PairResult,
    Probe,
    SourceFile,
    Verdict,
)
from pytest_supercharger.killing import Killing
from pytest_supercharger.kills import Kills
from pytest_supercharger.ledger import Ledger
from pytest_supercharger.matrix import Matrix
from pytest_supercharger.mutants import Mutant
from pytest_supercharger.projecttests import ProjectTests
from pytest_supercharger.sandbox.fake import FakeSandbox
from pytest_supercharger.splitting import Splitting

SOURCE = SourceFile(
    path=Path("/p/m.py"),
    relpath="m.py",
    module="m",
    data=b"""\
from pytest_supercharger import supercharge


@supercharge
def f(x: int) -> int:
    'Return x and one.'
    ...
""",
)
PASS, LIMIT = PairResult(verdict=Verdict.PASS), PairResult(verdict=Verdict.TIMEOUT)
NOTICED = PairResult(verdict=Verdict.FAIL, detail="AssertionError: assert 1 == 2\nat t.py:3")
ERROR = PairResult(verdict=Verdict.FAIL, detail="TypeError: no")
UNSURE = PairResult(verdict=Verdict.INFRA)
PROBES = tuple(Probe(id=f"p{n}", imports="", setup="", expression=f"f({n})") for n in range(2))


def matrix_of(rows, *, blank=(), unsteady=(), differs=()):
    """The kill matrix of one candidate: a row a mutant, its verdicts by test."""
    mutants = tuple(Mutant(candidate=made(f"return {name!r}\n", (), ()), change="", line=1) for name in rows)
    places = {name: ("c", mutant.candidate.id) for name, mutant in zip(rows, mutants, strict=True)}
    return Kills(
        mutants={"c": mutants},
        pairs={places[name]: dict(row) for name, row in rows.items()},
        blank=dict.fromkeys(blank, True),
        differs={place: name in differs for name, place in places.items()},
        unsteady=set(unsteady),
    )


ROWS = {
    "seen": {"t": NOTICED, "u": PASS, "trusted": PASS},
    "raises": {"t": ERROR, "u": ERROR, "trusted": ERROR},
    "missed": {"t": PASS, "u": PASS, "trusted": PASS},
    "alike": {"t": PASS, "u": PASS, "trusted": PASS},
    "endless": {"t": LIMIT, "u": UNSURE},
}


def test_a_small_matrix_worked_out_by_hand():
    kills = matrix_of(ROWS, differs={"missed"})
    assert kills.told(["t", "u"]) == (Told(killed=1, survived=1), Told(killed=0, survived=2))
    assert kills.score("c", {"trusted"}) == MutationScore(mutants=4, killed=3, killed_by_trusted=1)
    assert kills.score("c", {"trusted"}).share == 0.75


def test_a_mutant_that_nobody_tells_from_its_candidate_is_left_out():
    assert matrix_of({"alike": ROWS["alike"]}).score("c", ()) is None
    assert matrix_of({"alike": ROWS["alike"]}).told(["t"]) == (Told(),)


@pytest.mark.parametrize("taken", ["blank", "unsteady"])
def test_what_a_test_without_a_vote_notices_does_not_count(taken):
    kills = matrix_of({"seen": ROWS["seen"], "missed": ROWS["missed"]}, differs={"missed"}, **{taken: {"t"}})
    assert kills.score("c", ()) == MutationScore(mutants=1, killed=0, killed_by_trusted=0)


def test_another_noticed_mutant_adds_to_what_a_test_tells_and_to_nothing_else():
    before, after = matrix_of({"seen": ROWS["seen"]}), matrix_of({"seen": ROWS["seen"], "more": {"t": NOTICED}})
    assert (before.told(["t"])[0].killed, after.told(["t"])[0].killed) == (1, 2)
    assert before.told(["u"]) == after.told(["u"])


def test_the_order_of_mutants_changes_nothing():
    turned = matrix_of(dict(reversed(ROWS.items())), differs={"missed"})
    assert turned.told(["u", "t"]) == tuple(reversed(matrix_of(ROWS, differs={"missed"}).told(["t", "u"])))


class Lab:
    """One candidate that passes some tests, above a scripted sandbox; `judge` sees the body that stands there."""

    def __init__(self, judge, *, body="return x + 1\n", tests=("t",), trusted=(), evaluate=None, rounds=999):
        self.candidate = made(body, (), ())
        self.judge, self.rounds = judge, rounds
        self.sandbox = FakeSandbox(judge=self._judge, evaluate=evaluate or (lambda *_: value("1")))
        (stub,) = stubs.find(SOURCE)
        self.matrix = Matrix(stub=stub, trusted=tuple(one(name, trusted=True) for name in trusted))
        self.matrix.add_code([self.candidate])
        self.matrix.add_probes(PROBES)
        self.add(*tests)
        self.matrix.pairs |= {(self.candidate.id, name): PASS for name in trusted}
        self.matrix.outputs |= {(self.candidate.id, probe.id): value("1") for probe in PROBES}
        bench = Bench(
            splitting=Splitting(self.sandbox),
            tests=ProjectTests(self.sandbox, None),
            ledger=Ledger({"m.py": SOURCE}, [stub]),
            dependencies=Dependencies(self.sandbox, ask=lambda module: None),
        )
        self.killing = Killing(self.matrix, SOURCE, bench=bench, allow=frozenset(), beside=tuple, in_time=self._in_time)

    def add(self, *names):
        self.matrix.add_tests([one(name) for name in names])
        self.matrix.pairs |= {(self.candidate.id, name): PASS for name in names}

    def run(self):
        return self.killing.run(self.candidate)

    def told(self, *names):
        return self.matrix.kills.told(names)

    def score(self):
        return self.matrix.kills.score(self.candidate.id, {t.id for t in self.matrix.trusted})

    def asked(self, kind="tests"):
        return [asked for called, _, asked in self.sandbox.calls if called == kind]

    def _judge(self, overlay, test):
        text = overlay["m.py"].decode().rpartition("    return ")[2].strip() if overlay else ""
        return self.judge(text, test.id)

    def _in_time(self):
        self.rounds -= 1
        return self.rounds >= 0


def one(name, *, trusted=False):
    return GeneratedTest(id=name, name="test_f", source=f"def test_f(): assert f({name!r})\n", trusted=trusted)


def value(text):
    return Output(kind=OutputKind.VALUE, text=text, preview=text)


def sharp(text, name):
    """A test that notices every change."""
    return PASS if text == "x + 1" else NOTICED


def blunt(text, name):
    """A test that only an empty stub fails."""
    return PASS if text else ERROR


def test_a_test_that_an_empty_stub_passes_is_found_and_not_run_on_mutants():
    lab = Lab(lambda text, name: PASS)
    assert lab.run()
    assert lab.told("t") == (Told(blank=True),)
    assert lab.asked("isolated") == [("t",)]
    assert lab.asked() == []


def test_tests_that_notice_are_told_from_those_that_do_not():
    lab = Lab(lambda text, name: (sharp if name == "t" else blunt)(text, name), tests=("t", "u"))
    assert lab.run()
    sharp_one, blunt_one = lab.told("t", "u")
    assert sharp_one.killed >= 1
    assert (blunt_one.killed, blunt_one.blank) == (0, False)
    assert blunt_one.survived >= 3
    assert lab.score().share == 1.0


def test_nothing_is_run_twice():
    lab = Lab(sharp, tests=("t", "u"), trusted=("a",))
    assert lab.run()
    before = len(lab.sandbox.calls)
    assert not lab.run()
    assert len(lab.sandbox.calls) == before


def test_a_test_that_has_told_something_apart_is_not_run_on_the_next_mutant_that_another_one_notices():
    lab = Lab(sharp, tests=("t", "u", "v"), trusted=("a",))
    lab.run()
    assert lab.asked()[:3] == [("a",), ("t", "u"), ("v",)]
    assert set(lab.asked()[3:]) == {("a",)}


def test_a_new_suite_is_run_on_the_mutants_there_are():
    lab = Lab(lambda text, name: (blunt if name == "late" else sharp)(text, name))
    lab.run()
    mutants = lab.matrix.kills.mutants
    lab.add("late")
    assert lab.run()
    assert lab.matrix.kills.mutants is mutants
    assert lab.told("late")[0].survived >= 3


def test_mutants_that_nobody_notices_are_run_on_the_inputs():
    lab = Lab(blunt, evaluate=lambda overlay, module, probe: value("1"))
    lab.run()
    assert len(lab.asked("probe")) == len(lab.matrix.kills.mutants[lab.candidate.id])
    assert lab.score() is None
    assert lab.told("t") == (Told(blank=False),)
    other = Lab(blunt, evaluate=lambda overlay, module, probe: value("2" if probe.id == "p1" else "1"))
    other.run()
    assert other.score().killed == 0
    assert other.told("t")[0].survived == other.score().mutants > 3


@pytest.mark.parametrize("kind", [OutputKind.INFRA, OutputKind.BLOCKED, OutputKind.INVALID])
def test_an_input_without_an_answer_shows_no_difference(kind):
    lab = Lab(blunt, evaluate=lambda *_: Output(kind=kind))
    lab.run()
    assert lab.score() is None


def test_the_first_limit_is_the_last():
    lab = Lab(lambda text, name: LIMIT if text else ERROR, tests=("t", "u", "v"))
    assert lab.run()
    assert lab.asked() == [("t", "u")]
    assert not lab.run()
    lab.add("late")
    lab.run()
    assert lab.asked() == [("t", "u")]
    assert lab.score() == MutationScore(mutants=1, killed=1, killed_by_trusted=0)


def test_no_round_begins_once_the_time_is_spent():
    lab = Lab(sharp, rounds=2)
    lab.run()
    assert len(lab.sandbox.calls) == 2
    assert lab.told("t")[0].killed == 1


def test_what_the_effect_gate_refuses_is_not_run():
    lab = Lab(blunt, body="return open(x).read() + 1\n")
    lab.run()
    ran = [overlay["m.py"] for kind, overlay, _ in lab.sandbox.calls if kind != "isolated"]
    assert ran
    assert not any(b"open" in data for data in ran)
