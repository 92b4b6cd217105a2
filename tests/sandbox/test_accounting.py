"""What the kernel counts for a container, as both versions of cgroups write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_supercharger.sandbox.inside import accounting

V1_MEMORY = "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"
V2_MEMORY = "low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 0\n"


@pytest.mark.parametrize("text", [V1_MEMORY, V2_MEMORY])
def test_killed_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (tmp_path / "here").write_text(text)
    monkeypatch.setattr(accounting, "_OOM_FILES", (str(tmp_path / "missing"), str(tmp_path / "here")))
    assert accounting.oom_kills() == 2
    assert accounting.counts_ooms()


def test_refused_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").write_text("max 5\n")
    monkeypatch.setattr(accounting, "_PIDS_FILES", (str(tmp_path / "missing"), str(tmp_path / "here")))
    assert accounting.refused_forks() == 5


def test_a_kernel_that_counts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_OOM_FILES", "_PIDS_FILES"):
        monkeypatch.setattr(accounting, name, (str(tmp_path / "missing"),))
    assert accounting.oom_kills() == accounting.refused_forks() == 0
    assert not accounting.counts_ooms()
