"""A project with one stub, and a sandbox that agrees or does not, for tests of the plugin as a whole."""

from __future__ import annotations

import sys

import pytest
from calc_project import TEST, write
from fakes import CODES, STUB, TESTS, FakeGenerator, agreeable, disagreeable, install


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Modules of one inner run must not be seen by the next; nothing is inherited from the run that runs us."""
    monkeypatch.delenv("PYTEST_SUPERCHARGE_FILLED", raising=False)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name in {"calc", "conftest", "test_calc"}:
            del sys.modules[name]


@pytest.fixture
def generator():
    return FakeGenerator(code=CODES, test=TESTS)


@pytest.fixture
def accepting(monkeypatch, generator):
    sandbox = agreeable()
    install(monkeypatch, sandbox, generator)
    return sandbox


@pytest.fixture
def refusing(monkeypatch, generator):
    sandbox = disagreeable()
    install(monkeypatch, sandbox, generator)
    return sandbox


@pytest.fixture
def project(pytester):
    write(pytester, calc=STUB, test_calc=TEST)
    return pytester
