"""Projects on the disk, and what a model answers for them."""

from __future__ import annotations

import textwrap

from commands import supercharge
from replay import decisions, fenced, node

TWICE = '''
    from pytest_supercharger import supercharge


    @supercharge
    def twice(x: int) -> int:
        """Return twice x.

        >>> twice(2)
        4
        >>> twice(-1)
        -2
        """
        raise NotImplementedError
'''
TWICE_CODES = (
    "def twice(x: int) -> int:\n    return 2 * x\n",
    "def twice(x: int) -> int:\n    return x + x\n",
    "def twice(x: int) -> int:\n    return x ** 2\n",
    "def twice(x: int) -> int:\n    result = x\n    return result + x\n",
)
TWICE_TESTS = (
    "def test_twice():\n    assert twice(7) == 14\n    assert twice(10) == 20\n",
    "def test_zero():\n    assert twice(0) == 0\n",
    "def test_negative():\n    assert twice(-5) == -10\n",
)


def write(project, files):
    """Write the files by their paths; texts may be indented."""
    for relpath, text in files.items():
        path = project / relpath
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")


def answers(stub, codes, tests):
    """The lines of a replay file."""
    kinds = [("code", text) for text in codes] + [("test", text) for text in tests]
    return [{"kind": kind, "stub": stub, "text": fenced(textwrap.dedent(text).lstrip("\n"))} for kind, text in kinds]


def fill(folder, project, entries, *, env=None):
    """Fill the project; the run and the decisions. `folder` has room for what is not part of it."""
    report = folder / "decisions.json"
    with node(folder, entries) as running:
        done = supercharge(project, "--supercharge-node", running.address, "--supercharge-json", str(report), env=env)
    return done, decisions(report) if report.exists() else {}


def all_accepted(done, decided, *stubs):
    """Nothing stayed open, and the project's own tests pass."""
    assert done.returncode == 0, done.stdout
    assert {stub: entry["decision"] for stub, entry in decided.items()} == dict.fromkeys(stubs, "accepted")
