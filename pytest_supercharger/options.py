"""The flags and ini keys of a run, read into one frozen `Settings`.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_supercharger.flags import COMMAND_LINE_ONLY, INI_ONLY, TABLE, Option

__all__ = ["Settings", "read"]

_LOOKING = ("dry_run", "patch", "show_prompt", "check", "forget")  # they change no source, and exclude each other
_EXCLUSIVE = (
    _LOOKING,
    ("redo", "check"),
    ("redo", "forget"),
    *(("save_tests", mode) for mode in _LOOKING),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one run was asked to do."""

    fill: bool = False
    nodes: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()  # of the models that nodes may have; those of the first answers for none
    model: str = "auto"
    only: tuple[str, ...] = ()
    confidence: float = 0.95
    samples: int = 12  # codes a stub
    suites: int = 6  # test suites a stub
    repairs: int = 3
    time: float = 300.0  # wall seconds a stub
    tokens: int = 0  # generated a stub; 0: any number
    parallel: int = 0  # stubs worked on at once; 0: as many as fill the nodes
    slots: int = 0  # sandbox containers; 0: one a core
    level: int = 2  # of verdicts; 3: each test and its candidate in containers of their own
    test_seconds: float = 10.0  # CPU, a test or call
    memory: int = 512  # MiB, as is what follows
    processes: int = 128
    output: int = 1
    disk: int = 64
    environment: str = "auto"  # or host, or image
    image: str = ""  # base of environment `image`
    runtime: str = ""  # of the engine's runtimes
    docker_hosts: tuple[str, ...] = ()  # engines; the one of DOCKER_HOST for none
    install: tuple[str, ...] = ()  # distributions that may be fetched
    seed: int = 0
    allow: tuple[str, ...] = ()
    gate: tuple[str, ...] = ()
    dry_run: bool = False
    patch: Path | None = None
    redo: tuple[str, ...] = ()
    save_tests: bool = False
    show_prompt: bool = False
    check: bool = False
    forget: tuple[str, ...] = ()
    json: Path | None = None

    @property
    def active(self) -> bool:
        """Whether this run has anything to do."""
        return self.fill or bool(self.redo) or self.save_tests or self.looks

    @property
    def looks(self) -> bool:
        """Whether no source file may change."""
        return any(getattr(self, mode) for mode in _LOOKING)

    @property
    def writes(self) -> bool:
        """Whether source files may change."""
        return self.active and not self.looks

    @property
    def runs_tests(self) -> bool:
        """Whether the ordinary test run follows."""
        return self.writes


def read(config: pytest.Config) -> Settings:
    """The settings of this run; a flag wins over its ini key.

    Raises:
        pytest.UsageError: a value is wrong; the message names the flag or key, the value and what to give.
    """
    values: dict[str, Any] = {}
    for option in TABLE:
        raw, source = _raw(config, option)
        if raw is None or raw == []:
            continue
        if option.parse is None:
            values[option.field] = bool(raw)
        elif option.many:
            values[option.field] = tuple(option.parse(source, text) for text in raw)
        else:
            values[option.field] = option.parse(source, raw)
    settings = Settings(**values)
    _check_modes(settings)
    return settings


def _check_modes(settings: Settings) -> None:
    for pair in _EXCLUSIVE:
        given = [name for name in pair if getattr(settings, name)]
        if len(given) > 1:
            raise pytest.UsageError(f"{' and '.join(map(_flag, given))} exclude each other; give one of them")
    if settings.save_tests and not (settings.fill or settings.redo):
        raise pytest.UsageError("--supercharge-save-tests fills nothing by itself; give --supercharge as well")


def _flag(name: str) -> str:
    return f"--supercharge-{name.replace('_', '-')}"


def _raw(config: pytest.Config, option: Option) -> tuple[Any, str]:
    if option.field in INI_ONLY:
        return config.getini(option.key) or None, option.key
    value = getattr(config.known_args_namespace, option.key, None)
    if value not in (None, False, []):
        return value, option.flag
    if option.field in COMMAND_LINE_ONLY:
        return value, option.flag
    return config.getini(option.key) or None, option.key
