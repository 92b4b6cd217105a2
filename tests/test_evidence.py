"""The record of a decision on disk."""

from __future__ import annotations

import dataclasses
import json

import pytest

from pytest_supercharger import evidence
from pytest_supercharger.domain import MutationScore
from pytest_supercharger.errors import SettingsError, SourceError
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


def specified(text):
    return evidence.specification_hash(text.encode(), "f")


def test_the_specification_is_the_signature_and_the_docstring():
    before = specified("def f(x: int = 1) -> int:\n    'Return x.'\n    return x\n")
    layout = "@cache\ndef f(\n    x: int=1,  # a number\n) -> int:\n    'Return x.'\n    return x + 1\n"
    assert specified(layout) == before
    changed = (
        "def f(x: int = 2) -> int:\n    'Return x.'\n    return x\n",
        "def f(x: float = 1) -> int:\n    'Return x.'\n    return x\n",
        "async def f(x: int = 1) -> int:\n    'Return x.'\n    return x\n",
        "def f(x: int = 1) -> int:\n    'Return x or y.'\n    return x\n",
        "def f(x: int = 1) -> int:\n    return x\n",
    )
    assert before not in [*map(specified, changed)]
    assert specified("x = 1\n") is specified("f = class\n") is None


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
