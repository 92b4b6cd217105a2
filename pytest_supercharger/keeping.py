"""`--supercharge-save-tests`: generated tests that earned their vote become ordinary tests of the project.

A file is written only where it passes in the sandbox as pytest will run it, and only over what this has written.
"""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_supercharger import evidence, shelf, source
from pytest_supercharger.bench import Bench
from pytest_supercharger.clean import saved
from pytest_supercharger.clean.layout import Style
from pytest_supercharger.domain import Decision, Outcome, Stub, Verdict
from pytest_supercharger.sandbox.base import GateResult, Overlay
from pytest_supercharger.writeback import temporaries

__all__ = ["File", "Place", "prepare", "write"]

_LONGEST = 160  # characters of a reason
_ROUNDS = 3  # of leaving out what does not pass


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A test file that passes and may be written."""

    path: Path
    relpath: str
    module: str
    text: str
    tests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where tests are saved, and how."""

    root: Path
    folder: Path
    style: Style
    allow: frozenset[str]
    say: Callable[[str], None]


def prepare(
    place: Place, stubs: Iterable[Stub], records: Mapping[str, evidence.Record], bench: Bench
) -> tuple[File, ...]:
    """The files for the modules of accepted functions, those accepted earlier included; says what is left out.

    Raises:
        SandboxError: the tests cannot be run.
    """
    accepted = [stub for stub in stubs if stub.id in bench.ledger.accepted()]
    known = {record.stub: record for record in shelf.load_all(place.root)}
    known |= {stub.id: records[stub.id] for stub in accepted}
    files = []
    for module in sorted({stub.module for stub in accepted}):
        stub = next(stub for stub in accepted if stub.module == module)
        own = [record for key, record in sorted(known.items()) if record.module == module]
        file = _file(place, stub, own, bench)
        if file is not None:
            files.append(file)
    return tuple(files)


def write(
    files: Sequence[File], outcomes: Sequence[Outcome], say: Callable[[str], None]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write the files whose functions are written; returns their names, and what went wrong."""
    written = {outcome.stub.module for outcome in outcomes if outcome.decision is Decision.ACCEPTED}
    done: list[str] = []
    problems: list[str] = []
    for file in files:
        if file.module in written:
            try:
                _replace(file)
            except FileExistsError:
                problems.append(f"{file.relpath} came into being meanwhile, so it stays; rename it, then {_step(file)}")
            except OSError as error:
                problems.append(f"{file.relpath} cannot be written ({error.strerror}); see to that, then {_step(file)}")
            else:
                done.append(file.relpath)
                say(f"{file.relpath}: {file.tests} tests saved; they run on this machine from now on, so read them")
    return tuple(done), tuple(problems)


def _file(place: Place, stub: Stub, records: Sequence[evidence.Record], bench: Bench) -> File | None:
    path = place.folder / saved.file_name(stub.module)
    relpath = path.relative_to(place.root).as_posix()
    if path.exists() and not _is_ours(path, stub.module):
        place.say(f"{relpath}: is not as --supercharge-save-tests wrote it, so it stays; rename it to have a new one")
        return None
    overlay = bench.ledger.overlay()
    tests = [*_tests(place, stub, records, overlay, relpath)]
    for _ in range(_ROUNDS):
        text, named = saved.render(stub.module, tests, place.style)
        if not named:
            place.say(f"{relpath}: no generated test is left to be saved")
            return None
        result = bench.splitting.sandbox.gate({**overlay, relpath: text.encode()}, (relpath,))
        failing = {name: why for name in named if (why := _why_not(result, f"{relpath}::{name}"))}
        if not failing:
            return File(path=path, relpath=relpath, module=stub.module, text=text, tests=len(named))
        for name, why in failing.items():
            place.say(f"{relpath}: {name} is not saved, as it does not pass as an ordinary test: {why}")
        tests = [test for name, test in named.items() if name not in failing]
    return None


def _tests(
    place: Place, stub: Stub, records: Sequence[evidence.Record], overlay: Overlay, relpath: str
) -> Iterator[saved.Test]:
    file = place.root / stub.relpath
    data = overlay.get(stub.relpath) or file.read_bytes()
    text = source.decode(data, name=stub.relpath).text
    refused: Counter[str] = Counter()
    for record in records:
        known = replace(stub, qualname=record.qualname)
        for test in record.tests:
            if test.voted and not test.trusted:
                found = saved.read(known, test.name, test.source, text, place.allow)
                if isinstance(found, str):
                    refused[_plain(found)] += 1
                else:
                    yield found
    for why, count in sorted(refused.items()):
        place.say(f"{relpath}: {count} x not saved: {why}")


def _plain(reason: str) -> str:
    """A reason as one line without control characters: parts of it are text of the test."""
    line = " ".join(reason.split())
    return (line if line.isprintable() else ascii(line))[:_LONGEST]


def _why_not(result: GateResult, node: str) -> str:
    """Why a test does not count as passed; "" where it does."""
    if result.problem:
        return result.problem
    pairs = [pair for key, pair in result.tests.items() if key == node or key.startswith(f"{node}[")]
    bad = next((pair for pair in pairs if pair.verdict is not Verdict.PASS), None)
    if bad is not None:
        return bad.detail.strip().partition("\n")[0] or bad.verdict.value
    return "" if pairs else next(iter(result.errors.values()), "it did not run").strip().partition("\n")[0]


def _step(file: File) -> str:
    """What saves the tests when the functions are filled already: an ordinary run would find no stub any more."""
    return f"run pytest --supercharge-redo='{file.module}:*' --supercharge-save-tests"


def _is_ours(path: Path, module: str) -> bool:
    try:
        return not path.is_symlink() and saved.is_ours(path.read_text("utf-8"), module)
    except (OSError, UnicodeError):
        return False


def _replace(file: File) -> None:
    """Put the file there, whole or not at all; where there was none, another one that came meanwhile stays."""
    data = file.text.encode()
    if _is_ours(file.path, file.module):
        temporaries.put(file.path, data, mode=stat.S_IMODE(file.path.stat().st_mode))
    else:
        temporaries.put(file.path, data, new=True)
