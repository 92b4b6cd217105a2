"""The effects of a body that nothing declares."""

from __future__ import annotations

from pytest_supercharger.domain import Candidate, Stub
from pytest_supercharger.effects import undeclared

MODULE = b"""\
import math

from pytest_supercharger import supercharge

LIMITS = {}

class Cart:
    pass

@supercharge
def total(values):
    raise NotImplementedError
"""


def found(
    body: str = "return 1\n",
    *,
    imports: tuple[str, ...] = (),
    helpers: tuple[str, ...] = (),
    module: bytes = MODULE,
    allow: frozenset[str] = frozenset(),
    stub: Stub | None = None,
) -> tuple[str, ...]:
    candidate = Candidate(id="c", text_id="t", body=body, imports=imports, helpers=helpers)
    return undeclared(candidate, module, allow=allow, stub=stub)
