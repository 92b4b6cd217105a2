"""Tests of ours that run in the process of a candidate's tests and whose outcome only the host knows.

Code that makes every test pass makes a failing canary pass, and code that picks its tests has to tell these from them.
"""

from __future__ import annotations

import random
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pytest_supercharger.domain import GeneratedTest

__all__ = ["Canary", "Flock"]

_SIZE = 12  # different ones a sandbox, so that slots compile them once
_SHARE = 0.1  # of the processes without anything suspicious
_SUSPICIOUS = re.compile(
    rb"\b(?:_pytest|pytest|pluggy|unittest|builtins|gc|inspect|ctypes|atexit|importlib|settrace|setprofile|_getframe"
    rb"|currentframe|tb_frame|f_back|_supercharger|exc_info|modules|monitoring|__(?:eq|ne|hash|contains|code|globals|builtins|subclasses|import)__)\b"
)
_TEMPLATES = (
    "def test_{name}():\n    {a} = {x}\n    assert {a} + {y} == {z}\n",
    "import pytest\n\n\n@pytest.fixture\ndef {a}():\n    return {x}\n\n\n"
    "def test_{name}({a}):\n    assert {z} - {a} == {y}\n",
    "def {a}(value):\n    return value + {y}\n\n\ndef test_{name}():\n    assert {a}({x}) == {z}\n",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A test and whether it passes."""

    test: GeneratedTest
    passes: bool


class Flock:
    """The canaries of one sandbox; `seed` is for tests."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(secrets.randbits(128) if seed is None else seed)
        self._canaries = [self._make(passes=number % 2 == 0) for number in range(_SIZE)]

    def draw(self, overlay: Mapping[str, bytes]) -> tuple[Canary, ...]:
        """One that passes and one that fails, in any order: for suspicious candidates, and now and then for others."""
        if not suspicious(overlay.values()) and self._random.random() >= _SHARE:
            return ()
        pair = [self._random.choice(self._canaries[first::2]) for first in (0, 1)]
        self._random.shuffle(pair)
        return tuple(pair)

    def mix(self, tests: Iterable[GeneratedTest], canaries: Iterable[Canary]) -> list[GeneratedTest]:
        """The tests in their order, with the canaries anywhere between them."""
        mixed = list(tests)
        for canary in canaries:
            mixed.insert(self._random.randint(0, len(mixed)), canary.test)
        return mixed

    def _make(self, *, passes: bool) -> Canary:
        x, y = self._random.randint(2, 999), self._random.randint(2, 999)
        z = x + y if passes else x + y + self._random.randint(1, 99)
        name, a = (self._word() for _ in range(2))
        template = self._random.choice(_TEMPLATES)
        source = template.format(name=name, a=a, x=x, y=y, z=z)
        return Canary(test=GeneratedTest(id=f"canary-{name}", name=f"test_{name}", source=source), passes=passes)

    def _word(self) -> str:
        return "".join(self._random.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(8))


def suspicious(sources: Iterable[bytes]) -> bool:
    """Whether a text mentions what code that forges results is made of; it may as well be harmless."""
    return any(_SUSPICIOUS.search(source) for source in sources)
