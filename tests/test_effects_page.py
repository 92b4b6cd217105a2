"""docs/effects.md shows the tables of the code, and the tables hold for the interpreter that runs this."""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path

import pytest
from effects_of import found

from pytest_supercharger.pure_modules import GUARDED, PURE
from pytest_supercharger.purity import PURE_MODULES

PAGE = (Path(__file__).parents[1] / "docs" / "effects.md").read_text("utf-8")


def row(name: str) -> str:
    module = PURE[name]
    cells = [f"`{name}`", module.reason]
    cells += [", ".join(f"`{word}`" for word in words.split()) for words in (module.submodules, module.refused)]
    return "| " + " | ".join(cells) + " |"


def test_the_page_shows_every_harmless_module_with_its_reason() -> None:
    shown = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert shown == [row(name) for name in sorted(PURE)]


def test_the_page_shows_every_guarded_module() -> None:
    for reach, names in GUARDED.items():
        assert f"- {reach}: {', '.join(f'`{name}`' for name in names.split())}\n" in PAGE


@pytest.mark.parametrize("name", sorted(PURE))
def test_a_harmless_module_leads_to_harmless_ones_only(name: str) -> None:
    module = importlib.import_module(name)
    assert name.partition(".")[0] in sys.stdlib_module_names
    for attribute, value in vars(module).items():
        if isinstance(value, types.ModuleType) and value.__name__ not in PURE_MODULES:
            inner = value.__name__.removeprefix(f"{name}.") in PURE[name].submodules.split()
            read = found(f"import {name}\nreturn {name}.{attribute}.x\n")
            assert inner or read, f"{name}.{attribute} is {value.__name__}"
            taken = found(f"from {name} import {attribute} as a\nreturn a.x\n")
            assert inner or taken, f"{name}.{attribute} is {value.__name__}"
