"""Attacks that want more than their share: limits hold, messages stay short, and the slot serves on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from corpus import resources
from corpus.trial import problems, tried

if TYPE_CHECKING:
    from corpus.attack import Attack
    from docker import DockerClient

    from pytest_supercharger.sandbox.docker import DockerSandbox

pytestmark = pytest.mark.docker


@pytest.mark.parametrize(
    "attack", resources.ATTACKS, ids=[f"{attack.number} {attack.name}" for attack in resources.ATTACKS]
)
def test_no_more_than_its_share(sandbox: DockerSandbox, client: DockerClient, attack: Attack) -> None:
    outcome = tried(sandbox, client, attack)
    assert problems(attack, outcome) == []
    assert len(outcome.detail) <= 2_000
    assert outcome.detail.replace("\n", "").replace("\t", "").isprintable()
