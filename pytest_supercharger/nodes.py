"""The model nodes of a run: those that were named, or one of our own that ends with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pytest_supercharger import localnode
from pytest_supercharger.client import NodePool, Tls
from pytest_supercharger.options import Settings

__all__ = ["opened"]


@contextmanager
def opened(settings: Settings, report: Callable[[str], None]) -> Iterator[NodePool]:
    """A pool that is connected.

    Raises:
        NodeError: a node does not answer, or none can be started.
        SettingsError: an address or a TLS file cannot be used.
    """
    token = os.environ.get("SUPERCHARGER_NODE_TOKEN")
    if settings.nodes:
        with NodePool(settings.nodes, token=token, tls=Tls.of(os.environ)) as pool:
            yield pool
        return
    report(f"no node given; starting one with the model {settings.model}")
    node = localnode.LocalNode(localnode.local_command(settings.model), report=report)
    # It inherits our environment, and with it the token that it will ask for.
    with node, NodePool([node.address], token=token) as pool:
        yield pool
