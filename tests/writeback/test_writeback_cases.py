"""Golden files: what a fill makes of a source, to the byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_supercharger import stubs
from pytest_supercharger.domain import Candidate, SourceFile
from pytest_supercharger.errors import SourceError
from pytest_supercharger.writeback.edits import fill
from pytest_supercharger.writeback.verify import verify

CASES = Path(__file__).parent / "cases"
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir())
FILLED = [name for name in NAMES if (CASES / name / "after.py").exists()]
REFUSED = [name for name in NAMES if name not in FILLED]


def load(name: str):
    """Return a case's bytes, its fillings, and the whole description."""
    folder = CASES / name
    data = (folder / "before.py").read_bytes()
    case = json.loads((folder / "candidate.json").read_text(encoding="utf-8"))
    found = stubs.find(SourceFile(path=folder / "before.py", relpath="before.py", module="before", data=data))
    by_name = {stub.qualname: stub for stub in found}
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
    new = fill(data, fillings)
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
    left = stubs.find(SourceFile(path=Path("/before.py"), relpath="before.py", module="before", data=new))
    assert not {stub.qualname for stub in left} & {stub.qualname for stub, _ in fillings}
    with pytest.raises(SourceError):
        fill(new, fillings)


@pytest.mark.parametrize("name", FILLED)
def test_several_stubs_may_be_filled_one_after_the_other(name):
    data, fillings, _ = load(name)
    new = data
    for filling in fillings:
        step = fill(new, [filling])
        verify(new, step, [filling])
        new = step
    assert sorted(new.split()) == sorted((CASES / name / "after.py").read_bytes().split())


@pytest.mark.parametrize("name", REFUSED)
def test_a_candidate_that_cannot_be_put_in_is_refused_with_its_reason(name):
    data, fillings, case = load(name)
    with pytest.raises(SourceError, match=case["error"]):
        fill(data, fillings)


def test_there_are_cases_of_both_kinds():
    assert len(FILLED) >= 40
    assert len(REFUSED) >= 8
