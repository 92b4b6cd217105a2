"""A network namespace and an address for each node where root allows it, else addresses of the loopback."""

from __future__ import annotations

import os
import subprocess
from types import TracebackType

__all__ = ["Network"]


class Network:
    """Addresses 10.SUBNET.0.N, each in a namespace of its own behind a bridge; removed at the end."""

    def __init__(self, count: int, *, subnet: int, wanted: bool = True) -> None:
        """`wanted`: False for the loopback; `subnet` tells benchmarks apart that run at once."""
        self.count = count
        self._subnet = subnet
        self._bridge = f"sc{subnet}b"
        self.real = wanted and os.geteuid() == 0

    def __enter__(self) -> Network:
        if self.real:
            try:
                self._remove()
                self._make()
            except (OSError, subprocess.CalledProcessError):
                self._remove()
                self.real = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.real:
            self._remove()

    @property
    def kind(self) -> str:
        """In words."""
        return "a network namespace and an address each" if self.real else "loopback addresses 127.SUBNET.1.N"

    def address(self, number: int) -> str:
        """Of a node, without the port."""
        return f"10.{self._subnet}.0.{number + 2}" if self.real else f"127.{self._subnet}.1.{number + 1}"

    def namespace(self, number: int) -> str:
        """Of a node; "" on the loopback."""
        return f"sc{self._subnet}n{number}" if self.real else ""

    def link(self, number: int, *, up: bool) -> None:
        """Cut a node off, or connect it again."""
        _ip("link", "set", self._outer(number), "up" if up else "down")

    def _outer(self, number: int) -> str:
        return f"sc{self._subnet}p{number}"

    def _make(self) -> None:
        bridge = self._bridge
        _ip("link", "add", bridge, "type", "bridge")
        _ip("addr", "add", f"10.{self._subnet}.0.1/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        for number in range(self.count):
            name, outer, inner = self.namespace(number), self._outer(number), f"sc{self._subnet}q{number}"
            _ip("netns", "add", name)
            _ip("link", "add", outer, "type", "veth", "peer", "name", inner)
            _ip("link", "set", inner, "netns", name)
            _ip("link", "set", outer, "master", bridge, "up")
            _ip("-n", name, "addr", "add", f"{self.address(number)}/24", "dev", inner)
            _ip("-n", name, "link", "set", inner, "up")
            _ip("-n", name, "link", "set", "lo", "up")

    def _remove(self) -> None:
        for number in range(self.count):
            _ip("netns", "del", self.namespace(number), check=False)
            _ip("link", "del", self._outer(number), check=False)
        _ip("link", "del", self._bridge, check=False)


def _ip(*arguments: str, check: bool = True) -> None:
    subprocess.run(["ip", *arguments], check=check, capture_output=True)
