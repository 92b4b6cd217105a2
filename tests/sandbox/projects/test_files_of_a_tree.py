"""What a text file cannot hold: links, bytes, modes, compiled modules, installed projects; the same both ways too."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from both_ways import expected, inside, outside, words
from trees import plant

pytestmark = pytest.mark.docker

_SUFFIX = importlib.machinery.EXTENSION_SUFFIXES[0]
_INCLUDE = sysconfig.get_paths()["include"]


def same(project: Path, answer: Path) -> None:
    seen = words(inside(project))  # first: outside, tests change the files that the copy is made of
    found = outside(project, answer)
    assert seen == found == {node: expected(node) for node in found}
    assert found


def test_links_bytes_and_modes(tmp_path: Path) -> None:
    project = plant("files", tmp_path)
    data = project / "data"
    (data / "latin.txt").write_bytes("größe\r\n".encode("latin-1"))
    (data / "nul.bin").write_bytes(bytes(range(256)))
    (data / "empty.txt").touch()
    (data / os.fsdecode(b"name-\xff")).write_text("odd")
    (data / "locked.txt").write_text("stays")
    (data / "locked.txt").chmod(0o444)
    (data / "tool.sh").write_text("#!/bin/sh\necho tool\n")
    (data / "tool.sh").chmod(0o755)
    (data / "link.txt").symlink_to("latin.txt")
    (data / "absolute.txt").symlink_to(data / "nul.bin")
    (project / "linked").symlink_to("data", target_is_directory=True)
    (project / "alias.py").symlink_to("shop.py")
    (data / "hollow").mkdir()
    same(project, tmp_path / "answer")


def by_compiler(package: Path) -> None:
    source = package / "fast.c"
    source.write_text(
        "#include <Python.h>\n"
        "static PyObject *twice(PyObject *m, PyObject *x) { return PyNumber_Add(x, x); }\n"
        'static PyMethodDef all[] = {{"twice", twice, METH_O, ""}, {0}};\n'
        'static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "fast", "", -1, all};\n'
        "PyMODINIT_FUNC PyInit_fast(void) { return PyModule_Create(&def); }\n"
    )
    output = package / f"fast{_SUFFIX}"
    subprocess.run(["cc", "-shared", "-fPIC", f"-I{_INCLUDE}", str(source), "-o", str(output)], check=True)


def by_copy(package: Path) -> None:
    """Take the compiled module from Python itself: it needs no compiler and no headers, and is as real."""
    origins = [importlib.util.find_spec(name).origin for name in ("_json", "_csv", "_bisect", "_decimal", "_ctypes")]  # type: ignore[union-attr]
    origin = next(Path(path) for path in origins if path and path.endswith(_SUFFIX))
    shutil.copy(origin, package / origin.name)
    (package / "fast.py").write_text(
        f"from shop import {origin.name.partition('.')[0]} as module\n\n"
        "assert module.__file__.startswith(__file__[:-7])\n\ndef twice(x):\n    return x + x\n"
    )


_COMPILES = shutil.which("cc") is not None and Path(_INCLUDE, "Python.h").exists()


@pytest.mark.parametrize("build", [by_copy, *([by_compiler] if _COMPILES else [])])
def test_a_compiled_module_in_the_tree(build, tmp_path: Path) -> None:
    project = plant("compiled", tmp_path)
    build(project / "shop")
    same(project, tmp_path / "answer")


def test_a_path_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set before pytest starts, so that it is on the path of this process and of those that tests start."""
    project = plant("pythonpath", tmp_path)
    library = tmp_path / "library"
    library.mkdir()
    (library / "shop_library.py").write_text("NAME = 'library'\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(project / "code"), str(library)]))
    monkeypatch.setattr(sys, "path", [*sys.path, str(project / "code"), str(library)])
    same(project, tmp_path / "answer")


_BOTH = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from both_ways import inside, outside, words
project, answer = Path(sys.argv[2]), Path(sys.argv[3])
del sys.path[0]
print(json.dumps([words(inside(project)), outside(project, answer)]))
"""


def test_a_project_that_is_installed_in_place(tmp_path: Path) -> None:
    """`pip install -e` into an environment of its own, with a build backend that lies in the project."""
    project = plant("installed", tmp_path)
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = str(environment / "bin" / "python")
    show = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(show, check=True, capture_output=True, text=True).stdout.strip())
    # What this suite has is there as well: pytest, its plugins, and the code under test.
    paths = [path for path in sys.path if path.endswith("site-packages")]
    (site / "suite.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in paths))
    command = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-build-isolation", "--no-deps"]
    subprocess.run([*command, "--no-index", "-e", str(project)], check=True)
    arguments = [str(Path(__file__).parent), str(project), str(tmp_path / "answer")]
    done = subprocess.run([python, "-c", _BOTH, *arguments], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    seen, found = json.loads(done.stdout)
    assert seen == found == {node: expected(node) for node in found}
    assert found
