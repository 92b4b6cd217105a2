"""All attacks in the order of their numbers, and whether the effect gate would have let each into the sandbox."""

from __future__ import annotations

from corpus import (
    escapes,
    exits,
    hostile_tests,
    network,
    oracles,
    outputs,
    patching,
    persistence,
    reading,
    resources,
    stopped,
    surroundings,
    targeted,
)
from corpus.attack import OWN, Attack, ProbeAttack
from pytest_supercharger.domain import Candidate
from pytest_supercharger.effects import undeclared

__all__ = ["ATTACKS", "HOST_SIDE", "PROBE_ATTACKS", "gate_finds"]

# Numbers that attack from another side than a candidate does, and where they are tried.
HOST_SIDE = {
    "43": "tests/sandbox/attacks/test_peers.py, tests/sandbox/test_frames.py, tests/sandbox/test_slot.py",
    "45": "tests/sandbox/test_packages.py, tests/sandbox/test_wheels.py, tests/sandbox/test_index.py",
}

_STUB = b"from pytest_supercharger import supercharge\n\n@supercharge\ndef add(a, b):\n    raise NotImplementedError\n"


def _place(attack: Attack | ProbeAttack) -> int:
    return 1_000 if attack.number == OWN else int(attack.number)


ATTACKS: tuple[Attack, ...] = tuple(
    sorted(
        (
            *exits.ATTACKS,
            *patching.ATTACKS,
            *reading.ATTACKS,
            *targeted.ATTACKS,
            *stopped.ATTACKS,
            *hostile_tests.ATTACKS,
            *escapes.ATTACKS,
            *surroundings.ATTACKS,
            *network.ATTACKS,
            *resources.ATTACKS,
            *persistence.ATTACKS,
            *oracles.ATTACKS,
        ),
        key=_place,
    )
)
PROBE_ATTACKS: tuple[ProbeAttack, ...] = tuple(sorted(outputs.ATTACKS, key=_place))


def gate_finds(code: str) -> tuple[str, ...]:
    """What the effect gate names in a candidate with this code; it is refused for it before it runs anywhere."""
    return undeclared(Candidate(id="", text_id="", body=code), _STUB, allow=frozenset())
