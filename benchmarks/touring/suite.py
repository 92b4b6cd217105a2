"""Runs a project's own tests on the host, as they are, and reads what came of each."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from touring.fetching import Place, TourError

__all__ = ["calls", "quick", "read", "run", "told", "worse"]

_SECONDS = 600
_RECORDING = 600.0
_ENDING = 30.0  # to write down what is known when the time is over
_QUICK = 60.0  # what a suite may take: the sandbox runs it, or parts of it, dozens of times
_A_TEST = 0.005  # seconds beside its own time
_QUIET = (
    "-q",
    "-p",
    "no:cacheprovider",
    "-o",
    "console_output_style=classic",
    "-o",
    "junit_family=xunit1",
    "--continue-on-collection-errors",
)

Results = Mapping[str, str]  # test -> passed, failed, error or skipped


def run(
    place: Place, *options: str, env: Mapping[str, str] | None = None, log: str, seconds: float = _SECONDS
) -> Results:
    """The results of one run of the project's suite in the copy to work in, as far as it came in that time.

    Raises:
        TourError: pytest gave no results.
    """
    junit = place.folder / f"{log}.xml"
    junit.unlink(missing_ok=True)
    command = [str(place.python), "-m", "pytest", *_QUIET, f"--junitxml={junit}", *options, *place.recipe.tests]
    with (place.folder / f"{log}.log").open("w") as file:
        suite = subprocess.Popen(
            command,
            cwd=place.work,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(env or {})},
            stdout=file,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        try:
            _wait(suite, seconds)
        except subprocess.TimeoutExpired:
            raise TourError(f"the suite of {place.name} takes more than {seconds:g} s") from None
    if not junit.is_file():
        raise TourError(f"pytest gave no results for {place.name}; see {file.name}")
    return read(junit)


def _wait(suite: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait for a run; one that is too long is asked to end with what it has.

    Raises:
        subprocess.TimeoutExpired: it does not.
    """
    try:
        suite.wait(seconds)
    except subprocess.TimeoutExpired:
        suite.send_signal(signal.SIGINT)
        try:
            suite.wait(_ENDING)
        finally:
            suite.kill()


def quick(place: Place, log: str) -> tuple[str, ...]:
    """The files to run of a suite that takes too long: the shortest of them; none for one that does not."""
    seconds = Counter[str]()
    for case in ET.parse(place.folder / f"{log}.xml").getroot().iter("testcase"):
        seconds[case.get("file") or ""] += float(case.get("time") or 0) + _A_TEST
    files = sorted((path for path in seconds if (place.work / path).is_file()), key=lambda path: seconds[path])
    if seconds.total() <= _QUICK or not files:
        return ()
    sums = itertools.accumulate(seconds[path] for path in files)
    return tuple(path for path, so_far in zip(files, sums, strict=True) if so_far <= _QUICK) or (files[0],)


def calls(place: Place) -> dict[str, Any]:
    """What the recording plugin noted in one run of the suite."""
    path = place.folder / "calls.json"
    path.unlink(missing_ok=True)
    here = str(Path(__file__).resolve().parent)
    env = {"TOURING_CALLS": str(path), "PYTHONPATH": here}
    run(place, "-p", "touring_recorder", env=env, log="recording", seconds=_RECORDING)
    if not path.is_file():
        raise TourError(f"no calls were recorded for {place.name}; see {place.folder / 'recording.log'}")
    return dict(json.loads(path.read_text("utf-8")))


def read(junit: Path) -> Results:
    """The tests of a JUnit file."""
    results = {}
    for case in ET.parse(junit).getroot().iter("testcase"):
        kinds = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        results[f"{case.get('classname')}::{case.get('name')}"] = kinds[0] if kinds else "passed"
    return results


def told(results: Results) -> str:
    """A run in a few words."""
    counts = Counter(results.values())
    return f"{counts['passed']}/{len(results) - counts['skipped']}"


def worse(before: Results, after: Results) -> list[str]:
    """The tests that passed and do not any more."""
    return sorted(test for test, kind in before.items() if kind == "passed" and after.get(test) != "passed")
