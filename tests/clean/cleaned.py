"""A module with a stub, and what the cleaning of an answer for it comes to."""

from __future__ import annotations

import ast

from pytest_supercharger.domain import Rejection

MODULE = "import json\nfrom .units import METRE\n\nLIMIT = 3\n\n\nclass Stack:\n    pass\n\n\ndef f(n):\n    ...\n"


def sources(result: list[str] | Rejection) -> list[str]:
    assert isinstance(result, list), result
    for source in result:
        functions = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        assert len([n for n in functions if n.name.startswith("test_")]) == 1
    return result


def reason(result: list[str] | Rejection) -> str:
    assert isinstance(result, Rejection), result
    return result.reason
