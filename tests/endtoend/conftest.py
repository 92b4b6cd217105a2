"""A project in a folder of its own and a node that answers from a file."""

from __future__ import annotations

import pytest
from replay import decisions, node


@pytest.fixture
def fill(pytester, tmp_path_factory):
    """Run `pytest --supercharge` in the pytester folder against a replay node; returns (result, decisions)."""

    def run(entries, *args, flag="--supercharge"):
        folder = tmp_path_factory.mktemp("node")
        report = folder / "decisions.json"
        with node(folder, entries) as running:
            result = pytester.runpytest_subprocess(
                flag, "--supercharge-node", running.address, f"--supercharge-json={report}", *args
            )
        return result, decisions(report) if report.exists() else {}

    return run
