"""Which filled functions do not give what the originals gave, on every recorded call; run in the sandbox.

PYTHON judging.py PROJECT TESTS     with the python of the project's environment; prints the node ids that fail
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["wrong"]

_FOLDER = "tour_reference"


def wrong(python: Path, project: Path, tests: dict[str, Sequence[str]]) -> list[str]:
    """The stubs for which one of these tests fails.

    Raises:
        RuntimeError: the tests cannot be run.
    """
    folder = project / _FOLDER
    folder.mkdir()
    files = {f"test_{number}.py": (stub, texts) for number, (stub, texts) in enumerate(tests.items())}
    for name, (_, texts) in files.items():
        (folder / name).write_text("\n\n".join(texts), encoding="utf-8")
    try:
        command = [str(python), str(Path(__file__).resolve()), str(project)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        shutil.rmtree(folder)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no reason given"])[-1])
    failing = {Path(node.partition("::")[0]).name for node in done.stdout.splitlines()}
    return [stub for name, (stub, _) in files.items() if name in failing]


def main() -> int:
    """Run the folder of tests in the sandbox of this very environment."""
    from pytest_supercharger.domain import Verdict
    from pytest_supercharger.sandbox.docker import DockerSandbox

    project = Path(sys.argv[1])
    roots = ["", "src"] if (project / "src").is_dir() else [""]
    with contextlib.redirect_stdout(sys.stderr), DockerSandbox(project, roots=roots) as sandbox:
        result = sandbox.gate({}, [_FOLDER])
    if result.problem:
        sys.exit(result.problem)
    failing = [node for node, pair in result.tests.items() if pair.verdict is not Verdict.PASS]
    print("\n".join([*failing, *result.errors]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
