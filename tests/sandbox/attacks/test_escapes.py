"""Attacks that want out of the container or at PID 1: what they try does not work, and the slot serves on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from corpus import escapes, network, surroundings
from corpus.trial import problems, tried

if TYPE_CHECKING:
    from corpus.attack import Attack
    from docker import DockerClient

    from pytest_supercharger.sandbox.docker import DockerSandbox

pytestmark = pytest.mark.docker

ATTACKS = [*escapes.ATTACKS, *network.ATTACKS, *surroundings.ATTACKS]


@pytest.mark.parametrize("attack", ATTACKS, ids=[f"{attack.number} {attack.name}" for attack in ATTACKS])
def test_there_is_no_way_out(sandbox: DockerSandbox, client: DockerClient, attack: Attack) -> None:
    assert problems(attack, tried(sandbox, client, attack)) == []
