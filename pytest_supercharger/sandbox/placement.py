"""Where a sandbox runs, and from what its environment is made: what the settings say about it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Placement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Engines, environment, runtime and what may be installed."""

    environment: str = "auto"  # auto, host or image
    image: str = ""  # the base of environment `image`; python:X.Y-slim for ""
    runtime: str = ""  # of the engine's runtimes; its default one for ""
    hosts: tuple[str, ...] = ()  # addresses of engines; the one of DOCKER_HOST for none
    install: tuple[str, ...] = ()  # distributions that may be fetched for accepted code; "*" for any
