"""The files of a project with one stub: written, and looked at after a run."""

from __future__ import annotations

from fakes import STUB

TEST = "from calc import double\n\ndef test_double():\n    assert double(21) == 42\n"


def write(pytester, **files):
    """Byte-exact, unlike makepyfile."""
    for name, text in files.items():
        (pytester.path / f"{name}.py").write_text(text, encoding="utf-8")


def filled(pytester):
    return "supercharge" not in (pytester.path / "calc.py").read_text()


def untouched(pytester):
    return (pytester.path / "calc.py").read_text() == STUB
