"""Jobs for several engines, and what runs on them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_supercharger.domain import GeneratedTest, Verdict
from pytest_supercharger.sandbox.base import Limits
from pytest_supercharger.sandbox.docker import DockerSandbox
from pytest_supercharger.sandbox.placement import Placement
from pytest_supercharger.sandbox.reaper import CLIENT_LABEL, SLOT_LABEL

if TYPE_CHECKING:
    from docker import DockerClient


LIMITS = Limits(seconds=2.0, import_seconds=10.0, gate_seconds=60.0, memory_bytes=256 << 20)


def verdicts(
    sandbox: DockerSandbox, count: int = 1, body: str = "assert add(1, 2) == 3", *, split: bool = False
) -> set[Verdict]:
    source = f"from sums import add\n\n\ndef test_it():\n    {body}\n"
    # Equal tests would be run once.
    tests = [GeneratedTest(id=str(number), name="test_it", source=f"# {number}\n{source}") for number in range(count)]
    results = sandbox.run_split({}, tests) if split else sandbox.run_tests({}, tests, isolated=True)
    return {pair.verdict for pair in results.values()}


def slots(client: DockerClient) -> list[int]:
    """The numbers of this process's slots."""
    return sorted(int(one["Labels"][SLOT_LABEL]) for one in own(client))


def own(client: DockerClient) -> list[dict[str, Any]]:
    """This process's containers, never-started ones too."""
    found = client.api.containers(all=True, filters={"label": SLOT_LABEL})
    return [one for one in found if f":{os.getpid()}:" in one["Labels"][CLIENT_LABEL]]


def on(*addresses: str, **more: str) -> Placement:
    return Placement(hosts=addresses, **more)


def make_certificates(folder: Path) -> None:
    """An authority, and one certificate of it for both sides, under the names that Docker gives them."""
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    for command in (
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca-key.pem", "-out", "ca.pem", "-subj", "/CN=ca"],
        ["req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "request.pem", *subject],
        ["x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial",
         "-copy_extensions", "copyall", "-days", "2", "-out", "cert.pem"],
    ):  # fmt: skip
        subprocess.run(["openssl", *command], cwd=folder, check=True, capture_output=True)
