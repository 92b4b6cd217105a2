"""The command `supercharger-node`: settings in, one line "listening on HOST:PORT" out, then serve until told to end."""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import logging
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from model_node.choosing import SMALLEST, cpu_quantization, gpu_memory, pick
from model_node.config import TOKEN_VARIABLE, ConfigError, NodeConfig, Tls, check_address, read_file, read_token
from model_node.engine.base import Engine, EngineDied, EngineError
from model_node.parent import exit_with_parent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_node.metrics import Metrics

__all__ = ["engine_of", "main", "parser"]

# The modules the extras bring; any other failed import is a defect of ours and must be seen as one.
_EXTRA = frozenset(
    {"accelerate", "bitsandbytes", "gguf", "grpc_health", "grpc_reflection", "numpy", "safetensors", "tokenizers"}
    | {"torch", "transformers", "huggingface_hub", "httpx2", "prometheus_client", "ray"}
)

_REPLAYED = 32  # samples at once of a replay engine with a speed


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line, without the whole usage above it."""
        self.exit(_fail(f"{message}; see supercharger-node --help"))


def parser() -> argparse.ArgumentParser:
    """Build the parser of the command line."""
    parser = _Parser(
        prog="supercharger-node",
        description="Serve one code model over gRPC for pytest --supercharge.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default: %(default)s)")
    parser.add_argument("--port", type=int, default=50051, help="port to bind, 0 picks one (default: %(default)s)")
    engine = parser.add_argument_group("engine")
    engine.add_argument("--engine", choices=("local", "openai", "replay"), default="local", help="what answers")
    engine.add_argument("--replay", type=Path, metavar="FILE", help="JSON lines the replay engine answers from")
    engine.add_argument(
        "--replay-speed", type=_speed, metavar="TOKENS", help="a second and sample, of --engine replay (default: any)"
    )
    engine.add_argument("--base-url", metavar="URL", help="the OpenAI-compatible server of --engine openai")
    engine.add_argument(
        "--model", default="auto", metavar="NAME", help="folder, .gguf, OWNER/NAME, short name, auto (default)"
    )
    kinds = ("bf16", "fp32", "int8", "int8-all", "int8-cpu")
    engine.add_argument("--quantization", choices=kinds, help="default: bf16, or what suits the model of auto")
    engine.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:0, ...")
    engine.add_argument("--max-batch", type=_count, metavar="N", help="samples that run at once")
    engine.add_argument("--max-context", type=_count, metavar="N", help="tokens of prompt and answer together")
    engine.add_argument("--max-queued", type=_count, metavar="N", default=4096, help="default: %(default)s")
    guard = parser.add_argument_group("who may ask")
    guard.add_argument("--token-file", type=Path, help="bearer token; else the variable SUPERCHARGER_NODE_TOKEN")
    guard.add_argument("--tls-cert", type=Path, metavar="PEM", help="certificate chain of the node")
    guard.add_argument("--tls-key", type=Path, metavar="PEM", help="its private key")
    guard.add_argument("--tls-client-ca", type=Path, metavar="PEM", help="clients must show a certificate of this CA")
    guard.add_argument("--insecure", action="store_true", help="bind a public address without TLS and token")
    parser.add_argument("--metrics-port", type=int, metavar="N", help="answer Prometheus there, on this machine only")
    parser.add_argument("--grace", type=float, default=10.0, metavar="SECONDS", help="for running requests at the end")
    parser.add_argument("--exit-with-parent", action="store_true", help="stop when stdin closes or the parent dies")
    parser.add_argument("--ray", action="store_true", help="serve through a Ray Serve that is started here")
    parser.add_argument("--replicas", type=_count, metavar="N", help="engines of --ray, which share the GPUs")
    parser.add_argument("--fetch", action="store_true", help="bring the model into the cache, print its folder and end")
    return parser


def _speed(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of tokens a second above 0")
    return value


def _count(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return int(text)


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
        return _fail(str(error), status=1)
    except (ConfigError, EngineError) as error:
        return _fail(str(error))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        extra = {"httpx2": "openai", "ray": "ray"}.get(error.name or "", "node")
        return _fail(f'{error.name} is not installed; run: pip install "pytest-supercharger[{extra}]"')
    except KeyboardInterrupt:  # before the server has taken over the signal
        return 130
    if any(thread.name == "load" and thread.is_alive() for thread in threading.enumerate()):
        sys.stderr.flush()
        os._exit(0)  # stopped while a model was loading: native code in that thread must not meet a dying interpreter
    return 0


def _fail(message: str, status: int = 2) -> int:
    line = " ".join(message.split())
    print(f"supercharger-node: {line}", file=sys.stderr, flush=True)
    return status


def _fetch(options: argparse.Namespace) -> None:
    if options.engine != "local" or options.replay is not None or options.base_url is not None:
        raise ConfigError(f"--fetch brings a model and --engine {options.engine} needs none; leave one of them out")
    print(_model(options)[0], flush=True)


def _serve(options: argparse.Namespace) -> None:
    config = _config(options)
    check_address(config)  # before the model is fetched: that takes minutes
    # gRPC's own log would stand above our one line; set the variable to see it. Read once, at the import below.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    # Late: the server needs packages of the `node` extra, and wrong settings should be told without them.
    from model_node.server import serve
    from model_node.traces import Traces

    engine = engine_of(options)
    traces = Traces.of(engine, os.environ, _report)
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


def engine_of(options: argparse.Namespace) -> Engine:
    """Make the engine that the flags name; it is not started."""
    if options.engine == "replay":
        from model_node.engine.pacing import Pacing
        from model_node.engine.replay import ReplayEngine

        pacing = Pacing(options.max_batch or _REPLAYED, options.replay_speed) if options.replay_speed else None
        return ReplayEngine(options.replay, max_queued=options.max_queued, pacing=pacing)
    if options.engine == "openai":
        from model_node.engine.openai import OpenAIEngine, base_url_of, read_key

        return OpenAIEngine(
            base_url_of(options.base_url),
            model=options.model,
            key=read_key(),
            max_batch=options.max_batch,
            max_context=options.max_context,
            max_queued=options.max_queued,
        )
    folder, quantization = _model(options)
    from model_node.engine.local import LocalEngine
    from model_node.models import default_cache

    return LocalEngine(
        folder,
        quantization=quantization,
        device=options.device,
        max_batch=options.max_batch,
        max_context=options.max_context,
        max_queued=options.max_queued,
        cache=default_cache(),
        model_id=folder.name if options.model == "auto" or options.model.endswith(".gguf") else options.model,
    )


def _model(options: argparse.Namespace) -> tuple[Path, str]:
    """The folder of the weights and how to round them."""
    for module in ("torch", "transformers"):  # a missing one is told now, not after minutes of fetching
        if importlib.util.find_spec(module) is None:
            raise ModuleNotFoundError(name=module)
    from model_node.models import default_cache, resolve

    if options.model != "auto":
        return resolve(options.model, default_cache(), _report), options.quantization or "bf16"
    gpus = gpu_memory(options.device)
    choice = pick(gpus, options.quantization)
    if choice.model == SMALLEST:
        form = options.quantization or (choice.quantization if gpus else cpu_quantization())
        return resolve(SMALLEST, default_cache(), _report), form
    _report(f"auto: {choice.why}")
    try:
        return resolve(choice.model, default_cache(), _report), choice.quantization
    except EngineError as error:  # better a small model than none, where the hub is out of reach
        _report(f"auto: {error}; going on with {SMALLEST}")
        return resolve(SMALLEST, default_cache(), _report), options.quantization or "bf16"


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
