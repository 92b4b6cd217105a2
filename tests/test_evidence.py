"""The record of a decision on disk."""

from __future__ import annotations

import dataclasses
import json

import pytest

from pytest_supercharger import evidence
from pytest_supercharger.domain import MutationScore
from pytest_supercharger.errors import SettingsError, SourceError
from pytest_supercharger.evidence import Record, RecordedTest


@pytest.fixture
def record():
    return Record(
        stub="shop:Cart.total",
        module="shop",
        qualname="Cart.total",
        relpath="shop.py",
        function_hash="fe10fc598a208dc1",
        candidate_id="ab",
        probability=0.97,
        model="scripted",
        candidates=3,
        samples=5,
        tests=(RecordedTest(name="test_total", source="def test_total(): ...\\n", trusted=True),),
        gate=("tests/test_shop.py::test_cart",),
        mutation=MutationScore(mutants=4, killed=3, killed_by_trusted=1),
    )


def test_a_record_is_read_back_as_it_was_saved(record, tmp_path):
    other = dataclasses.replace(record, stub="shop:Cart.tax")
    assert evidence.save(tmp_path, record) == tmp_path / ".supercharger/evidence/shop-Cart.total.json"
    evidence.save(tmp_path, other)
    assert evidence.load_all(tmp_path) == (other, record)


def test_a_record_of_the_first_version_has_no_mutation_score(record, tmp_path):
    path = evidence.save(tmp_path, record)
    document = json.loads(path.read_text())
    assert document.pop("mutation") == {"mutants": 4, "killed": 3, "killed_by_trusted": 1}
    path.write_text(json.dumps(document | {"version": 1}))
    assert evidence.load_all(tmp_path) == (dataclasses.replace(record, mutation=None),)


def test_a_record_of_the_second_version_has_no_specification(record, tmp_path):
    path = evidence.save(tmp_path, dataclasses.replace(record, specification="ab"))
    document = json.loads(path.read_text())
    assert document.pop("specification") == "ab"
    assert [test.pop("voted") for test in document["tests"]] == [False]
    path.write_text(json.dumps(document | {"version": 2}))
    assert evidence.load_all(tmp_path) == (record,)


def test_no_folder_means_no_record(tmp_path):
    assert evidence.load_all(tmp_path) == ()


@pytest.mark.parametrize("damage", [b"", b"[]", b"{}", b'{"version": 4}', b'{"version": 1, "tests": [], "gate": []}'])
def test_a_damaged_record_is_named(record, tmp_path, damage):
    path = evidence.save(tmp_path, record)
    path.write_bytes(damage)
    with pytest.raises(SourceError, match=r"shop-Cart\.total\.json is not an evidence record"):
        evidence.load_all(tmp_path)


def test_every_glob_has_to_match_and_says_what_there_is(record):
    other = dataclasses.replace(record, stub="shop:Cart.tax")
    records = (other, record)
    assert evidence.matching(records, ["shop:*l", "*tax"], flag="--supercharge-forget") == records
    with pytest.raises(SettingsError) as raised:
        evidence.matching(records, ["shop:*", "nobody"], flag="--supercharge-forget")
    assert str(raised.value) == (
        "--supercharge-forget nobody matches no function with evidence; "
        "there is evidence of shop:Cart.tax, shop:Cart.total"
    )
