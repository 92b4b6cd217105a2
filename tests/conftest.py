"""Marks this folder for the import path: tests of every package share the modules beside this file."""

from __future__ import annotations

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

# Tests never time anything: how long an example takes says how busy the machine is.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def state(tmp_path_factory):
    """A state folder of the tests' own: fits that somebody has stored on this machine have no say here."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("state")
        patch.setenv("SUPERCHARGER_STATE", str(folder))
        yield folder
