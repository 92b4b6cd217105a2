"""Asks `pipreqs` for the distribution of a module, where it is installed.

It pins old versions of large packages, so it is in an environment of its own (`pipx install pipreqs`) and is asked with
the interpreter of that one. Its table is asked, not the network; no code that a model wrote is read.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from pytest_supercharger.distributions import is_distribution

__all__ = ["find"]

_ASK = "import json, sys; from pipreqs.pipreqs import get_pkg_names; print(json.dumps(get_pkg_names(sys.argv[1:])))"
_SECONDS = 60.0


def find(module: str, *, path: str | None = None) -> str | None:
    """The distribution that pipreqs knows for a module; None where it knows none, or is not there.

    What it does not know it takes for the name of a distribution; so the same name says nothing.
    """
    command = shutil.which("pipreqs", path=path)
    if command is None:
        return None
    python = Path(command).resolve().with_name("python")
    try:
        done = subprocess.run(
            [str(python), "-I", "-c", _ASK, module], capture_output=True, text=True, timeout=_SECONDS, check=True
        )
        names = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None  # it is a help, not a need: without it the name is asked of the user
    if not isinstance(names, list) or len(names) != 1 or not isinstance(names[0], str):
        return None
    return names[0] if names[0] != module and is_distribution(names[0]) else None
