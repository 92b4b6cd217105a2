"""Evidence and files together: a write that fails leaves both as they were."""

from __future__ import annotations

import dataclasses

import pytest

from pytest_supercharger import evidence, shelf, writing
from pytest_supercharger.domain import Candidate, Decision, Outcome, SourceFile
from pytest_supercharger.errors import SourceError
from pytest_supercharger.stubs import find
from pytest_supercharger.writeback import files

TEXT = b'from pytest_supercharger import supercharge\n\n\n@supercharge\ndef one():\n    """Return 1."""\n    ...\n'
NEW = b"def one():\n    return 1\n"


def prepared(root):
    """The file of an accepted function, its record, and what writes both."""
    path = root / "m.py"
    path.write_bytes(TEXT)
    (stub,) = find(SourceFile(path=path, relpath="m.py", module="m", data=TEXT))
    candidate = Candidate(id="new", text_id="new", body="return 1\n")
    facts = {"probability": 0.97, "model": "m", "candidates": 1, "samples": 1, "tests": [], "gate": ["t.py::t"]}
    record = evidence.make(stub, candidate, NEW, **facts)
    outcome = Outcome(stub=stub, decision=Decision.ACCEPTED, reason="all agree", candidate=candidate)
    change = files.Change(path=path, old_sha256=files.sha256(TEXT), new=NEW)
    return path, record, lambda: writing.write(root, [change], [outcome], {stub.id: record}, tell=lambda *_: None)


@pytest.mark.parametrize("known", [False, True])
def test_a_function_whose_file_cannot_be_written_keeps_its_evidence(tmp_path, known):
    path, record, write = prepared(tmp_path)
    if known:
        shelf.save(tmp_path, dataclasses.replace(record, candidate_id="old"))
    path.write_bytes(TEXT + b"# changed meanwhile\n")
    with pytest.raises(SourceError, match="changed on disk"):
        write()
    assert [kept.candidate_id for kept in shelf.load_all(tmp_path)] == ["old"] * known


@pytest.mark.parametrize(
    ("error", "raised"),
    [(OSError(28, "No space left on device"), SourceError), (KeyboardInterrupt(), KeyboardInterrupt)],
)
def test_a_write_that_breaks_off_keeps_it_too(tmp_path, monkeypatch, error, raised):
    path, record, write = prepared(tmp_path)
    shelf.save(tmp_path, dataclasses.replace(record, candidate_id="old"))

    def fail(self, fd, data):
        raise error

    monkeypatch.setattr(files.RealFiles, "write", fail)
    with pytest.raises(raised):
        write()
    assert path.read_bytes() == TEXT
    assert [kept.candidate_id for kept in shelf.load_all(tmp_path)] == ["old"]
