"""One project, whole: its suite, its calls, its stubs, the run that fills them, and what came of it."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_supercharger import effects, stubs
from pytest_supercharger.clean.candidate import clean
from pytest_supercharger.domain import Answer, Candidate, FinishReason, SourceFile
from pytest_supercharger.importing import is_test_file
from pytest_supercharger.project import Project
from touring import answers, choosing, judging, marking, suite
from touring.choosing import Choice
from touring.fetching import Place, TourError

__all__ = ["Options", "visit"]

_NORECURSE = ("*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}", "docs", "tests")
_DOCTESTS = "[pytest]\naddopts = --doctest-modules --doctest-ignore-import-errors\n"
_LEAST_STUBS = 3  # of documented functions; where there are fewer, others are taken as well
_BARE = "also functions without a docstring"
_SECONDS = 7200
_SUITE_SECONDS = 1800.0  # a stub may wait for the others' suites


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What all projects of a tour share; without `nodes` and `live` the original bodies are replayed."""

    count: int
    seed: int
    nodes: tuple[str, ...] = ()
    live: bool = False
    more: tuple[str, ...] = ()  # options for pytest

    @property
    def replays(self) -> bool:
        """Whether the answers are known."""
        return not (self.nodes or self.live)


def visit(place: Place, options: Options) -> dict[str, Any]:
    """What came of one project, as a row of the results.

    Raises:
        TourError: it has no result.
    """
    place.renew()
    before = _before(place)
    files = _files(place.work)
    picked, left_out = _chosen(files, _calls(place, files), options)
    if len(picked) < _LEAST_STUBS:
        place.recipe = dataclasses.replace(place.recipe, note=", ".join([*filter(None, [place.recipe.note]), _BARE]))
        picked, left_out = _chosen(files, _calls(place, files, everything=True), options, everything=True)
    if not picked:
        known = f"{suite.told(before)} of them pass"
        raise TourError(f"{place.name} has no function that its tests call with values that can be written; {known}")
    picked, files = choosing.described(picked, files)
    originals = _stub(place, picked, files)
    begin = time.monotonic()
    after, decisions = _fill(place, picked, originals, options)
    seconds = time.monotonic() - begin
    return {
        "stubs": [f"{choice.stub_id} ({choice.found.kind})" for choice in picked],
        "left_out": dict(left_out),
        "filled": [line["stub"] for line in decisions if line["decision"] == "accepted"],
        "open": {line["stub"]: line["reason"] for line in decisions if line["decision"] != "accepted"},
        "wrong": (_strangers if options.replays else _wrong)(place, picked, originals, decisions),
        "before": suite.told(before),
        "after": suite.told(after),
        "worse": suite.worse(before, after),
        "outside": _outside(place, picked, originals, decisions),
        "note": place.recipe.note,
        "seconds": round(seconds, 1),
    }


def _before(place: Place) -> suite.Results:
    """What the suite, or the part of it that is quick enough, comes to as it is."""
    before = suite.run(place, log="before")
    if not before:
        # Doctests are tests that a project may have in any case.
        (place.source / "pytest.ini").write_text(_DOCTESTS, encoding="utf-8")
        place.recipe = dataclasses.replace(place.recipe, note="its sdist has no tests; its doctests")
        place.renew()
        before = suite.run(place, log="before")
    tests = suite.quick(place, log="before")
    if tests:
        place.recipe = dataclasses.replace(
            place.recipe, tests=tests, note=f"the {len(tests)} shortest of its test files"
        )
        before = suite.run(place, log="before")
    return before


def _files(work: Path) -> dict[str, tuple[str, bytes]]:
    """The project's own code: path -> module and bytes."""
    project = Project.discover(work, norecurse=_NORECURSE, pythonpath=[], search_path=[])
    found = {}
    for path in project.files:
        if not is_test_file(path) and "tests" not in path.relative_to(work).parts:
            data = path.read_bytes()
            with contextlib.suppress(SyntaxError, ValueError):  # a file for another Python
                ast.parse(data)
                found[path.relative_to(work).as_posix()] = (project.rules.module_name(path), data)
    return found


def _calls(place: Place, files: Mapping[str, tuple[str, bytes]], *, everything: bool = False) -> dict[str, Any]:
    for relpath, (_, data) in files.items():
        (place.work / relpath).write_bytes(marking.instrumented(data, everything=everything))
    try:
        return suite.calls(place)
    finally:
        place.renew()


def _chosen(
    files: Mapping[str, tuple[str, bytes]], calls: Mapping[str, Any], options: Options, *, everything: bool = False
) -> tuple[list[Choice], Counter[str]]:
    """The stubs, and why other functions, documented ones or all, are none."""
    able, reasons = [], Counter[str]()
    for relpath, (module, data) in files.items():
        for found in marking.functions(data):
            if not (found.documented or everything):
                continue
            known = calls.get(f"{module}:{found.qualname}", {"tests": [], "calls": []})
            tests = frozenset(known["tests"])
            choice = Choice(module=module, relpath=relpath, found=found, calls=known["calls"], tests=tests)
            why = choosing.left_out(known)
            if not why and _needs_allowing(choice, data):
                why = "its own body needs --supercharge-allow"
            if why:
                reasons[why] += 1
            else:
                able.append(choice)
    return choosing.chosen(able, options.count, options.seed), reasons


def _needs_allowing(choice: Choice, data: bytes) -> bool:
    found = choice.found
    marked = marking.marked(data, {found.qualname: "..."})
    source = SourceFile(path=Path(choice.relpath), relpath=choice.relpath, module=choice.module, data=marked)
    stub = next((stub for stub in stubs.find(source) if stub.qualname == found.qualname), None)
    if stub is None:
        return False  # the run will tell why
    text = answers.codes(data, found)[0]
    cleaned = clean(Answer(sample_index=0, text=text, finish_reason=FinishReason.EOS), stub, stubs.plain_text(source))
    if not isinstance(cleaned, tuple):
        return False
    candidate: Candidate = cleaned[0]
    return bool(effects.undeclared(candidate, marked, allow=frozenset(), stub=stub))


def _stub(place: Place, picked: Sequence[Choice], files: Mapping[str, tuple[str, bytes]]) -> dict[str, bytes]:
    """Write the stubs; the files as they were."""
    originals = {}
    for relpath in dict.fromkeys(choice.relpath for choice in picked):
        originals[relpath] = files[relpath][1]
        (place.work / relpath).write_bytes(marking.marked(originals[relpath], _placeholders(picked, relpath)))
    return originals


def _placeholders(picked: Sequence[Choice], relpath: str) -> dict[str, str]:
    return {
        choice.found.qualname: choosing.placeholder(number, choice.found)
        for number, choice in enumerate(picked)
        if choice.relpath == relpath
    }


def _fill(
    place: Place, picked: Sequence[Choice], originals: Mapping[str, bytes], options: Options
) -> tuple[suite.Results, list[dict[str, Any]]]:
    report = place.folder / "decisions.json"
    report.unlink(missing_ok=True)
    gates = [f"--supercharge-gate={path}" for path in place.recipe.tests]
    more = [f"--supercharge-seed={options.seed}", f"--supercharge-time={_SUITE_SECONDS:g}", *gates, *options.more]
    with _node(place, picked, originals) if options.replays else contextlib.nullcontext(options.nodes) as nodes:
        asked = [f"--supercharge-node={node}" for node in nodes]
        try:
            after = suite.run(
                place, "--supercharge", f"--supercharge-json={report}", *more, *asked, log="filling", seconds=_SECONDS
            )
        except TourError:
            if not report.is_file():
                raise
            after = suite.run(place, log="after")  # a part of pytest itself: the run that fills it has no tests
        finally:
            problem = _last_words(place.folder / "filling.log")
    if not report.is_file():
        raise TourError(f"nothing was decided: {problem}")
    return after, json.loads(report.read_text("utf-8"))["stubs"]


def _last_words(log: Path) -> str:
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    return next((line for line in reversed(lines) if "ERROR" in line or "supercharge" in line), "no output")


@contextlib.contextmanager
def _node(place: Place, picked: Sequence[Choice], originals: Mapping[str, bytes]) -> Iterator[tuple[str, ...]]:
    """A node that answers with the original bodies."""
    file = place.folder / "replay.jsonl"
    lines = [
        line
        for choice in picked
        for line in answers.lines(choice.stub_id, originals[choice.relpath], choice.found, choice.calls)
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    command = [sys.executable, "-m", "model_node", "--engine", "replay", "--replay", str(file), "--port", "0"]
    log = (place.folder / "node.log").open("w")
    node = subprocess.Popen(
        [*command, "--exit-with-parent"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(answers.__file__).parents[2])},
    )  # fmt: skip
    try:
        assert node.stdout is not None
        said = node.stdout.readline()
        if "listening on " not in said:
            raise TourError(f"the replay node does not start; see {log.name}")
        yield (said.rpartition(" ")[2].strip(),)
    finally:
        node.terminate()
        node.wait()
        log.close()


def _accepted(picked: Sequence[Choice], decisions: Sequence[Mapping[str, Any]]) -> list[Choice]:
    names = {line["stub"] for line in decisions if line["decision"] == "accepted"}
    return [choice for choice in picked if choice.stub_id in names]


def _outside(
    place: Place, picked: Sequence[Choice], originals: Mapping[str, bytes], decisions: Sequence[Mapping[str, Any]]
) -> list[str]:
    """The files that differ in more than the bodies that were filled."""
    filled = {choice.stub_id for choice in _accepted(picked, decisions)}
    odd = []
    for relpath, data in originals.items():
        here = [choice for choice in picked if choice.relpath == relpath]
        done = {choice.found.qualname for choice in here if choice.stub_id in filled}
        waiting = {name: text for name, text in _placeholders(picked, relpath).items() if name not in done}
        if marking.differs_outside(marking.marked(data, waiting), (place.work / relpath).read_bytes(), done):
            odd.append(relpath)
    return odd


def _wrong(
    place: Place, picked: Sequence[Choice], originals: Mapping[str, bytes], decisions: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Of what a model wrote: those that do not give what the originals gave."""
    tests = {
        choice.stub_id: answers.tests(choice.calls, choice.found.qualname) for choice in _accepted(picked, decisions)
    }
    try:
        return judging.wrong(place.python, place.work, tests) if tests else []
    except RuntimeError as error:
        raise TourError(f"what was filled cannot be judged: {error}") from None


def _strangers(
    place: Place, picked: Sequence[Choice], originals: Mapping[str, bytes], decisions: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Of replayed stubs: those that were filled with something else than what was answered."""
    wrong = []
    for choice in _accepted(picked, decisions):
        written = (place.work / choice.relpath).read_bytes()
        now = [found for found in marking.functions(written) if found.qualname == choice.found.qualname]
        known = {_dump(ast.parse(text).body[0]) for text in answers.codes(originals[choice.relpath], choice.found)}
        if not now or _dump(now[0].node) not in known:
            wrong.append(choice.stub_id)
    return wrong


def _dump(node: Any) -> str:
    return "".join(map(ast.dump, node.body[1:] if ast.get_docstring(node) else node.body))
