"""The record of a decision on disk."""

from __future__ import annotations

import dataclasses
import json

import pytest

from pytest_supercharger import evidence
from pytest_supercharger.domain import MutationScore
from pytest_supercharger.errors import SourceError
from pytest_supercharger.evidence import Record, RecordedTest, function_hash

SOURCE = b'''\
class Cart:
    def total(self, rate=0.2):
        """The sum."""
        return sum(self.prices) * (1 + rate)
'''


@pytest.fixture
def record():
    return Record(
        stub="shop:Cart.total",
        module="shop",
        qualname="Cart.total",
        relpath="shop.py",
        function_hash=function_hash(SOURCE, "Cart.total"),
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


def test_no_folder_means_no_record(tmp_path):
    assert evidence.load_all(tmp_path) == ()


@pytest.mark.parametrize("damage", [b"", b"[]", b"{}", b'{"version": 3}', b'{"version": 1, "tests": [], "gate": []}'])
def test_a_damaged_record_is_named(record, tmp_path, damage):
    path = evidence.save(tmp_path, record)
    path.write_bytes(damage)
    with pytest.raises(SourceError, match=r"shop-Cart\.total\.json is not an evidence record"):
        evidence.load_all(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"""The sum."""', b'"""The sum of all prices."""'),
        (b"(1 + rate)", b"( 1 + rate )  # with tax"),
        (b"class Cart:", b"import math\n\n\nclass Cart:"),
    ],
)
def test_docstring_comments_and_layout_do_not_change_the_hash(old, new):
    assert function_hash(SOURCE.replace(old, new), "Cart.total") == function_hash(SOURCE, "Cart.total")


@pytest.mark.parametrize(("old", "new"), [(b"1 + rate", b"1 - rate"), (b"rate=0.2", b"rate=0.3")])
def test_code_changes_the_hash(old, new):
    assert function_hash(SOURCE.replace(old, new), "Cart.total") != function_hash(SOURCE, "Cart.total")


def test_the_hash_is_the_same_on_every_python():
    assert function_hash(SOURCE, "Cart.total") == "fe10fc598a208dc1"


@pytest.mark.parametrize("source", [b"def total(): ...", b"class Cart: ...", b"class Cart(:"])
def test_a_function_that_is_gone_has_no_hash(source):
    assert function_hash(source, "Cart.total") is None


def test_a_method_of_the_same_name_is_another_function():
    both = b"def total(x):\n    return x\n\n\n" + SOURCE
    assert function_hash(both, "total") == function_hash(b"def total(x):\n    return x\n", "total")
    assert function_hash(both, "Cart.total") == function_hash(SOURCE, "Cart.total")


def test_a_function_under_a_condition_has_a_hash():
    assert function_hash(b"try:\n    def total(x):\n        return x\nexcept NameError:\n    pass\n", "total")
