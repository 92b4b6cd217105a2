"""Which modules the slots have: finds out what is missing, and fetches what may be had."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from pytest_supercharger.distributions import is_distribution
from pytest_supercharger.errors import SandboxError
from pytest_supercharger.sandbox import index, slot, wheels
from pytest_supercharger.sandbox.base_image import SCRIPT, last_line
from pytest_supercharger.sandbox.host import SNAPSHOT
from pytest_supercharger.sandbox.networked import networked, run_networked
from pytest_supercharger.sandbox.stream import StreamBroken

if TYPE_CHECKING:
    from docker import DockerClient

    from pytest_supercharger.sandbox.engines import Engine
    from pytest_supercharger.sandbox.fetched import Fetched
    from pytest_supercharger.sandbox.prepared import Prepared

__all__ = ["Packages", "fetch"]

T = TypeVar("T")
_LOOK_SECONDS = 60.0
_FETCH_SECONDS = 300.0
_LOOK = """
import json, sys
from importlib.util import find_spec
sys.path[:1] = {roots!r}
sys.path += ["/supercharger/lib", "/supercharger/packages"]
def lacks(name):
    try:
        return find_spec(name) is None
    except (ImportError, ValueError):
        return False
print(json.dumps([name for name in {names!r} if lacks(name)]))
"""


@dataclass(slots=True, kw_only=True)
class Packages:
    """The modules of one sandbox, on all of its engines; safe for threads."""

    places: Sequence[tuple[Engine, Prepared]]
    fetched: Fetched
    roots: Sequence[str]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def lacks(self, modules: Sequence[str]) -> frozenset[str]:
        """Which of these top-level modules a slot would not find; no code of any module is run to tell."""
        names = [name for name in modules if name.isidentifier()]
        if not names:
            return frozenset()
        roots = [f"{SNAPSHOT}/{root}" if root else SNAPSHOT for root in self.roots]
        code = _LOOK.format(roots=roots, names=names)
        found = self._first(lambda engine, prepared: _printed(engine.client, prepared, code))
        return frozenset(name for name in names if name in found)

    def install(self, distributions: Sequence[str]) -> Mapping[str, str]:
        """Fetch wheels with all they need and put them on the path of every slot; file name -> SHA-256.

        Raises:
            SandboxError: there is no wheel, it is too large, or it took too long.
        """
        with self._lock:
            found = self._first(lambda engine, prepared: fetch(engine.client, prepared, distributions))
            self.fetched.add(found)
        return {wheel.name: wheel.sha256 for wheel in found}

    def _first(self, ask: Callable[[Engine, Prepared], T]) -> T:
        """The answer of the first engine that is still there."""
        for number, (engine, prepared) in enumerate(self.places):
            try:
                self.fetched.catch_up(number)
                return ask(engine, prepared)
            except SandboxError:
                if number == len(self.places) - 1 or engine.answers():
                    raise
        raise AssertionError("unreachable")


def _printed(client: DockerClient, prepared: Prepared, code: str) -> list[str]:
    try:
        found = json.loads(slot.run_once(client.api, prepared.command_spec(code), _LOOK_SECONDS))
    except (StreamBroken, ValueError) as error:
        raise SandboxError(f"the sandbox does not say which modules it has: {error}") from None
    return [str(name) for name in found]


def fetch(client: DockerClient, prepared: Prepared, distributions: Sequence[str]) -> list[wheels.Wheel]:
    """The wheels of these distributions and of what they depend on, fetched in a container of their own."""
    what = ", ".join(distributions)
    if not all(map(is_distribution, distributions)):
        raise SandboxError(f"{what!r} is no name of a distribution; give one, for example PyYAML")
    spec = prepared.networked_spec(SCRIPT, wheels.SIZE_LIMIT)
    job = {"do": "download", "requirements": list(distributions), **index.for_containers(local=bool(spec.binds))}
    size = wheels.SIZE_LIMIT + wheels.MEBI
    try:
        with networked(client, spec) as container:
            status, output, errors = run_networked(client.api, container, job, seconds=_FETCH_SECONDS, size=size)
    except SandboxError as error:
        raise SandboxError(f"{what} could not be fetched: {error}") from None
    if status:
        raise SandboxError(f"{what} could not be fetched as wheels: {_why(errors)}")
    return wheels.read(output)


def _why(errors: str) -> str:
    if "No space left on device" in errors:
        return f"with what it needs it is larger than {wheels.SIZE_LIMIT // wheels.MEBI} MiB"
    return last_line(errors) or "pip says nothing"
