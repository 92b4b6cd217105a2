"""Marks this folder for the import path: tests of every package share the modules beside this file."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session", autouse=True)
def state(tmp_path_factory):
    """A state folder of the tests' own: fits that somebody has stored on this machine have no say here."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("state")
        patch.setenv("SUPERCHARGER_STATE", str(folder))
        yield folder
