"""pytest and the model node as a user starts them: processes of their own, told apart from ours in every way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 300  # seconds, only reached when something is broken


def environment() -> dict[str, str]:
    """This environment without what pytest itself puts there, with the checkout to import from."""
    left_out = ("PYTEST_", "COVERAGE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def pytest_command(*arguments: str, flag: str = "--supercharge") -> list[str]:
    return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", flag, *arguments]


def supercharge(project: Path, *arguments: str, flag: str = "--supercharge") -> subprocess.CompletedProcess[str]:
    """Run to the end; output and errors are one text."""
    return subprocess.run(
        pytest_command(*arguments, flag=flag),
        cwd=project,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
