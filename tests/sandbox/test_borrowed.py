"""A project that pytest itself is made of: pytest starts with it, and jobs run the candidate's version of it."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from zygote_slot import ZygoteSlot

from pytest_supercharger.domain import Verdict
from pytest_supercharger.sandbox.inside import borrowed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.docker
def test_jobs_see_the_projects_own_version_of_what_pytest_is_made_of(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "iniconfig.py").write_text("def double(x):\n    return 0\n")
    test = "import iniconfig\n\n\ndef test_it():\n    assert iniconfig.double(2) == 4\n"
    slot = ZygoteSlot(tmp_path)
    try:
        files = {"src/iniconfig.py": "def double(x):\n    return 2 * x\n", "tests/test_it.py": test}
        (pair,) = slot.gate(files).tests.values()
        assert pair.verdict is Verdict.PASS, pair
    finally:
        slot.close()


def test_pytest_finds_in_the_copy_only_what_it_needs_itself_and_nothing_else_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "meta_path", [PathFinder])
    for name in ("tomli", "shop", "pluggy"):
        (tmp_path / f"{name}.py").touch()
    monkeypatch.setitem(sys.modules, "tomli", None)
    monkeypatch.delitem(sys.modules, "tomli")
    monkeypatch.setattr(sys, "path", [])
    borrowed.lend(str(tmp_path))
    found = find_spec("tomli")
    assert found is not None
    assert found.origin == str(tmp_path / "tomli.py")
    assert find_spec("shop") is None
    borrowed.give_back(str(tmp_path / "none"), [""])
    assert find_spec("tomli") is None
