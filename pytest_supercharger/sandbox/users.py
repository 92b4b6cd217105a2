"""The users that containers run as: numbers of which each run takes its own, and what their names are.

The kernel counts some things for a user, whichever container it is in: watched files, signals that wait, processes. So
two runs on one machine should have no user in common.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_supercharger.sandbox.reaper import ClientIdentity

__all__ = ["FIRST_UID", "NUMBERS", "accounts", "choose", "uid", "variables"]

FIRST_UID = 10000  # below 65536, where an engine without root has no users
NUMBERS = range(5000)
_STEP = 50  # what most runs need
_HOME = "/tmp"


def uid(number: int) -> int:
    """The user and the group with this number."""
    return FIRST_UID + number


def variables(number: int) -> dict[str, str]:
    """What says who one is, to programs that do not ask for the number."""
    return {"USER": _name(number), "LOGNAME": _name(number)}


def accounts() -> dict[str, str]:
    """The lines of all users in `passwd` and in `group`."""
    return {
        "passwd": "".join(f"{_name(n)}:x:{uid(n)}:{uid(n)}::{_HOME}:/usr/sbin/nologin\n" for n in NUMBERS),
        "group": "".join(f"{_name(n)}:x:{uid(n)}:\n" for n in NUMBERS),
    }


def choose(count: int, taken: Collection[int], identity: ClientIdentity) -> list[int]:
    """Numbers for the containers of a run: none of those taken, where so many are left.

    Two runs that start at the same moment see nothing of each other: where they begin to look depends on the process,
    so that neighbours do not begin in the same place. The first numbers are those of containers that run no job.
    """
    places = range(_STEP, len(NUMBERS), _STEP)
    begin = (zlib.crc32(f"{identity.boot}:{identity.namespace}".encode()) + identity.pid) % len(places)
    for first in (*places[begin:], *places[:begin]):
        numbers = _after(first, count)
        if not set(numbers) & set(taken):
            return numbers
    return _after(places[begin], count)


def _after(first: int, count: int) -> list[int]:
    usable = NUMBERS[_STEP:]
    return [usable[(first - _STEP + place) % len(usable)] for place in range(count)]


def _name(number: int) -> str:
    return f"sandbox{number}"
