"""The flags of `supercharger-node`: what a command line may say, for the command and for a replica of Ray Serve."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

__all__ = ["fail", "parser"]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line, without the whole usage above it."""
        self.exit(fail(f"{message}; see supercharger-node --help"))


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


def fail(message: str, status: int = 2) -> int:
    """Say in one line why the command ends, and return its status."""
    line = " ".join(message.split())
    print(f"supercharger-node: {line}", file=sys.stderr, flush=True)
    return status
