"""The record of a decision: what it rests on, written beside the project, replayable without a model.

One JSON file a stub under `.supercharger/evidence/`. It holds the tests with their source and the hash of the
accepted function, so `--supercharge-check` can run them again years later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from pytest_supercharger import fingerprints, parsing, stubs
from pytest_supercharger.domain import Candidate, GeneratedTest, MutationScore, Stub
from pytest_supercharger.errors import SettingsError, SourceError
from pytest_supercharger.writeback import temporaries

__all__ = ["Record", "RecordedTest", "from_text", "load_all", "make", "matching", "remove", "save", "to_text"]

FOLDER = Path(".supercharger") / "evidence"
_VERSION = 3
_READ = (1, 2, 3)  # the first has no `mutation`, the first two have no `specification` and no `voted`


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTest:
    """A test the accepted candidate passed."""

    name: str
    source: str
    trusted: bool
    asked: bool = False  # its expected output was asked for, on an input on which candidates differed
    voted: bool = False  # it had its full vote


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Why one function was accepted."""

    stub: str
    module: str
    qualname: str
    relpath: str
    function_hash: str  # of the function's AST as it was written
    candidate_id: str
    probability: float
    model: str
    candidates: int
    samples: int
    tests: tuple[RecordedTest, ...]
    gate: tuple[str, ...]  # node ids of the project tests it passed
    wheels: Mapping[str, str] = field(default_factory=dict)  # that were fetched for it: file name -> SHA-256
    calibration: str = ""  # where the probability comes from; "" in records of old
    mutation: MutationScore | None = None  # None where it is not known
    specification: str = ""  # hash of signature and docstring; "" in records of old

    def as_tests(self) -> tuple[GeneratedTest, ...]:
        """The recorded tests, ready to be run."""
        return tuple(
            GeneratedTest(
                id=hashlib.sha256(test.source.encode()).hexdigest()[:16],
                name=test.name,
                source=test.source,
                trusted=test.trusted,
            )
            for test in self.tests
        )


def make(
    stub: Stub,
    candidate: Candidate,
    written: bytes,
    *,
    probability: float,
    model: str,
    candidates: int,
    samples: int,
    tests: Sequence[GeneratedTest],
    gate: Sequence[str],
    wheels: Mapping[str, str] | None = None,
    calibration: str = "",
    mutation: MutationScore | None = None,
    voted: Collection[str] = (),
) -> Record:
    """The record of an acceptance; `written` is the file with the body in it, `voted` ids of tests with a full vote."""
    found = fingerprints.of_node(stubs.locate(parsing.module(written), stub))
    return Record(
        stub=stub.id,
        module=stub.module,
        qualname=stub.qualname,
        relpath=stub.relpath,
        function_hash=found.function,
        candidate_id=candidate.id,
        probability=round(probability, 4),
        model=model,
        candidates=candidates,
        samples=samples,
        tests=tuple(
            RecordedTest(name=t.name, source=t.source, trusted=t.trusted, asked=t.asked, voted=t.id in voted)
            for t in tests
        ),
        gate=tuple(gate),
        wheels=dict(wheels or {}),
        calibration=calibration,
        mutation=mutation,
        specification=found.specification,
    )


def to_text(record: Record) -> str:
    """The record as it is kept: one JSON object."""
    return json.dumps({"version": _VERSION, **asdict(record)}, indent=1) + "\n"


def from_text(text: str) -> Record:
    """Read what `to_text` made.

    Raises:
        ValueError: it is no such record.
    """
    try:
        document = json.loads(text)
        if document.pop("version") not in _READ:
            raise ValueError("another version")
        document["tests"] = tuple(RecordedTest(**test) for test in document["tests"])
        document["gate"] = tuple(document["gate"])
        mutation = document.get("mutation")
        document["mutation"] = MutationScore(**mutation) if mutation is not None else None
        return Record(**document)
    except (AttributeError, TypeError, KeyError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def save(root: Path, record: Record) -> Path:
    """Write the record, whole or not at all; it is on the disk when this returns.

    Raises:
        SourceError: the folder cannot be written.
    """
    path = _path(root, record)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporaries.put(path, to_text(record).encode())
    except OSError as error:
        raise SourceError(f"{path} cannot be written ({error.strerror}); make the folder writable") from None
    return path


def remove(root: Path, record: Record) -> Path:
    """Delete the record.

    Raises:
        SourceError: the folder cannot be written.
    """
    path = _path(root, record)
    try:
        path.unlink()
    except OSError as error:
        raise SourceError(f"{path} cannot be deleted ({error.strerror}); make the folder writable") from None
    return path


def matching(records: Sequence[Record], globs: Sequence[str], *, flag: str) -> tuple[Record, ...]:
    """The records of functions that one of the globs names; every glob has to name one.

    Raises:
        SettingsError: one does not.
    """
    for glob in globs:
        if not any(fnmatchcase(record.stub, glob) for record in records):
            known = ", ".join(record.stub for record in records[:8]) or "no function"
            raise SettingsError(f"{flag} {glob} matches no function with evidence; there is evidence of {known}")
    return tuple(record for record in records if any(fnmatchcase(record.stub, glob) for glob in globs))


def _path(root: Path, record: Record) -> Path:
    return root / FOLDER / f"{record.stub.replace(':', '-')}.json"


def load_all(root: Path) -> tuple[Record, ...]:
    """Every record of the project, by stub id.

    Raises:
        SourceError: a record is damaged.
    """
    folder = root / FOLDER
    return tuple(_load(path) for path in sorted(folder.glob("*.json"))) if folder.is_dir() else ()


def _load(path: Path) -> Record:
    try:
        return from_text(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} is not an evidence record ({error}); delete it or restore it") from None
