"""What counts as doing otherwise, where a project test is to be blamed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pytest_supercharger.domain import Output, OutputKind
from pytest_supercharger.flaky import do_otherwise


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        (Output(kind=OutputKind.VALUE, text="2"), True),
        (Output(kind=OutputKind.EXCEPTION, text="ValueError"), True),
        (Output(kind=OutputKind.VALUE, text="1"), False),
        (Output(kind=OutputKind.INFRA, text="busy"), False),
        (Output(kind=OutputKind.TIMEOUT), False),
        (None, False),
    ],
)
def test_only_results_that_repeat_say_that_two_bodies_do_otherwise(other, differs):
    outputs = {("a", "p"): Output(kind=OutputKind.VALUE, text="1"), ("b", "p"): other}
    assert do_otherwise(SimpleNamespace(probes=["p"], outputs=outputs), "a", "b") is differs
