"""pipreqs is asked in its own environment, and is a help that may be missing."""

from __future__ import annotations

import venv

import pytest

from pytest_supercharger import pipreqs


@pytest.fixture(scope="module")
def own_environment(tmp_path_factory):
    """An environment with a pipreqs that knows one module; its folder of programs."""
    root = tmp_path_factory.mktemp("pipreqs")
    venv.create(root, with_pip=False, symlinks=True)
    (package,) = root.glob("lib/python*/site-packages")
    (package / "pipreqs").mkdir()
    (package / "pipreqs" / "__init__.py").touch()
    (package / "pipreqs" / "pipreqs.py").write_text(
        "def get_pkg_names(names):\n"
        "    known = {'fitz': 'PyMuPDF', 'bad': '--index-url=x', 'many': None}\n"
        "    return ['a', 'b'] if names == ['many'] else [known.get(name, name) for name in names]\n"
    )
    command = root / "bin" / "pipreqs"
    command.write_text("#!/bin/sh\nexit 1\n")
    command.chmod(0o755)
    return root / "bin"


def test_it_knows_a_distribution(own_environment):
    assert pipreqs.find("fitz", path=str(own_environment)) == "PyMuPDF"


@pytest.mark.parametrize("module", ["unheard", "bad", "many"])
def test_what_it_does_not_know_or_garbles_is_no_answer(own_environment, module):
    assert pipreqs.find(module, path=str(own_environment)) is None


def test_a_link_to_it_leads_to_its_own_environment(own_environment, tmp_path):
    (tmp_path / "pipreqs").symlink_to(own_environment / "pipreqs")
    assert pipreqs.find("fitz", path=str(tmp_path)) == "PyMuPDF"


def test_without_it_there_is_no_answer(tmp_path):
    assert pipreqs.find("fitz", path=str(tmp_path)) is None
    (tmp_path / "pipreqs").write_text("")
    (tmp_path / "pipreqs").chmod(0o755)
    assert pipreqs.find("fitz", path=str(tmp_path)) is None
