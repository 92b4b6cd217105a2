"""Which functions of a project become stubs: by a seed, of as many kinds and files as there are."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from touring import marking
from touring.marking import Found

__all__ = ["Choice", "chosen", "described", "left_out", "placeholder"]

_LEAST_CALLS = 3  # different ones with a result that can be written: acceptance asks for as many inputs

_PLACEHOLDERS = ("...", "pass", "raise NotImplementedError", 'raise NotImplementedError("to be written")')


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A function that may become a stub."""

    module: str
    relpath: str
    found: Found
    calls: Sequence[Mapping[str, Any]]
    tests: frozenset[str] = frozenset()  # that reach it

    @property
    def stub_id(self) -> str:
        """As the product names it."""
        return f"{self.module}:{self.found.qualname}"


def left_out(known: Mapping[str, Any]) -> str:
    """Why nothing could tell a right body of a function from a wrong one, by what was recorded; "" for no reason."""
    calls = known["calls"]
    if known.get("early"):
        return str(known["early"])
    if not known["tests"]:
        return "no test reaches it"
    if len(calls) < _LEAST_CALLS:
        return "its calls cannot be written as text"
    values = [call for call in calls if call["form"] != "raises"]
    if len(values) < _LEAST_CALLS:
        return "nearly all that can be written raises"
    return "" if len({(call["result"], call.get("after")) for call in values}) > 1 else "its results are all the same"


def chosen(choices: Sequence[Choice], count: int, seed: int) -> list[Choice]:
    """All of them in the order in which they are taken: the kind and the file that had least so far come first.

    Then come those that share the fewest tests with what is taken: stubs on one way would all wait for each other.
    """
    rng = random.Random(seed)
    left = sorted(choices, key=lambda choice: choice.stub_id)
    rng.shuffle(left)
    kinds, files = Counter[str](), Counter[str]()
    taken: list[Choice] = []
    while left and len(taken) < count:
        best = min(left, key=lambda one: (kinds[one.found.kind], files[one.relpath], _shared(one, taken)))
        left.remove(best)
        kinds[best.found.kind] += 1
        files[best.relpath] += 1
        taken.append(best)
    return taken


def described(
    picked: Sequence[Choice], files: Mapping[str, tuple[str, bytes]]
) -> tuple[list[Choice], dict[str, tuple[str, bytes]]]:
    """What was picked, each with a docstring, in files that have it: what a user would have to write."""
    names = {choice.found.qualname for choice in picked}
    paths = {choice.relpath for choice in picked if not choice.found.documented}
    new = {
        path: (module, marking.described(data, names) if path in paths else data)
        for path, (module, data) in files.items()
    }
    found = {(path, one.qualname): one for path in paths for one in marking.functions(new[path][1])}
    return [
        replace(choice, found=found.get((choice.relpath, choice.found.qualname), choice.found)) for choice in picked
    ], new


def _shared(choice: Choice, taken: Sequence[Choice]) -> int:
    return sum(len(choice.tests & other.tests) for other in taken)


def placeholder(number: int, found: Found) -> str:
    """The body of the stub: every way in which one can be written, by turns."""
    text = _PLACEHOLDERS[number % len(_PLACEHOLDERS)]
    return f"{text}\nyield" if found.is_generator and number % 2 else text
