"""Runs a project's own tests on the host, as they are, and reads what came of each."""

from __future__ import annotations

import json
import os
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from touring.fetching import Place, TourError

__all__ = ["calls", "read", "told", "worse"]

_SECONDS = 900
_RECORDING = 300.0
_QUIET = ("-q", "-p", "no:cacheprovider", "-o", "console_output_style=classic")

Results = Mapping[str, str]  # test -> passed, failed, error or skipped


def run(
    place: Place, *options: str, env: Mapping[str, str] | None = None, log: str, seconds: float = _SECONDS
) -> Results:
    """The results of one run of the project's suite in the copy to work in.

    Raises:
        TourError: pytest gave no results.
    """
    junit = place.folder / f"{log}.xml"
    junit.unlink(missing_ok=True)
    command = [str(place.python), "-m", "pytest", *_QUIET, f"--junitxml={junit}", *options, *place.recipe.tests]
    with (place.folder / f"{log}.log").open("w") as file:
        try:
            subprocess.run(
                command,
                cwd=place.work,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(env or {})},
                stdout=file,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TourError(f"the suite of {place.name} takes more than {seconds:g} s") from None
    if not junit.is_file():
        raise TourError(f"pytest gave no results for {place.name}; see {file.name}")
    return read(junit)


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
