"""A Ray cluster of one machine, to which applications are deployed as to any other: `serve deploy` of a config file."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import yaml

__all__ = ["Cluster"]

ROOT = Path(__file__).resolve().parents[2]
_START = 900.0  # seconds until replicas are up, at most: each loads a model
_LOOK = 0.5
_HEAD = """
import json, sys
import ray
from ray import serve
ray.init(**json.loads(sys.argv[1]))
print("head", flush=True)
sys.stdin.read()
try:
    serve.shutdown()
finally:
    ray.shutdown()
"""


class Cluster:
    """The head in a process of its own, with the dashboard that `serve deploy` talks to; it ends with the context."""

    def __init__(self, log: Path) -> None:
        """`log` gets what Ray says."""
        self._folder = tempfile.mkdtemp(prefix="ray-")
        self._log = log
        self._port, self._dashboard, self._http = _free_port(), _free_port(), _free_port()
        token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        quiet = {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(ROOT)}
        self._env = os.environ | token | quiet
        self.address = f"127.0.0.1:{self._port}"

    def __enter__(self) -> Cluster:
        settings = {
            "address": "local",
            "num_cpus": 64,  # of which a replica takes one, so that its engine has one thread
            "include_dashboard": True,
            "dashboard_port": self._dashboard,
            "object_store_memory": 80 << 20,
            "_temp_dir": self._folder,
        }
        command = [sys.executable, "-c", _HEAD, json.dumps(settings)]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=self._env
            )
        if not any(line == "head\n" for line in _of(self._process.stdout)):
            raise SystemExit(f"ray: the cluster does not start; see {self._log}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _of(self._process.stdin).close()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def deploy(self, flags: Sequence[str], **options: Any) -> None:
        """Deploy deploy/serve.yaml with these flags and options of the deployment, and do not wait.

        No GPU is asked for; an option that is None is left out.
        """
        config = yaml.safe_load((ROOT / "deploy" / "serve.yaml").read_text(encoding="utf-8"))
        config["http_options"]["port"], config["grpc_options"]["port"] = self._http, self._port
        (application,) = config["applications"]
        application["args"] = {"node": list(flags)}
        (deployment,) = application["deployments"]
        deployment["ray_actor_options"] = {"num_gpus": 0}
        deployment |= options
        application["deployments"] = [{name: value for name, value in deployment.items() if value is not None}]
        file = Path(self._folder, "serve.yaml")
        file.write_text(yaml.safe_dump(config), encoding="utf-8")
        command = [Path(sys.executable).with_name("serve"), "deploy", file, "-a", f"http://127.0.0.1:{self._dashboard}"]
        done = subprocess.run(command, env=self._env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"ray: serve deploy refuses the file: {(done.stderr or done.stdout)[-500:]}")

    def status(self) -> dict[str, Any]:
        """What Serve says of the deployment; empty where it knows none."""
        request = urllib.request.Request(f"http://127.0.0.1:{self._dashboard}/api/serve/applications/")
        request.add_header("Authorization", f"Bearer {self._env['RAY_AUTH_TOKEN']}")
        with urllib.request.urlopen(request) as answer:
            applications = json.load(answer)["applications"]
        return applications.get("model-node", {}).get("deployments", {}).get("ModelNode", {})

    def replicas(self) -> dict[str, tuple[str, int]]:
        """State and process of each replica, by its id; 0 before it has one."""
        return {one["replica_id"]: (one["state"], one.get("pid") or 0) for one in self.status().get("replicas", ())}

    def running(self) -> set[str]:
        """The replicas that answer."""
        return {name for name, (state, _) in self.replicas().items() if state == "RUNNING"}

    def wait(self, what: str, found: Callable[[], bool], seconds: float = _START) -> float:
        """Look until it is so; the seconds it took."""
        begin = time.monotonic()
        while not found():
            status = self.status()
            if time.monotonic() - begin > seconds or status.get("status") == "DEPLOY_FAILED":
                states = dict(Counter(state for state, _ in self.replicas().values()))
                raise SystemExit(f"ray: {what} does not come: {states} {status.get('message', '')}; see {self._log}")
            time.sleep(_LOOK)
        return time.monotonic() - begin

    def settled(self, replicas: int) -> bool:
        """Whether so many replicas of one version run, and no other."""
        states = [state for state, _ in self.replicas().values()]
        return self.status().get("status") == "HEALTHY" and states == ["RUNNING"] * replicas


def _of(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
