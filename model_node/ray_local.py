"""`supercharger-node --ray`: a Ray Serve of our own on this machine, which ends with this process."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from model_node.config import ConfigError
from model_node.ray_app import SERVICERS, application

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from model_node.config import NodeConfig

__all__ = ["serve"]

_STORE_BYTES = 80 * 1024 * 1024  # messages are small; Ray would take a third of the memory
_TRIES, _TRY_SECONDS, _PAUSE_SECONDS = 300, 5.0, 0.1


class _Asked(BaseException):
    """SIGTERM or SIGINT has come."""


def serve(config: NodeConfig, flags: Sequence[str], replicas: int, announce: Callable[[str, int], None]) -> None:
    """Serve until SIGTERM or SIGINT; `announce` gets host and port once every replica is ready."""
    with contextlib.suppress(_Asked), _signals(), _cluster(replicas) as gpus:
        from ray import serve as ray_serve

        port = config.port or _free_port()
        http = {"host": "127.0.0.1", "port": _free_port()}  # Serve has no ingress without one; nothing answers there
        ray_serve.start(http_options=http, grpc_options={"port": port, "grpc_servicer_functions": list(SERVICERS)})
        options = {
            "num_replicas": replicas,
            "ray_actor_options": {"num_gpus": gpus // replicas if gpus >= replicas else gpus / replicas},
            "graceful_shutdown_timeout_s": config.grace_seconds,
        }
        try:
            ray_serve.run(application(flags, **options), name="model-node")
        except RuntimeError as error:
            raise ConfigError(f"Ray Serve cannot start the replicas: {error}; its log above says why") from None
        _wait(port)
        announce(config.host, port)
        while True:
            signal.pause()


def _wait(port: int) -> None:
    """Return when the ingress knows the application: it hears of it a moment after Serve says that it runs."""
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=(("grpc.enable_http_proxy", 0),)) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for _ in range(_TRIES):
            with contextlib.suppress(grpc.RpcError):
                stub.Check(health_pb2.HealthCheckRequest(), timeout=_TRY_SECONDS, wait_for_ready=True)
                return
            time.sleep(_PAUSE_SECONDS)
    raise ConfigError(f"Ray Serve does not answer on port {port}; its log above says why")


@contextmanager
def _cluster(replicas: int) -> Iterator[float]:
    """A Ray cluster of one machine in a folder of its own; the number of its GPUs."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # else Ray reports home
    # Without this Ray gives an engine one thread, as it has one of the cluster's `num_cpus`.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, len(os.sched_getaffinity(0)) // replicas)))
    # Ray's own ports can be reached from outside too; without this it would keep a token in the home folder.
    os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
    import ray  # not before: it reads the environment once
    from ray import serve as ray_serve

    folder = tempfile.mkdtemp(prefix="ray-")
    settings: dict[str, Any] = {
        "address": "local",
        "num_cpus": replicas,  # one each, whatever the machine has
        "include_dashboard": False,
        "object_store_memory": _STORE_BYTES,
        "_temp_dir": folder,
    }
    try:
        ray.init(**settings)
        signal.signal(signal.SIGTERM, _asked)  # Ray has put its own there
        yield ray.cluster_resources().get("GPU", 0)
    finally:
        try:
            if ray.is_initialized():  # else Serve would start one in order to stop it
                ray_serve.shutdown()
        finally:
            ray.shutdown()
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _signals() -> Iterator[None]:
    before = {number: signal.signal(number, _asked) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _asked(number: int, frame: object) -> None:
    raise _Asked


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])
