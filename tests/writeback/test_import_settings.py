"""The settings of isort and of ruff's rules of that name mean the same here."""

from __future__ import annotations

import pytest

from pytest_supercharger.writeback.import_settings import import_style
from pytest_supercharger.writeback.import_style import SECTIONS, ImportStyle

KNOWN = (("acme", "FIRSTPARTY"), ("shop.api", "FIRSTPARTY"))
MINE = ("FUTURE", "STDLIB", "MINE", "THIRDPARTY", "FIRSTPARTY", "LOCALFOLDER")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("pyproject.toml", "", {}),
        ("pyproject.toml", "[tool.isort", {}),
        ("setup.cfg", "isort]", {}),
        ("pyproject.toml", '[tool.isort]\nprofile = "black"\n', {"line_length": 88}),
        ("pyproject.toml", '[tool.isort]\nprofile = "black"\nline_length = 100\n', {"line_length": 100}),
        ("pyproject.toml", '[tool.isort]\nknown_first_party = ["acme", "shop.api"]\n', {"known": KNOWN}),
        (".isort.cfg", "[settings]\nknown_first_party = acme, shop.api\n", {"known": KNOWN}),
        ("setup.cfg", "[isort]\nknown_first_party =\n    acme\n    shop.api\n", {"known": KNOWN}),
        ("setup.cfg", "[tool:isort]\nforce_single_line = True\n", {"single_line": True}),
        ("tox.ini", "[isort]\nforce_single_line = 0\n", {"single_line": False}),
        (
            "tox.ini",
            "[isort]\nprofile = google\n",
            {"single_line": True, "mixed": True, "by_type": False},
        ),
        ("setup.cfg", "[isort]\nprofile = django\n", {"combine_as": True}),
        (
            "setup.cfg",
            f"[isort]\nsections = {', '.join(MINE)}\nknown_mine = foo, bar_*\n",
            {"sections": MINE, "known": (("foo", "MINE"), ("bar_*", "MINE"))},
        ),
        ("pyproject.toml", "[tool.ruff]\nline-length = 120\n", {"line_length": 120}),
        ("pyproject.toml", "[tool.black]\n", {"line_length": 88}),
        (
            "ruff.toml",
            "line-length = 60\n[lint.isort]\nforce-single-line = true\n",
            {"line_length": 60, "single_line": True},
        ),
        ("pyproject.toml", "[tool.ruff.isort]\ncombine-as-imports = true\n", {"combine_as": True}),
        (
            ".ruff.toml",
            "[lint.isort]\nextra-standard-library = ['x']\n"
            "section-order = ['future', 'standard-library', 'mine', 'third-party', 'first-party', 'local-folder']\n"
            "[lint.isort.sections]\nmine = ['foo', 'bar_*']\n",
            {"sections": MINE, "known": (("x", "STDLIB"), ("foo", "MINE"), ("bar_*", "MINE"))},
        ),
    ],
)
def test_settings_are_read(name, text, expected):
    assert import_style({name: text}) == ImportStyle(**expected)


def test_isort_is_asked_before_ruff_and_its_own_file_before_others():
    texts = {
        "pyproject.toml": '[tool.isort]\nprofile = "black"\n[tool.ruff.lint.isort]\nforce-single-line = true\n',
        ".isort.cfg": "[settings]\nline_length = 70\n",
    }
    assert import_style(texts).line_length == 70
    assert import_style({"pyproject.toml": texts["pyproject.toml"]}).single_line is None
    assert import_style({}).sections == SECTIONS
