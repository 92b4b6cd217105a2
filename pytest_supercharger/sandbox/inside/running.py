"""The `tests` job: generated tests against the project with a candidate in it; no conftest, few plugins.

`install` decides once how: by the session made before the fork, or by `pytest.main()` where that cannot be made.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from . import overlay
from .integrity import snapshot
from .modules import FOLDER, TestModule
from .prebuilt import Plain, Prebuilt, arguments
from .reporting import Reporter, record_stubs

if TYPE_CHECKING:
    from .child import Job, Sends

__all__ = ["install", "main", "prebuilt"]

prebuilt: Prebuilt | None = None


def install() -> str:
    """Make the session that forks share; "" when it works, otherwise why it does not."""
    global prebuilt
    try:
        prebuilt = Prebuilt()
    except Exception as error:  # another pytest: nothing is lost but speed
        return f"{type(error).__name__}: {error}"[:300]
    return ""


def main(job: Job, channel: Sends) -> None:
    """Run the tests of `job` in this process and send what came of them."""
    os.makedirs(FOLDER, exist_ok=True)
    os.chdir(FOLDER)
    for variable in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(variable, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ["PYTEST_VERSION"] = pytest.__version__
    overlay.install(job["overlay"], job["snapshot"], job["roots"], job["codes"])
    modules = [TestModule(test["name"], test["source"], *test["code"]) for test in job["tests"]]
    sys.argv = ["pytest", *(f"{module.name}.py" for module in modules)]
    if prebuilt is None or job["plain"]:
        _run_main(modules, channel)
        return
    reporter = prebuilt.reporter
    reporter.send = channel.send
    record_stubs(channel.send, reporter)
    status = prebuilt.run(modules)
    channel.send(
        {"type": "end", "exit": status, "collected": reporter.collected[:10_000], "changed": prebuilt.changed(modules)}
    )


def _run_main(modules: list[TestModule], channel: Sends) -> None:
    for module in modules:
        with open(f"{module.name}.py", "wb") as stream:
            stream.write(module.source.encode("utf-8", "surrogatepass"))
    reporter, watch = Reporter(channel.send), _Watch()
    record_stubs(channel.send, reporter)
    status = pytest.main([*arguments(), *sys.argv[1:]], plugins=[reporter, watch, Plain()])
    collected = reporter.collected[:10_000]
    channel.send({"type": "end", "exit": int(status), "collected": collected, "changed": list(watch.changed)})


class _Watch:
    """Looks at what decides outcomes right before and after code of the job is run."""

    changed: tuple[str, ...] = ("nothing is known",)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """Remember it."""
        self._check = snapshot(session.config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Compare; a little later, pytest itself takes things back."""
        self.changed = tuple(self._check())
