"""Attacks on probes: a false output is not taken for the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from corpus import outputs
from corpus.trial import probe_problems, probed

if TYPE_CHECKING:
    from corpus.attack import ProbeAttack
    from docker import DockerClient

    from pytest_supercharger.sandbox.docker import DockerSandbox

pytestmark = pytest.mark.docker


@pytest.mark.parametrize(
    "attack", outputs.ATTACKS, ids=[f"{attack.number} {attack.name}" for attack in outputs.ATTACKS]
)
def test_no_output_is_taken_for_another(sandbox: DockerSandbox, client: DockerClient, attack: ProbeAttack) -> None:
    assert probe_problems(attack, *probed(sandbox, client, attack)) == []
