"""Attacks that want a pass: a wrong candidate never gets one, or the hole is known and said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from corpus import exits, hostile_tests, patching, reading, stopped, targeted
from corpus.trial import problems, tried

if TYPE_CHECKING:
    from corpus.attack import Attack
    from docker import DockerClient

    from pytest_supercharger.sandbox.docker import DockerSandbox

pytestmark = pytest.mark.docker

ATTACKS = [attack for group in (exits, patching, reading, targeted, stopped, hostile_tests) for attack in group.ATTACKS]


@pytest.mark.parametrize("attack", ATTACKS, ids=[f"{attack.number} {attack.name}" for attack in ATTACKS])
def test_a_wrong_candidate_gets_no_pass(sandbox: DockerSandbox, client: DockerClient, attack: Attack) -> None:
    assert problems(attack, tried(sandbox, client, attack)) == []
