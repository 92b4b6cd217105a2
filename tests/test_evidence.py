"""The record of a decision on disk."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from pytest_supercharger import evidence, fingerprints, shelf, stubs
from pytest_supercharger.domain import Candidate, GeneratedTest, SourceFile
from pytest_supercharger.errors import SettingsError, SourceError
from pytest_supercharger.evidence import Record, RecordedTest
from pytest_supercharger.mutation import MutationScore

FILE = SourceFile(
    path=Path("/p/m.py"),
    relpath="m.py",
    module="m",
    data=b"from pytest_supercharger import supercharge\n"
    b"@supercharge(uses=[shop.tax], examples=[(1, 1e999), {'a': {1}}])\n"
    b"def f(x):\n    'Do it.'\n",
)


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
    assert shelf.save(tmp_path, record) == tmp_path / ".supercharge/evidence/shop/Cart.total.json"
    shelf.save(tmp_path, other)
    assert shelf.load_all(tmp_path) == (other, record)


def test_a_record_of_the_first_version_has_no_mutation_score(record, tmp_path):
    path = shelf.save(tmp_path, record)
    document = json.loads(path.read_text())
    assert document.pop("mutation") == {"mutants": 4, "killed": 3, "killed_by_trusted": 1}
    path.write_text(json.dumps(document | {"version": 1}))
    assert shelf.load_all(tmp_path) == (dataclasses.replace(record, mutation=None),)


def test_a_record_of_the_second_version_has_no_specification(record, tmp_path):
    path = shelf.save(tmp_path, dataclasses.replace(record, specification="ab"))
    document = json.loads(path.read_text())
    assert document.pop("specification") == "ab"
    assert [test.keys() for test in document["tests"]] == [{"name", "source", "trusted"}]
    path.write_text(json.dumps(document | {"version": 2}))
    assert shelf.load_all(tmp_path) == (record,)


NEW = ("options", "model_digests", "settings", "seeds", "matrix")


def test_a_record_of_the_third_version_stands_elsewhere_until_there_is_a_new_one(record, tmp_path):
    document = json.loads(evidence.to_text(record)) | {"version": 3}
    for test in document["tests"]:
        test["source"] = "\n".join(test["source"])
    former = tmp_path / ".supercharger/evidence/shop-Cart.total.json"
    former.parent.mkdir(parents=True)
    former.write_text(json.dumps({key: value for key, value in document.items() if key not in NEW}))
    assert shelf.load_all(tmp_path) == (record,)
    new = dataclasses.replace(record, options={"samples": "3"})
    path = shelf.save(tmp_path, new)
    assert shelf.load_all(tmp_path) == (new,)
    assert not former.exists()
    former.write_text("{}")
    assert shelf.remove(tmp_path, new) == path
    assert not path.parent.exists()
    assert not former.exists()


def test_the_same_decision_gives_the_same_bytes_and_a_changed_test_its_own_lines(record):
    text = evidence.to_text(record)
    other = dataclasses.replace(record, settings={"b": 1, "a": 2}, seeds={"test": 1, "run": 0})
    again = dataclasses.replace(record, settings={"a": 2, "b": 1}, seeds={"run": 0, "test": 1})
    assert evidence.to_text(other) == evidence.to_text(again)
    (test,) = record.tests
    source = "def test_total():\n    assert total() == 4\n"
    new = evidence.to_text(dataclasses.replace(record, tests=(dataclasses.replace(test, source=source),)))
    assert set(new.splitlines()) - set(text.splitlines()) == {
        '    "def test_total():",',
        '    "    assert total() == 4",',
        '    ""',
    }


def test_tests_stand_in_an_order_that_does_not_depend_on_when_they_came():
    made = [GeneratedTest(id=name, name=name, source=name, trusted=name > "x") for name in ("z", "b", "y", "a")]
    stub = stubs.find(FILE)[0]
    candidate = Candidate(id="c", text_id="c", body="return 1\n")
    one, two = (
        evidence.make(
            stub, candidate, FILE.data, probability=1, model="", candidates=1, samples=1, tests=tests, gate=gate
        )
        for tests, gate in ((made, ("b", "a")), ([made[0], made[3], made[2], made[1]], ("a", "b")))
    )
    assert [test.name for test in one.tests] == ["z", "y", "a", "b"]
    assert one == two
    assert one.options == {"examples": "((1, 1e309), {'a': {1}})", "uses": "('shop.tax',)"}


def test_the_hash_is_that_of_the_function_as_it_is_written_in_the_end(record):
    (stub,) = stubs.find(FILE)
    record = dataclasses.replace(record, stub=stub.id, qualname=stub.qualname)
    written = [FILE.data.replace(b"'Do it.'", b"'Do it.'\n    return " + name) for name in (b"h(x)", b"h_2(x)")]
    one, two = (evidence.as_written(record, stub, data) for data in written)
    assert fingerprints.of(written[1], two.known).function == two.function_hash != one.function_hash
    assert dataclasses.replace(two, function_hash=one.function_hash) == one


def test_no_folder_means_no_record(tmp_path):
    assert shelf.load_all(tmp_path) == ()


@pytest.mark.parametrize("damage", [b"", b"[]", b"{}", b'{"version": 5}', b'{"version": 1, "tests": [], "gate": []}'])
def test_a_damaged_record_is_named(record, tmp_path, damage):
    path = shelf.save(tmp_path, record)
    path.write_bytes(damage)
    with pytest.raises(SourceError, match=r"shop/Cart\.total\.json is not an evidence record"):
        shelf.load_all(tmp_path)


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


@pytest.mark.parametrize(
    "changes",
    [
        {"stub": "../../package"},
        {"stub": "..:../../package"},
        {"stub": "shop:other"},
        {"relpath": "../elsewhere.py"},
        {"relpath": "/etc/hosts"},
        {"relpath": 7},
        {"gate": [1]},
        {"tests": [{"name": "t", "source": 5}]},
    ],
)
def test_a_record_leads_to_no_other_file_than_its_own(record, tmp_path, changes):
    """Records come with a checkout."""
    path = shelf.save(tmp_path, record)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    (tmp_path / "package.json").write_text("{}")
    with pytest.raises(SourceError, match="is not an evidence record"):
        shelf.load_all(tmp_path)


def test_what_was_saved_can_be_taken_back(record, tmp_path):
    before = shelf.state(tmp_path, record)
    path = shelf.save(tmp_path, record)
    shelf.restore(before)
    assert not path.exists()
    shelf.save(tmp_path, record)
    old, before = path.read_bytes(), shelf.state(tmp_path, record)
    shelf.save(tmp_path, dataclasses.replace(record, candidate_id="other"))
    assert path.read_bytes() != old
    shelf.restore(before)
    assert path.read_bytes() == old
