"""The old way: `docker exec CONTAINER python -m pytest FILE` for each pair, in containers that are warm already.

Interpreter, packages, plugins, options, limits and environment are those of our slots, and so is the number of workers.
All files lie in the container before the clock starts, and the compiled form of the tests does too.
"""

from __future__ import annotations

import io
import random
import subprocess
import tarfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

from pairing import cgroup, work
from pytest_supercharger.domain import GeneratedTest
from pytest_supercharger.sandbox import slot
from pytest_supercharger.sandbox.base import Limits
from pytest_supercharger.sandbox.engine import connect, facts
from pytest_supercharger.sandbox.host import Host
from pytest_supercharger.sandbox.inside.modules import FOLDER
from pytest_supercharger.sandbox.inside.prebuilt import arguments

__all__ = ["run"]

_WAIT = "import sys; sys.stdin.read()"
_UNPACK = f"import sys, tarfile; tarfile.open(fileobj=sys.stdin.buffer, mode='r|').extractall({FOLDER!r})"
Verdicts = dict[tuple[int, str], bool]


def run(
    project: Path, overlays: Sequence[Mapping[str, bytes]], tests: Sequence[GeneratedTest], *, workers: int, sample: int
) -> tuple[Verdicts, dict[str, float]]:
    """The verdicts of `sample` of the pairs, by exit status, and what they took."""
    pairs = [(number, test.id) for number in range(len(overlays)) for test in tests]
    chosen = random.Random(0).sample(pairs, sample)
    client = connect()
    host = Host.prepare(client, facts(client), project, Limits())
    spec = host.command_spec(_WAIT)
    started = []
    try:
        for number in range(workers):
            name = slot.create(client.api, replace(spec, slot=number))
            started.append((name, slot.attach_and_start(client.api, name)))
            _fill(name, host.environment.executable, project, overlays, tests)
        return _measure([name for name, _ in started], host.environment.executable, chosen)
    finally:
        for name, stream in started:
            stream.close()
            slot.remove(client.api, name)
        host.snapshot.remove()
        client.close()


def _fill(
    name: str, python: str, project: Path, overlays: Sequence[Mapping[str, bytes]], tests: Sequence[GeneratedTest]
) -> None:
    """Write a project a candidate and a file a test, and run every test once, which leaves its compiled form."""
    files = {f"test_{test.id}.py": test.source.encode() for test in tests}
    own = {str(path.relative_to(project)): path.read_bytes() for path in project.rglob("*.py")}
    for number, overlay in enumerate(overlays):
        files |= {f"c{number}/{path}": data for path, data in {**own, **overlay}.items()}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, data in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    command = ["docker", "exec", "-i", name, python, "-s", "-c", _UNPACK]
    subprocess.run(command, input=buffer.getvalue(), check=True)
    _pytest(name, python, 0, *(f"test_{test.id}.py" for test in tests))


def _measure(names: Sequence[str], python: str, chosen: Sequence[tuple[int, str]]) -> tuple[Verdicts, dict[str, float]]:
    free: SimpleQueue[str] = SimpleQueue()
    for name in names:
        free.put(name)

    def one(pair: tuple[int, str]) -> bool:
        name = free.get()
        try:
            return _pytest(name, python, pair[0], f"test_{pair[1]}.py") == 0
        finally:
            free.put(name)

    cpu, begin = cgroup.cpu_seconds(), time.monotonic()
    with ThreadPoolExecutor(len(names)) as threads:
        verdicts = dict(zip(chosen, threads.map(one, chosen), strict=True))
    wall, cpu = time.monotonic() - begin, cgroup.cpu_seconds() - cpu
    return verdicts, work.rates(len(chosen), wall, cpu)


def _pytest(name: str, python: str, candidate: int, *files: str) -> int:
    environment = ["-e", f"PYTHONPATH={FOLDER}/c{candidate}", "-e", "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1"]
    environment += ["-e", "PYTHONDONTWRITEBYTECODE="]
    command = ["docker", "exec", "-w", FOLDER, *environment, name, python, "-s", "-m", "pytest", *arguments(), *files]
    return subprocess.run(command, capture_output=True, check=False).returncode
