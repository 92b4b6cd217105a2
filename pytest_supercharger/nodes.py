"""The model nodes of a run: those that were named, or one of our own that ends with it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from pytest_supercharger import localnode
from pytest_supercharger.client import NodePool, Tls
from pytest_supercharger.errors import NodeError, SettingsError
from pytest_supercharger.nodeprogress import NodeProgress
from pytest_supercharger.options import Settings
from pytest_supercharger.pool.state import Node

__all__ = ["VARIABLE", "look", "named", "opened"]

VARIABLE = "SUPERCHARGER_NODES"


def named(settings: Settings, environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The nodes of the flags or the ini file, else those of the environment, with commas or spaces between."""
    return settings.nodes or tuple(environment.get(VARIABLE, "").replace(",", " ").split())


def look(settings: Settings) -> list[Node]:
    """All nodes that are named, as they stand now, those that do not answer among them.

    Raises:
        SettingsError: none is named, or an address or a TLS file cannot be used.
    """
    token, tls, addresses = os.environ.get("SUPERCHARGER_NODE_TOKEN"), Tls.of(os.environ), named(settings)
    if not addresses:
        raise SettingsError(f"no model node is named; give --node HOST:PORT or set {VARIABLE}")
    pool = NodePool(addresses, token=token, tls=tls, digests=settings.digests)
    try:
        with contextlib.suppress(NodeError):  # none can be used: that is what is to be shown
            pool.connect()
        return pool.nodes
    finally:
        pool.close()


@contextmanager
def opened(settings: Settings, report: Callable[[str], None], *, quiet: bool = False) -> Iterator[NodePool]:
    """A pool that is connected; unless `quiet`, the table of its nodes is printed from time to time and at the end.

    Raises:
        NodeError: a node does not answer, or none can be started.
        SettingsError: an address or a TLS file cannot be used.
    """
    token = os.environ.get("SUPERCHARGER_NODE_TOKEN")
    if addresses := named(settings):
        progress = NodeProgress((lambda line: None) if quiet else report)
        with NodePool(
            addresses,
            token=token,
            tls=Tls.of(os.environ),
            digests=settings.digests,
            seed=settings.seed,
            watch=progress.look,
        ) as pool:
            for problem in pool.problems:
                report(f"left out: {problem}")
            yield pool
            progress.print(pool.nodes)
        return
    report(f"no node given; starting one with the model {settings.model}")
    node = localnode.LocalNode(localnode.local_command(settings.model), report=report)
    # It inherits our environment, and with it the token that it will ask for.
    with node, NodePool([node.address], token=token) as pool:
        yield pool
