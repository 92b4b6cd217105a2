"""Number 46: tests that want to know how often they have run, to tell a reference from a mutant."""

from __future__ import annotations

from corpus.attack import GOOD, sheet
from pytest_supercharger.domain import Verdict

__all__ = ["ATTACKS"]

_COUNTS = """\
import contextlib, os
from sums import add


def test_it():
    for folder in ("/tmp", "/dev/shm", "/var/tmp", "/run/lock", "/dev/mqueue"):
        if os.access(folder, os.W_OK):
            name = os.path.join(folder, "count")
            assert not os.path.exists(name)
            with contextlib.suppress(OSError), open(name, "w"):
                pass
    assert "count" not in os.environ
    os.environ["count"] = "1"
    assert add(1, 2) == 3
"""

# The test is the attacker here; a right candidate has to pass it as often as it is asked.
_COUNTERS = sheet(
    "wipe: every writable folder is emptied when the job is dead; fork",
    "### 46: a test that fails when it has run before\n" + GOOD,
    tests=(_COUNTS,),
    expected=frozenset({Verdict.PASS}),
    after=_COUNTS,
)

_PIDS = """\
import os
from sums import add


def test_it():
    assert os.getpid() % 2 in (0, 1) and add(1, 2) == 3
    assert float(open("/proc/uptime").read().split()[0]) > 0
"""

_CLOCKS = sheet(
    "nothing: process ids and the time since boot tell how many jobs came before",
    "### 46: a test that reads its process id and the uptime\n" + GOOD,
    tests=(_PIDS,),
    reaches_a_pass=True,
    reason="docs/sandbox.md: side channels; generated tests vote and do not decide, and an acceptance runs in another order",
)

ATTACKS = (*_COUNTERS, *_CLOCKS)
