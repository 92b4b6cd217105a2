"""Inputs for candidates: read from tests, mutated, or made from a signature. Pure: nothing is executed."""

from __future__ import annotations

from pytest_supercharger.probes.fuzz import mutate
from pytest_supercharger.probes.one_pass import one_pass
from pytest_supercharger.probes.reading import from_statements, from_test
from pytest_supercharger.probes.typed import from_signature

__all__ = ["from_signature", "from_statements", "from_test", "mutate", "one_pass"]
