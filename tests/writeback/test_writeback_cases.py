"""Golden files: what a fill makes of a source, to the byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_supercharger import stubs
from pytest_supercharger.domain import Candidate, SourceFile
from pytest_supercharger.errors import SourceError
from pytest_supercharger.writeback.edits import fill
from pytest_supercharger.writeback.import_settings import import_style
from pytest_supercharger.writeback.import_style import ImportStyle
from pytest_supercharger.writeback.verify import verify

CASES = Path(__file__).parent / "cases"
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir())
FILLED = [name for name in NAMES if (CASES / name / "after.py").exists()]
UNTOUCHED = [name for name in NAMES if (CASES / name / "noop.py").exists()]
REFUSED = [name for name in NAMES if name not in FILLED and name not in UNTOUCHED]


def described(name: str):
    return json.loads((CASES / name / "candidate.json").read_text(encoding="utf-8"))


def source(data: bytes) -> SourceFile:
    return SourceFile(path=Path("/before.py"), relpath="before.py", module="before", data=data)


def style(case) -> ImportStyle:
    """Return how a case's project orders its imports: by its settings files and its own modules."""
    return import_style(case.get("settings", {}), case.get("own", ()))


def load(name: str):
    """Return a case's bytes, its fillings, and the whole description."""
    data, case = (CASES / name / "before.py").read_bytes(), described(name)
    found = stubs.find(source(data))
    by_name = {stub.label: stub for stub in found}
    fillings = [
        (
            by_name[item["stub"]],
            Candidate(
                id="id",
                text_id="text",
                body=item["body"],
                imports=tuple(item.get("imports", ())),
                helpers=tuple(item.get("helpers", ())),
            ),
        )
        for item in case["fillings"]
    ]
    return data, fillings, case


@pytest.mark.parametrize("name", FILLED)
def test_a_filled_file_is_the_golden_one_to_the_byte(name):
    data, fillings, case = load(name)
    new = fill(data, fillings, style(case))
    assert new == (CASES / name / "after.py").read_bytes()
    verify(data, new, fillings, requires_python=case.get("requires_python"))


@pytest.mark.parametrize("name", FILLED)
def test_a_second_run_changes_nothing(name):
    data = (CASES / name / "after.py").read_bytes()
    assert fill(data, []) is data
    verify(data, data, [])


@pytest.mark.parametrize("name", FILLED)
def test_a_filled_stub_is_no_stub_any_more(name):
    data, fillings, _ = load(name)
    new = fill(data, fillings)
    left = stubs.find(source(new))
    assert not {stub.id for stub in left} & {stub.id for stub, _ in fillings}
    with pytest.raises(SourceError):
        fill(new, fillings)


@pytest.mark.parametrize("name", FILLED)
def test_several_stubs_may_be_filled_one_after_the_other(name):
    data, fillings, case = load(name)
    new = data
    for filling in fillings:
        step = fill(new, [filling], style(case))
        verify(new, step, [filling])
        new = step
    assert sorted(new.split()) == sorted((CASES / name / "after.py").read_bytes().split())


@pytest.mark.parametrize("name", REFUSED)
def test_a_candidate_that_cannot_be_put_in_is_refused_with_its_reason(name):
    data, fillings, case = load(name)
    with pytest.raises(SourceError, match=case["error"]):
        fill(data, fillings)


@pytest.mark.parametrize("name", UNTOUCHED)
def test_a_file_without_stubs_is_not_touched_and_what_is_wrong_with_it_is_said(name):
    data = (CASES / name / "noop.py").read_bytes()
    assert stubs.find(source(data)) == ()
    assert [*stubs.problems(source(data))] == described(name)["problems"]
    assert fill(data, []) is data
    verify(data, data, [])


def test_there_are_cases_of_all_kinds():
    assert len(FILLED) >= 160
    assert len(REFUSED) >= 15
    assert len(UNTOUCHED) >= 15
