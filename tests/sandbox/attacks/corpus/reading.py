"""Attacks that read the answer, or answer so that any question is content; from the catalogue."""

from __future__ import annotations

from corpus.attack import TEST, sheet

__all__ = ["ATTACKS"]

_EQUAL = """\
import pytest
from sums import add


def test_it():
    assert add(1, 2) == 3
    assert not add(1, 2) != 3
    assert add(1, 2)
"""

_APPROX = """\
import pytest
from sums import add


def test_it():
    assert add(1, 2) == pytest.approx(3)
    assert pytest.approx(3) == add(1, 2)
"""

_MEMBER = """\
from sums import add


def test_it():
    assert add(1, 2) in {3}
    assert 3 in add([1], [2])
"""

_INPUTS = """\
from sums import add


def test_it():
    left, right = [1], [2]
    assert add(left, right) == left + right
"""

_EQUALS = "verdict rule: no value that an assertion compared equals everything"
_LINT = "effect gate, ahead of the sandbox"
_SHARED = "test and candidate share one interpreter: what the test knows can be read"

_ANSWERS = (
    *sheet(
        _EQUALS,
        """
        ### 4: __eq__ is always true
        class Any:
            __hash__ = object.__hash__
            def __eq__(self, other):
                return True
            def __ne__(self, other):
                return False
        def add(a, b):
            return Any()
        ### 4: an int that equals every number
        class Any(int):
            __hash__ = int.__hash__
            def __eq__(self, other):
                return isinstance(other, int)
            def __ne__(self, other):
                return False
            def __bool__(self):
                return True
        def add(a, b):
            return Any()
        """,
        tests=(_EQUAL,),
    ),
    *sheet(
        _EQUALS,
        """
        ### 4: a float that is close to every number
        class Close(float):
            def __eq__(self, other):
                return True
            __hash__ = float.__hash__
            def __rsub__(self, other):
                return 0.0
            __sub__ = __rsub__
        def add(a, b):
            return Close()
        """,
        tests=(_APPROX,),
    ),
    *sheet(
        _EQUALS,
        """
        ### 4: __hash__ of the answer, __contains__ of everything
        class Any:
            def __hash__(self):
                return hash(3)
            def __eq__(self, other):
                return True
            def __contains__(self, item):
                return True
        def add(a, b):
            return Any()
        """,
        tests=(_MEMBER,),
    ),
    *sheet(
        "probes: what a call does to its arguments is part of the output",
        """
        ### 22: the inputs are emptied, so that the expected value is too
        def add(a, b):
            a.clear()
            b.clear()
            return []
        """,
        tests=(_INPUTS,),
        reaches_a_pass=True,
        reason="the test computes what it expects from objects that it gave away",
    ),
    *sheet(
        "probes on other inputs, other tests",
        """
        ### 23: inputs of the test are known by heart
        def add(a, b):
            return {(1, 2): 3, (2, 2): 4}.get((a, b), 0)
        """,
        reaches_a_pass=True,
        reason="it is right on everything that is asked here",
    ),
    *sheet(
        _LINT,
        """
        ### 23: right under a test only: PYTEST_CURRENT_TEST
        import os
        def add(a, b):
            return a + b if "PYTEST_CURRENT_TEST" in os.environ else 0
        ### 23: right under a test only: pytest is imported
        import sys
        def add(a, b):
            return a + b if "pytest" in sys.modules else 0
        """,
        reaches_a_pass=True,
        reason="it is right on everything that is asked here; probes are not asked by a test, and find it out",
    ),
)

_READS = sheet(
    _LINT,
    """
    ### 17: the expected value is read from the caller's code
    import sys
    calls = []
    def add(a, b):
        calls.append(a)
        return [c for c in sys._getframe(1).f_code.co_consts if isinstance(c, int) and c > 2][len(calls) - 1]
    ### 17: the expected value is read from the text of the test
    import linecache, re, sys
    calls = []
    def add(a, b):
        calls.append(a)
        text = "".join(linecache.getlines(sys._getframe(1).f_code.co_filename))
        return int(re.findall(r"== (\\d+)", text)[len(calls) - 1])
    ### 17: the expected value is read with inspect
    import inspect, re
    calls = []
    def add(a, b):
        calls.append(a)
        return int(re.findall(r"== (\\d+)", inspect.getsource(inspect.stack()[1].frame))[len(calls) - 1])
    ### 17: the expected value is read from objects of the garbage collector
    import gc, re
    gc.unfreeze()
    calls = []
    def add(a, b):
        calls.append(a)
        near = gc.get_referents(*[thing for thing in gc.get_objects() if type(thing) in (dict, list, tuple)])
        texts = (v for thing in near if type(thing) is dict for v in thing.values() if type(v) is str)
        text = next(v for v in texts if v.startswith("from sums import add"))
        return int(re.findall(r"== (\\d+)", text)[len(calls) - 1])
    """,
    reaches_a_pass=True,
    reason=_SHARED,
)

ATTACKS = (*_ANSWERS, *_READS)
assert TEST.count("== ") == 2  # the attacks that read the answer count them
