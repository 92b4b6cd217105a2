"""Names of distributions: a table of those that are known, and a check that a name is a name."""

from __future__ import annotations

import sys

import pytest

from pytest_supercharger.distributions import KNOWN, is_distribution, same


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("attr", "attrs"),
        ("bs4", "beautifulsoup4"),
        ("cv2", "opencv-python-headless"),
        ("dateutil", "python-dateutil"),
        ("PIL", "Pillow"),
        ("sklearn", "scikit-learn"),
        ("yaml", "PyYAML"),
        ("numpy", "numpy"),
        ("typing_extensions", "typing-extensions"),
    ],
)
def test_well_known_modules(module, name):
    assert KNOWN[module] == name


def test_every_entry_is_a_module_that_code_may_import_and_a_name_that_may_be_fetched():
    assert all(module.isidentifier() for module in KNOWN)
    assert all(map(is_distribution, KNOWN.values()))
    assert not sys.stdlib_module_names & KNOWN.keys()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "--index-url=https://x",
        "-r",
        "a b",
        "a;rm -rf /",
        "$(id)",
        "a/b",
        "./a",
        "a==1",
        "a[b]",
        "a @ x",
        "ä",
        "a" * 101,
        "a\n",
    ],
)
def test_what_is_no_name_is_told_apart(name):
    assert not is_distribution(name)


def test_spellings_of_one_name_are_one():
    assert same("PyYAML", "pyyaml")
    assert same("ruamel.yaml", "ruamel_yaml")
    assert not same("PyYAML", "yaml")
