"""What every sandbox around another one leaves to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TypeVar

from pytest_supercharger.sandbox.base import Sandbox

__all__ = ["Around"]

Mine = TypeVar("Mine", bound="Around")


class Around:
    """The end of a sandbox that hands its jobs on to another; both end together."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Nothing is started."""
        self._sandbox = sandbox

    def lacks(self, modules: Sequence[str]) -> frozenset[str]:
        """As the other sandbox."""
        return self._sandbox.lacks(modules)

    def install(self, distributions: Sequence[str]) -> Mapping[str, str]:
        """As the other sandbox."""
        return self._sandbox.install(distributions)

    def close(self) -> None:
        """Close the other sandbox."""
        self._sandbox.close()

    def __enter__(self: Mine) -> Mine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
