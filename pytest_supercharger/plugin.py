"""The pytest hooks, nothing else; everything heavy is imported after the flag was seen.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from pytest_supercharger import flags

if TYPE_CHECKING:
    from pytest_supercharger.run import Run

_RUN: pytest.StashKey[Run] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the flags and ini keys."""
    flags.add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks that other plugins may implement."""
    from pytest_supercharger import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Fill the stubs ahead of every conftest: one that imports a stubbed module would keep the stub in memory."""
    if flags.is_active(early_config):
        from pytest_supercharger import options, run

        started = run.start(early_config, options.read(early_config))
        if started is not None:
            early_config.stash[_RUN] = started
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    """Register the object that reports open stubs, when there was a run."""
    run = config.stash.get(_RUN, None)
    if run is not None:
        config.pluginmanager.register(run, "supercharge-run")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave the environment as it was."""
    run = config.stash.get(_RUN, None)
    if run is not None:
        run.restore_environment()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """End here when the run stopped, or when its mode leaves the ordinary tests out."""
    run = config.stash.get(_RUN, None)
    return None if run is None else run.early_exit()
