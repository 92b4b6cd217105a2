"""An accepted function can be made a stub again."""

from __future__ import annotations

import inspect

import pytest

from pytest_supercharger.fingerprints import Known
from pytest_supercharger.reopening import reopen

SOURCE = b'''from __future__ import annotations

KEPT = 1


def f(x: int) -> int:
    """Return x."""
    return x


class A:
    @property
    def g(self):
        return 2

    @staticmethod
    async def h(x):
        return x

    def other(self):
        return 3
'''


def known(*names):
    return [Known(qualname=name) for name in names]


def test_of_a_property_the_accessor_that_was_accepted_is_reopened_and_no_other():
    source = b"class A:\n    @property\n    def f(self): return 1\n    @f.setter\n    def f(self, x): self.x = x\n"
    for number, stays, gone in ((1, b"self.x = x", b"return 1"), (2, b"return 1", b"self.x = x")):
        again = reopen(source, [Known(qualname="A.f", number=number)])
        assert stays in again
        assert gone not in again
    assert reopen(source, [Known(qualname="A.f", number=n) for n in (1, 2)]).count(b"NotImplementedError") == 2


def test_what_is_reopened_is_a_stub_again_and_the_rest_stays():
    again = reopen(SOURCE, known("f", "A.g", "A.h"))
    scope = {"__name__": "m"}
    exec(compile(again, "m.py", "exec"), scope)
    assert scope["KEPT"] == 1
    assert scope["A"]().other() == 3
    for call in (lambda: scope["f"](1), lambda: scope["A"]().g):
        with pytest.raises(NotImplementedError, match=r"m:(f|A\.g) is a stub"):
            call()
    with pytest.raises(NotImplementedError, match=r"m:A\.h is a stub"):
        scope["A"].h(1).send(None)


def test_what_is_not_there_or_does_not_parse_changes_nothing():
    assert b"return x" in reopen(SOURCE, known("gone", "A.gone"))
    assert reopen(b"def f(:", known("f")) == b"def f(:"


def test_a_stub_stays_what_it_is_a_generator_or_a_coroutine_and_keeps_its_docstring():
    source = (
        b"def f():\n    'Count.'\n    for n in range(3):\n        yield n\n\n"
        b"async def g():\n    x = yield\n\n"
        b"def h():\n    def inner():\n        yield 1\n    return [*inner()]\n"
    )
    scope = {"__name__": "m"}
    exec(compile(reopen(source, known("f", "g", "h")), "m.py", "exec"), scope)
    assert scope["f"].__doc__ == "Count."
    assert inspect.isgeneratorfunction(inspect.unwrap(scope["f"]))
    assert inspect.isasyncgenfunction(inspect.unwrap(scope["g"]))
    assert not inspect.isgeneratorfunction(inspect.unwrap(scope["h"]))
