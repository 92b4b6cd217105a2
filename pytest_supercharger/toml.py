"""Python's own reader of TOML, and the package it comes from, which pytest and yapf bring along where it is missing."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 11):
    from tomllib import TOMLDecodeError, loads
else:
    # Unused where mypy runs on a newer Python, not found where the package is not installed.
    from tomli import TOMLDecodeError, loads  # type: ignore[import-not-found, unused-ignore]

__all__ = ["TOMLDecodeError", "loads"]
