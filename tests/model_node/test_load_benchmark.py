"""`benchmarks/load` in small: a real node process, clients that stay and clients that vanish."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LOAD = Path(__file__).parents[2] / "benchmarks" / "load"


def test_a_node_under_load_answers_who_stays_and_keeps_nothing_of_who_vanishes() -> None:
    command = [sys.executable, LOAD, "--tiny", "--clients", "24", "--tokens", "8", "--max-queued", "16"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout
    for manner in ("cancels: VANISHED", "closes its connection: VANISHED", "is killed: KILLED", "stays: OK"):
        assert manner in done.stdout
    assert " 0 refusals" not in done.stdout.partition("SIGTERM")[0]
    assert done.stdout.count("PASS") == 8
