"""The jobs the host sends into a slot, without the id and the nonce that the slot adds."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_supercharger.domain import GeneratedTest, Probe
    from pytest_supercharger.sandbox.base import Limits, Overlay

__all__ = ["Job", "gate_job", "module_name", "probe_job", "rehearsal_job", "setup_job", "split_jobs", "tests_job"]

Job = dict[str, Any]


def setup_job(*, project: str, snapshot: str, roots: Sequence[str], limits: Limits, plain: bool = False) -> Job:
    """The first job of a slot: where the project lies, and which of its folders modules are imported from.

    `plain` runs tests by `pytest.main()` also where a session made before the fork would do.
    """
    return {
        "kind": "setup",
        "project": project,
        "snapshot": snapshot,
        "roots": list(roots),
        "limits": asdict(limits),
        "plain": plain,
    }


def module_name(test: GeneratedTest) -> str:
    """The module that `test` is in the sandbox; the same for every candidate."""
    return f"test_{hashlib.sha256(test.source.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def tests_job(overlay: Overlay, forks: Sequence[Sequence[GeneratedTest]], limits: Limits) -> Job:
    """Run generated tests on the project with `overlay` in it: those of one fork after each other in one process."""
    modules = [[{"name": module_name(test), "source": test.source} for test in tests] for tests in forks]
    return {**_job("tests", overlay, limits), "forks": modules}


def split_jobs(overlay: Overlay, test: GeneratedTest, limits: Limits, stubbed: Overlay) -> tuple[Job, Job]:
    """The two halves of a split run: the test without the candidate, and the candidate without the test."""
    return (
        {**_job("split_test", stubbed, limits), "forks": [[{"name": module_name(test), "source": test.source}]]},
        _job("split_serve", overlay, limits),
    )


def rehearsal_job(test: GeneratedTest, limits: Limits, stubbed: Overlay) -> Job:
    """Run a test without any candidate, to see how much it has to say."""
    return {**_job("rehearse", stubbed, limits), "forks": [[{"name": module_name(test), "source": test.source}]]}


def probe_job(overlay: Overlay, module: str, probes: Sequence[Probe], limits: Limits) -> Job:
    """Evaluate `probes` on `module` with `overlay` in it; answers refer to a probe by its place."""
    inputs = [{"imports": probe.imports, "setup": probe.setup, "expression": probe.expression} for probe in probes]
    return {**_job("probe", overlay, limits), "module": module, "probes": inputs}


def gate_job(overlay: Overlay, nodeids: Sequence[str] | None, limits: Limits) -> Job:
    """Run the project's tests, all of them for None, in a copy of the project with `overlay` in it."""
    return {**_job("gate", overlay, limits), "nodeids": None if nodeids is None else list(nodeids)}


def _job(kind: str, overlay: Overlay, limits: Limits) -> Job:
    files = {path: base64.b64encode(data).decode("ascii") for path, data in overlay.items()}
    return {"kind": kind, "overlay": files, "limits": asdict(limits)}
