"""Configuration files of other tools: what cannot be read says nothing."""

from __future__ import annotations

import configparser
from typing import Any

from pytest_supercharger import toml

__all__ = ["ini", "tables"]


def ini(text: str, section: str) -> dict[str, str]:
    """One section of an INI file; empty where there is none."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return dict(parser[section]) if parser.has_section(section) else {}


def tables(text: str) -> dict[str, Any]:
    """All of a TOML file."""
    try:
        found: dict[str, Any] = toml.loads(text)
    except toml.TOMLDecodeError:
        return {}
    return found
