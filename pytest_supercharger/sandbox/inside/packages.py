"""Runs in a container with network and no candidate: installs requirements, or fetches wheels and prints them as a tar.

Its one line of input is the job in JSON; what pip says goes to the standard error.
"""

from __future__ import annotations

import glob
import json
import os
import shutil
import subprocess
import sys
import tarfile
from typing import Any

__all__ = ["main"]

_SCRATCH = "/supercharger/build"
_WHEELS = "/tmp/wheels"
_CERTIFICATE = "/tmp/certificate.pem"


def main() -> int:
    """Do the job; the exit status of pip."""
    job = json.loads(sys.stdin.readline())
    environment = {
        **os.environ,
        **job["environment"],
        "PIP_NO_INPUT": "1",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PIP_BREAK_SYSTEM_PACKAGES": "1",
        "PIP_PROGRESS_BAR": "off",
    }
    if job["certificate"]:
        with open(_CERTIFICATE, "w", encoding="ascii") as stream:
            stream.write(job["certificate"])
        environment["PIP_CERT"] = _CERTIFICATE
    return {"install": _install, "download": _download}[job["do"]](job, environment)


def _install(job: dict[str, Any], environment: dict[str, str]) -> int:
    # Not in memory, where /tmp is; and gone before the file system becomes an image.
    os.makedirs(_SCRATCH)
    requirements = f"{_SCRATCH}/requirements.txt"
    with open(requirements, "w", encoding="utf-8") as stream:
        stream.write("\n".join(job["requirements"]) + "\n")
    status = _pip(["install", "--prefer-binary", "-r", requirements], {**environment, "TMPDIR": _SCRATCH})
    shutil.rmtree(_SCRATCH)
    if status == 0:
        print(json.dumps({"executable": sys.executable, "version": list(sys.version_info[:3])}))
    return status


def _download(job: dict[str, Any], environment: dict[str, str]) -> int:
    options = ["--only-binary=:all:", "--dest", _WHEELS]
    status = _pip(["download", *options, "--", *job["requirements"]], environment)
    if status == 0:
        with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as tar:
            for name in sorted(os.listdir(_WHEELS)):
                tar.add(f"{_WHEELS}/{name}", arcname=name)
    return status


def _pip(arguments: list[str], environment: dict[str, str]) -> int:
    try:
        import pip  # noqa: F401
    except ImportError:  # an environment made without it: the copy that Python brings along
        import ensurepip

        bundled = glob.glob(f"{os.path.dirname(ensurepip.__file__)}/_bundled/pip-*.whl")
        environment = {**environment, "PYTHONPATH": bundled[0] if bundled else ""}
    return subprocess.call([sys.executable, "-m", "pip", *arguments], stdout=2, env=environment)


if __name__ == "__main__":
    sys.exit(main())
