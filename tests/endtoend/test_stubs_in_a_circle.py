"""Stubs that need each other, through the real client, node, containers and write-back."""

from __future__ import annotations

import pytest
from replay import lines

pytestmark = pytest.mark.docker

PARITY = '''\
from pytest_supercharger import supercharge


@supercharge
def is_even(n: int) -> bool:
    """Return whether n is even: 0 is, and any other n is if `is_odd` says so of the number before abs(n).

    >>> is_even(4)
    True
    >>> is_even(-3)
    False
    """
    raise NotImplementedError


@supercharge
def is_odd(n: int) -> bool:
    """Return whether n is odd: 0 is not, and any other n is if `is_even` says so of the number before abs(n).

    >>> is_odd(3)
    True
    >>> is_odd(-2)
    False
    """
    raise NotImplementedError
'''
EVEN = [
    "def is_even(n: int) -> bool:\n    return n == 0 or is_odd(abs(n) - 1)\n",
    "def is_even(n: int) -> bool:\n    if n == 0:\n        return True\n    return is_odd(abs(n) - 1)\n",
    "def is_even(n: int) -> bool:\n    return True if n == 0 else is_odd(abs(n) - 1)\n",
    "def is_even(n: int) -> bool:\n    before = abs(n) - 1\n    return before < 0 or is_odd(before)\n",
]
ODD = [
    "def is_odd(n: int) -> bool:\n    return n != 0 and is_even(abs(n) - 1)\n",
    "def is_odd(n: int) -> bool:\n    if n == 0:\n        return False\n    return is_even(abs(n) - 1)\n",
    "def is_odd(n: int) -> bool:\n    return False if n == 0 else is_even(abs(n) - 1)\n",
    "def is_odd(n: int) -> bool:\n    before = abs(n) - 1\n    return before >= 0 and is_even(before)\n",
]
NOT_ODD = [
    "def is_odd(n: int) -> bool:\n    return not is_even(abs(n) - 1)\n",
    "def is_odd(n: int) -> bool:\n    return is_even(abs(n) - 2)\n",
]
EVEN_TESTS = [
    "def test_even():\n    assert is_even(2) is True\n    assert is_even(7) is False\n",
    "def test_zero():\n    assert is_even(0) is True\n",
    "def test_large():\n    assert is_even(100) is True\n    assert is_even(-11) is False\n",
]
ODD_TESTS = [
    "def test_odd():\n    assert is_odd(2) is False\n    assert is_odd(7) is True\n",
    "def test_one():\n    assert is_odd(1) is True\n",
    "def test_large():\n    assert is_odd(100) is False\n    assert is_odd(-11) is True\n",
]


@pytest.fixture
def fill_parity(pytester, fill):
    """Fill both, with these codes for `is_odd`."""
    (pytester.path / "parity.py").write_text(PARITY)
    pytester.makepyfile(test_parity="from parity import is_even\n\ndef test_ten():\n    assert is_even(10)\n")

    def run(odd, *, samples):
        entries = lines(codes=EVEN, tests=EVEN_TESTS, stub="parity:is_even")
        entries += lines(codes=odd, tests=ODD_TESTS, stub="parity:is_odd")
        result, decided = fill(entries, "--supercharge-confidence=0.8", f"--supercharge-samples={samples}")
        return result, decided, (pytester.path / "parity.py").read_text()

    return run


def test_two_that_need_each_other_are_filled_together(fill_parity):
    """Some candidates are wrong, and nothing shows it before they are tried with one of the other stub."""
    result, decided, text = fill_parity([NOT_ODD[0], *ODD[:3]], samples=4)
    assert result.ret == 0, result.stdout.str()
    assert {entry["decision"] for entry in decided.values()} == {"accepted"}
    assert decided["parity:is_odd"]["together"] == ["parity:is_even"]
    assert "supercharge" not in text
    assert any(text.endswith(code.partition("\n")[2]) for code in ODD)


def test_two_of_which_no_pair_passes_stay_open_and_say_why(fill_parity):
    result, decided, text = fill_parity(NOT_ODD, samples=4)
    assert result.ret == 1
    assert text == PARITY
    for name, other in (("is_even", "is_odd"), ("is_odd", "is_even")):
        entry = decided[f"parity:{name}"]
        assert entry["decision"] == "abstained"
        assert f"needs parity:{other}, which needs this one; no pair of candidates passes" in entry["reason"]
        assert "(8 tried)" in entry["reason"]
        assert "fails: " in entry["reason"]
