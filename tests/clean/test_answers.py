"""Real-looking answers of models and what has to become of each; the answers are in `cases/`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest
from answer_cases import Case, cases

from pytest_supercharger.clean._syntax import indent_code
from pytest_supercharger.clean.candidate import clean
from pytest_supercharger.clean.tests import clean_tests
from pytest_supercharger.domain import FinishReason, GeneratedTest, Rejection, StubKind

if TYPE_CHECKING:
    from tests.clean.conftest import MakeAnswer, MakeStub

MODULE = """\
import re
from datetime import datetime
from pytest_supercharger import supercharge

LIMIT = 10


class Cart:
    def __init__(self):
        self.items = []

    @supercharge
    def total(self, rate=0.2):
        '''Sum.'''


@supercharge
def f(n: int) -> int:
    '''What it does.'''
"""

CODE = [case for file in ("extraction", "chatter", "pruning", "imports", "seed") for case in cases(file)]
TESTS = cases("suites")


def by_name(case: Case) -> str:
    return case.name


def tree(body: str) -> str:
    """Statements of a function, comparable whatever their layout."""
    return ast.dump(ast.parse("async def _():\n" + indent_code(body, "    ")))


@pytest.fixture
def asked(make_stub: MakeStub):
    def make(case: Case):
        return make_stub(
            case.get("signature", "def f(n: int) -> int"),
            case.get("qualname"),
            kind=StubKind(case.get("kind", "function")),
            docstring=case.get("docstring", "What it does."),
        )

    return make


@pytest.mark.parametrize("case", CODE, ids=by_name)
def test_code(case: Case, asked, answer: MakeAnswer) -> None:
    finish = FinishReason(case.get("finish", "eos"))
    result = clean(answer(case["answer"], finish), asked(case), case.get("module", MODULE))
    if "rejected" in case.fields:
        assert isinstance(result, Rejection), result
        assert f"{result.reason}: {result.detail}".startswith(case["rejected"])
        return
    assert not isinstance(result, Rejection), result
    first = result[0]
    assert tree(first.body) == tree(case["body"]), first.body
    comments = [line.strip() for line in case["body"].split("\n") if line.strip().startswith("#")]
    assert [line.strip() for line in first.body.split("\n") if line.strip().startswith("#")] == comments
    assert first.imports == tuple(case.get("imports").split("\n") if case.get("imports") else ())
    assert "\n\n".join(helper.strip("\n") for helper in first.helpers) == case.get("helpers")


@pytest.mark.parametrize("case", TESTS, ids=by_name)
def test_tests(case: Case, asked, answer: MakeAnswer) -> None:
    finish = FinishReason(case.get("finish", "stop"))
    result = clean_tests(answer(case["answer"], finish), asked(case), case.get("module", MODULE))
    if "rejected" in case.fields:
        assert isinstance(result, Rejection), result
        assert f"{result.reason}: {result.detail}".startswith(case["rejected"])
        return
    assert not isinstance(result, Rejection), result
    sources = [part.source for part in result if isinstance(part, GeneratedTest)]
    assert "\n\n".join(source.strip("\n") for source in sources) == case["tests"]
