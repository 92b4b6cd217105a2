"""Tests of ours among those of a candidate: drawn by chance, known to the host alone."""

from __future__ import annotations

import pytest

from pytest_supercharger.domain import GeneratedTest
from pytest_supercharger.sandbox.canaries import Canary, Flock, suspicious
from pytest_supercharger.sandbox.expected import expected_tests

PLAIN = {"mod.py": b"def double(x):\n    return 2 * x\n"}
ODD = {"mod.py": b"import gc\n\n\ndef double(x):\n    return 2 * x\n"}


def outcome(canary: Canary) -> bool:
    """Whether the assertion of a canary, which is code of ours, holds."""
    names: dict[str, object] = {}
    exec(canary.test.source.replace("@pytest.fixture\n", ""), names)
    test = names[canary.test.name]
    try:
        test(*(names[name]() for name in test.__code__.co_varnames[: test.__code__.co_argcount]))
    except AssertionError:
        return False
    return True


def test_a_canary_comes_to_what_is_known_of_it() -> None:
    flock = Flock(0)
    drawn = [canary for _ in range(40) for canary in flock.draw(ODD)]
    assert all(outcome(canary) is canary.passes for canary in drawn)
    assert all(list(expected_tests(canary.test.source)) == [canary.test.name] for canary in drawn)
    assert len({canary.test.source for canary in drawn}) == 12


def test_suspicious_candidates_always_run_beside_one_that_passes_and_one_that_fails() -> None:
    flock = Flock(0)
    draws = [[canary.passes for canary in flock.draw(ODD)] for _ in range(40)]
    assert all(sorted(draw) == [False, True] for draw in draws)
    assert [False, True] in draws
    assert [True, False] in draws


def test_others_do_now_and_then() -> None:
    flock = Flock(0)
    assert 0 < sum(bool(flock.draw(PLAIN)) for _ in range(300)) < 100


def test_no_two_sandboxes_have_the_same() -> None:
    assert {c.test.source for c in Flock().draw(ODD)}.isdisjoint(c.test.source for c in Flock().draw(ODD))


def test_canaries_stand_anywhere_and_tests_keep_their_order() -> None:
    flock, tests = Flock(0), [GeneratedTest(id=str(number), name="t", source=str(number)) for number in range(4)]
    places = set()
    for _ in range(50):
        mixed = flock.mix(tests, flock.draw(ODD))
        assert [test for test in mixed if test in tests] == tests
        places |= {place for place, test in enumerate(mixed) if test not in tests}
    assert places == set(range(6))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"import re\n", False),
        (b"from _pytest.reports import TestReport\n", True),
        (b"class A:\n    def __eq__(self, other): return True\n", True),
        (b"import sys\nsys._getframe()\n", True),
        (b"error.__traceback__.tb_frame.f_back\n", True),
        (b"from _supercharger.inside.running import prebuilt\n", True),
        (b"def settle(x): pass\n", False),
    ],
)
def test_what_is_suspicious(source: bytes, expected: bool) -> None:
    assert suspicious([source]) is expected
