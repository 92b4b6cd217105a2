"""What people read of a run."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

from pytest_supercharger.domain import Decision, Outcome, Stub, StubKind
from pytest_supercharger.jsonreport import write_json
from pytest_supercharger.mutation import MutationScore
from pytest_supercharger.reporting import Reporter, explain

STUB = Stub(
    module="m",
    qualname="f",
    path=Path("/p/m.py"),
    relpath="m.py",
    line=1,
    kind=StubKind.FUNCTION,
    is_async=False,
    signature="def f(n)",
    docstring="Return n.",
)


class Gone(io.StringIO):
    """A pipe whose reader has left."""

    def write(self, text):
        raise BrokenPipeError


def test_a_reader_who_left_does_not_stop_the_run():
    Reporter(Gone()).line("1 stubs to fill")


def test_what_the_terminal_cannot_show_is_replaced():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Reporter(stream).line("na\u00efve")
    assert stream.buffer.getvalue() == b"supercharge: na?ve\n"


def test_what_was_not_used_is_counted_with_an_example_of_each_reason():
    outcome = Outcome(stub=STUB, decision=Decision.ABSTAINED, reason="none left", rejections={"no code": 1, "empty": 2})
    told = replace(outcome, details={"empty": "the body is\npass"})
    assert "answers not used: 2 x empty (the body is pass), 1 x no code" in explain(told)


def test_the_mutation_score_is_told_and_null_where_it_is_not_known(tmp_path):
    unknown = Outcome(stub=STUB, decision=Decision.ABSTAINED, reason="none left")
    known = replace(unknown, mutation=MutationScore(mutants=8, killed=6, killed_by_trusted=1))
    assert "its tests notice 6 of 8 mutants, the trusted ones 1" in explain(known)
    assert "mutants" not in explain(unknown)
    write_json(tmp_path / "out.json", [known, unknown])
    entries = json.loads((tmp_path / "out.json").read_text())["stubs"]
    assert [entry["mutation_score"] for entry in entries] == [0.75, None]
