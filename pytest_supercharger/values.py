"""How the text of a flag or an ini key is read; a wrong one is a UsageError with the name, the value and what to give.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

__all__ = [
    "address",
    "count",
    "distribution",
    "engine",
    "environment",
    "file",
    "level",
    "mebibytes",
    "natural",
    "number",
    "probability",
    "results",
    "seconds",
    "words",
]

_ENVIRONMENTS = ("auto", "host", "image")
_ENGINES = ("unix://", "tcp://", "ssh://")
_LARGEST_RESULT = 8  # MiB; with what is around it, half of what a frame may hold


def probability(name: str, text: str) -> float:
    """From 0.5 to below 1."""
    value = number(name, text)
    if not 0.5 <= value < 1.0:
        raise pytest.UsageError(f"{name} is {text}; give a probability from 0.5 to below 1, for example 0.95")
    return value


def number(name: str, text: str) -> float:
    """Any finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise pytest.UsageError(f"{name} is {text!r}; give a number")
    return value


def seconds(name: str, text: str) -> float:
    """A positive number of seconds."""
    value = number(name, text)
    if value <= 0:
        raise pytest.UsageError(f"{name} is {text}; give a positive number of seconds")
    return value


def count(name: str, text: str) -> int:
    """A whole number from 1 on."""
    value = number(name, text)
    if value != int(value) or not 1 <= value <= 100_000:
        raise pytest.UsageError(f"{name} is {text}; give a whole number from 1 to 100000")
    return int(value)


def natural(name: str, text: str) -> int:
    """A whole number from 0 on."""
    value = number(name, text)
    if value != int(value) or value < 0:
        raise pytest.UsageError(f"{name} is {text}; give a whole number, 0 or more")
    return int(value)


def level(name: str, text: str) -> int:
    """A level of verdicts that there is a choice of."""
    if text.strip() not in ("2", "3"):
        raise pytest.UsageError(f"{name} is {text!r}; give 2 (test and candidate in one process) or 3 (in two)")
    return int(text)


def words(name: str, text: str) -> str:
    """Words, without the space around them."""
    if not text.strip():
        raise pytest.UsageError(f"{name} is empty; give a value or leave it out")
    return text.strip()


def address(name: str, text: str) -> str:
    """HOST:PORT."""
    host, colon, port = text.strip().rpartition(":")
    if not (colon and host and port.isdecimal() and 0 < int(port) < 65536):
        raise pytest.UsageError(f"{name} is {text!r}; give HOST:PORT, for example 127.0.0.1:50051")
    return text.strip()


def file(name: str, text: str) -> Path:
    """A file in a folder that exists."""
    path = Path(words(name, text)).absolute()
    if path.is_dir() or not path.parent.is_dir():
        raise pytest.UsageError(f"{name} is {text}; give a file in a folder that exists")
    return path


def mebibytes(name: str, text: str) -> int:
    """A whole number of MiB from 1 on."""
    value = number(name, text)
    if value != int(value) or not 1 <= value <= 1 << 20:
        raise pytest.UsageError(f"{name} is {text}; give a whole number of MiB, for example 512")
    return int(value)


def environment(name: str, text: str) -> str:
    """One of the environments a sandbox may have."""
    if text.strip() not in _ENVIRONMENTS:
        raise pytest.UsageError(f"{name} is {text!r}; give {', '.join(_ENVIRONMENTS[:-1])} or {_ENVIRONMENTS[-1]}")
    return text.strip()


def distribution(name: str, text: str) -> str:
    """The name of a distribution, or * for any."""
    from pytest_supercharger.distributions import is_distribution  # only where it is given

    if text.strip() != "*" and not is_distribution(text.strip()):
        raise pytest.UsageError(f"{name} is {text!r}; give the name of a distribution, for example PyYAML, or *")
    return text.strip()


def engine(name: str, text: str) -> str:
    """The address of a Docker engine."""
    if not text.strip().startswith(_ENGINES) or text.strip() in _ENGINES:
        raise pytest.UsageError(f"{name} has {text!r}; give unix://PATH, tcp://HOST:PORT or ssh://USER@HOST")
    return text.strip()


def results(name: str, text: str) -> int:
    """A whole number of MiB that fits a message from the sandbox."""
    value = mebibytes(name, text)
    if value > _LARGEST_RESULT:
        raise pytest.UsageError(f"{name} is {text}; give a whole number of MiB from 1 to {_LARGEST_RESULT}")
    return value
