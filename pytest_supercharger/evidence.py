"""The record of a decision: what it rests on, written beside the project, replayable without a model.

One JSON file a stub, `.supercharge/evidence/MODULE/QUALNAME.json`. It holds the tests with their source and the hash of
the accepted function, so `--supercharge-check` can run them again years later. It is made to be committed: the same
decision gives the same bytes, and a test that changes changes its own lines.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from pytest_supercharger import fingerprints, marks, parsing, stubs
from pytest_supercharger.domain import Candidate, GeneratedTest, Stub
from pytest_supercharger.errors import SettingsError
from pytest_supercharger.mutation import MutationScore

__all__ = [
    "Record",
    "RecordedTest",
    "as_written",
    "from_text",
    "make",
    "matching",
    "to_text",
]

_VERSION = 4
# The first has no `mutation`, the first two have no `specification` and no `voted`, the first three none of `options`,
# `model_digests`, `settings`, `seeds` and `matrix`, and the source of a test in one piece.
_READ = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTest:
    """A test the accepted candidate passed."""

    name: str
    source: str
    trusted: bool = False
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
    options: Mapping[str, str] = field(default_factory=dict)  # of the marker: name -> source text
    model_digests: tuple[str, ...] = ()  # of the models that answered
    settings: Mapping[str, Any] = field(default_factory=dict)  # that the decision depended on
    seeds: Mapping[str, int] = field(default_factory=dict)  # of the run, and how many questions of each kind
    matrix: Mapping[str, Any] = field(default_factory=dict)  # summary of what candidates and tests came to

    @property
    def known(self) -> fingerprints.Known:
        """By what the function is found again."""
        number = self.stub.rpartition("#")[2] if "#" in self.stub else ""
        return fingerprints.Known(
            qualname=self.qualname,
            number=int(number) if number.isdecimal() else 1,
            function=self.function_hash,
            specification=self.specification,
        )

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
    model_digests: Collection[str] = (),
    settings: Mapping[str, Any] | None = None,
    seeds: Mapping[str, int] | None = None,
    matrix: Mapping[str, Any] | None = None,
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
        tests=_ordered(
            RecordedTest(name=t.name, source=t.source, trusted=t.trusted, asked=t.asked, voted=t.id in voted)
            for t in tests
        ),
        gate=tuple(sorted(gate)),
        wheels=dict(wheels or {}),
        calibration=calibration,
        mutation=mutation,
        specification=found.specification,
        options=marks.texts(stub.options),
        model_digests=tuple(sorted(filter(None, model_digests))),
        settings=dict(settings or {}),
        seeds=dict(seeds or {}),
        matrix=dict(matrix or {}),
    )


def as_written(record: Record, stub: Stub, written: bytes) -> Record:
    """The record of a function as it stands in its file in the end."""
    found = fingerprints.of_node(stubs.locate(parsing.module(written), stub))
    return replace(record, function_hash=found.function)


def _ordered(tests: Iterable[RecordedTest]) -> tuple[RecordedTest, ...]:
    """Examples as the docstring has them, then generated tests by name: when answers came says nothing."""
    return tuple(sorted(tests, key=lambda t: (not t.trusted, *(("", "") if t.trusted else (t.name, t.source)))))


def to_text(record: Record) -> str:
    """The record as it is kept: one JSON object, its keys sorted."""
    document = {"version": _VERSION, **asdict(record), "tests": [*map(_test, record.tests)]}
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def _test(test: RecordedTest) -> dict[str, object]:
    """A test with its source line by line, so that a change of it is read as one."""
    flags = {name: True for name in ("trusted", "asked", "voted") if getattr(test, name)}
    return {"name": test.name, "source": test.source.split("\n"), **flags}


def _recorded(document: dict[str, Any]) -> RecordedTest:
    source = document.pop("source")
    if isinstance(source, list):
        source = "\n".join(source)
    if not isinstance(source, str):
        raise TypeError("a test without source")
    return RecordedTest(source=source, **document)


def from_text(text: str) -> Record:
    """Read what `to_text` made.

    Raises:
        ValueError: it is no such record.
    """
    try:
        document = json.loads(text)
        if document.pop("version") not in _READ:
            raise ValueError("another version")
        document["tests"] = tuple(map(_recorded, document["tests"]))
        document["gate"] = tuple(document["gate"])
        document["model_digests"] = tuple(document.get("model_digests", ()))
        mutation = document.get("mutation")
        document["mutation"] = MutationScore(**mutation) if mutation is not None else None
        return _checked(Record(**document))
    except (AttributeError, TypeError, KeyError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def _checked(record: Record) -> Record:
    """The record, if what is used of it as text and as a path is that."""
    texts = [record.stub, record.module, record.qualname, record.relpath, record.function_hash, record.specification]
    texts += [*record.gate, *record.model_digests, *(test.name for test in record.tests), *record.options.values()]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a text that is none")
    path = PurePosixPath(record.relpath)
    if path.is_absolute() or ".." in path.parts or "\\" in record.relpath:
        raise ValueError(f"the file {record.relpath!r} is not in the project")
    return record


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
