"""Marks this folder for the import path: tests of every package share the modules beside this file."""

from __future__ import annotations

pytest_plugins = ["pytester"]
