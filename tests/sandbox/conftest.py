"""The container that the tests of what runs inside share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from zygote_slot import MODULE, ZygoteSlot

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZygoteSlot]:
    """A slot over a project with one module."""
    project = tmp_path_factory.mktemp("project")
    (project / "mod.py").write_text(MODULE)
    slot = ZygoteSlot(project)
    yield slot
    slot.close()
