"""Attacks that want to be there when the next pair runs: it sees nothing of them, in the same slot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from corpus import oracles, persistence
from corpus.trial import problems, tried

if TYPE_CHECKING:
    from corpus.attack import Attack
    from docker import DockerClient

    from pytest_supercharger.sandbox.docker import DockerSandbox

pytestmark = pytest.mark.docker


ATTACKS = [*persistence.ATTACKS, *oracles.ATTACKS]


@pytest.mark.parametrize("attack", ATTACKS, ids=[f"{attack.number} {attack.name}" for attack in ATTACKS])
def test_nothing_is_left_for_the_next_pair(sandbox: DockerSandbox, client: DockerClient, attack: Attack) -> None:
    assert problems(attack, tried(sandbox, client, attack)) == []
