"""Evidence of a function that was accepted with a fetched distribution is checked with it, where that is allowed."""

from __future__ import annotations

import io
from contextlib import nullcontext

import pytest

from pytest_supercharger import checking, evidence, session
from pytest_supercharger.project import Project
from pytest_supercharger.reporting import Reporter
from pytest_supercharger.sandbox.fake import FakeSandbox

SOURCE = b"import yaml\n\n\ndef f(x):\n    return yaml.safe_load(x)\n"


def record(wheels):
    return evidence.Record(
        stub="m:f",
        module="m",
        qualname="f",
        relpath="m.py",
        function_hash=evidence.function_hash(SOURCE, "f"),
        candidate_id="c",
        probability=0.97,
        model="scripted",
        candidates=1,
        samples=1,
        tests=(evidence.RecordedTest(name="test_f", source="def test_f(): pass\n", trusted=True),),
        gate=(),
        wheels=wheels,
    )


@pytest.mark.parametrize(
    ("wheels", "install", "fetched"),
    [({"a.whl": "0"}, ["PyYAML"], [("PyYAML",)]), ({"a.whl": "0"}, [], []), ({}, ["PyYAML"], [])],
)
def test_what_a_function_was_accepted_with_is_fetched_where_that_is_allowed(tmp_path, wheels, install, fetched):
    (tmp_path / "m.py").write_bytes(SOURCE)
    evidence.save(tmp_path, record(wheels))
    sandbox = FakeSandbox()
    sandbox.lacking = frozenset({"yaml"})
    said = io.StringIO()
    work = session.find(Project.discover(tmp_path, norecurse=[], pythonpath=[]))
    assert checking.check(work, lambda: nullcontext(sandbox), Reporter(said), install)
    assert [asked for kind, _, asked in sandbox.calls if kind == "install"] == fetched
    assert ("allow it with --supercharge-install PyYAML" in said.getvalue()) == (bool(wheels) and not install)
