"""The command `supercharger-node`: settings in, one line "listening on HOST:PORT" out, then serve until told to end."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from typing import TYPE_CHECKING

from model_node.config import TOKEN_VARIABLE, ConfigError, NodeConfig, Tls, check_address, read_file, read_token
from model_node.engine.base import Engine, EngineDied, EngineError
from model_node.engines import engine_of, model_of, report
from model_node.flags import fail, parser
from model_node.parent import exit_with_parent

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from model_node.metrics import Metrics

__all__ = ["main"]

# The modules the extras bring; any other failed import is a defect of ours and must be seen as one.
_EXTRA = frozenset(
    {"accelerate", "bitsandbytes", "gguf", "grpc_health", "grpc_reflection", "numpy", "safetensors", "tokenizers"}
    | {"torch", "transformers", "huggingface_hub", "httpx2", "prometheus_client", "ray"}
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 after an orderly end, 2 with one line when the node cannot start, 1 when its engine broke."""
    options = parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("model_node").setLevel(logging.INFO)
    if options.exit_with_parent:
        exit_with_parent()
    try:
        if options.fetch:
            _fetch(options)
        elif options.ray:
            _serve_with_ray(options, sys.argv[1:] if arguments is None else arguments)
        else:
            _serve(options)
    except EngineDied as error:
        return fail(str(error), status=1)
    except (ConfigError, EngineError) as error:
        return fail(str(error))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        extra = {"httpx2": "openai", "ray": "ray"}.get(error.name or "", "node")
        return fail(f'{error.name} is not installed; run: pip install "pytest-supercharger[{extra}]"')
    except KeyboardInterrupt:  # before the server has taken over the signal
        return 130
    if any(thread.name == "load" and thread.is_alive() for thread in threading.enumerate()):
        sys.stderr.flush()
        os._exit(0)  # stopped while a model was loading: native code in that thread must not meet a dying interpreter
    return 0


def _fetch(options: argparse.Namespace) -> None:
    if options.engine != "local" or options.replay is not None or options.base_url is not None:
        raise ConfigError(f"--fetch brings a model and --engine {options.engine} needs none; leave one of them out")
    print(model_of(options)[0], flush=True)


def _serve(options: argparse.Namespace) -> None:
    config = _config(options)
    check_address(config)  # before the model is fetched: that takes minutes
    # gRPC's own log would stand above our one line; set the variable to see it. Read once, at the import below.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    # Late: the server needs packages of the `node` extra, and wrong settings should be told without them.
    from model_node.server import serve
    from model_node.traces import Traces

    engine, traces = engine_of(options), Traces.of(os.environ, report)
    asyncio.run(serve(engine, config, _announce, _metrics(engine, config), traces))


def _serve_with_ray(options: argparse.Namespace, flags: Sequence[str]) -> None:
    if options.tls_cert or options.tls_key or options.tls_client_ca or options.metrics_port:
        raise ConfigError("--ray has neither TLS nor --metrics-port; put TLS in front of it, and see docs/cluster.md")
    if not options.insecure:
        raise ConfigError(
            "--ray can be reached from other machines, whatever --host says, and has no TLS; give --insecure on a"
            f" network you trust, and better a token in {TOKEN_VARIABLE} too"
        )
    config = _config(options)
    check_address(config)
    from model_node.ray_local import serve

    serve(config, flags, options.replicas or 1, _announce)


def _metrics(engine: Engine, config: NodeConfig) -> Metrics | None:
    if config.metrics_port is None:
        return None
    from model_node.metrics import Metrics

    return Metrics(engine)


def _announce(host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    print(f"listening on {shown}:{port}", flush=True)


def _config(options: argparse.Namespace) -> NodeConfig:
    if (options.engine == "replay") != (options.replay is not None):
        raise ConfigError("--engine replay and --replay FILE go together; give both or none")
    if options.replicas is not None and not options.ray:
        raise ConfigError("--replicas goes with --ray; start one node for each model otherwise")
    if (options.engine == "openai") != (options.base_url is not None):
        raise ConfigError("--engine openai and --base-url URL go together; give both or none")
    return NodeConfig(
        host=options.host,
        port=options.port,
        token=read_token(options.token_file),
        tls=_tls(options),
        insecure=options.insecure,
        grace_seconds=options.grace,
        metrics_port=options.metrics_port,
    )


def _tls(options: argparse.Namespace) -> Tls | None:
    if options.tls_cert is None and options.tls_key is None and options.tls_client_ca is None:
        return None
    if options.tls_cert is None or options.tls_key is None:
        raise ConfigError("TLS needs a certificate and its key; give both --tls-cert and --tls-key")
    client_ca = options.tls_client_ca
    return Tls(
        certificate=read_file(options.tls_cert, "--tls-cert"),
        key=read_file(options.tls_key, "--tls-key"),
        client_ca=None if client_ca is None else read_file(client_ca, "--tls-client-ca"),
    )
