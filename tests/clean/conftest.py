"""Short ways to make a stub, an answer, and the tests of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cleaned import MODULE

from pytest_supercharger.clean.tests import clean_tests
from pytest_supercharger.domain import Answer, FinishReason, Rejection, Stub, StubKind

MakeStub = Callable[..., Stub]
MakeAnswer = Callable[..., Answer]


@pytest.fixture(scope="session")
def make_stub() -> MakeStub:
    def make(
        signature: str,
        qualname: str = "",
        *,
        kind: StubKind = StubKind.FUNCTION,
        module: str = "shop.maths",
        docstring: str = "What it does.",
    ) -> Stub:
        name = signature.partition("(")[0].split()[-1]
        return Stub(
            module=module,
            qualname=qualname or name,
            path=Path("/project/shop/maths.py"),
            relpath="shop/maths.py",
            line=1,
            kind=kind,
            is_async=signature.startswith("async"),
            signature=signature,
            docstring=docstring,
        )

    return make


@pytest.fixture(scope="session")
def answer() -> MakeAnswer:
    def make(text: str, finish: FinishReason = FinishReason.EOS) -> Answer:
        return Answer(text=text, finish_reason=finish, sample_index=0)

    return make


@pytest.fixture
def tests_of(make_stub: MakeStub, answer: MakeAnswer):
    def run(text: str, signature: str = "def f(n: int) -> int", **options: object) -> list[str] | Rejection:
        finish = options.pop("finish", FinishReason.STOP)
        result = clean_tests(answer(text, finish), make_stub(signature, **options), MODULE)
        return result if isinstance(result, Rejection) else [test.source for test in result]

    return run
