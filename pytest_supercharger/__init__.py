"""Write a signature and a docstring; `pytest --supercharge` writes the body.

PYTEST_DONT_REWRITE: production code imports this package, so it must look the same with and without pytest.
"""

from __future__ import annotations

from pytest_supercharger.marker import StubNotFilled, supercharge

__all__ = ["StubNotFilled", "supercharge"]


def __getattr__(name: str) -> str:
    # Lazy: the version is asked for rarely, the marker is imported by production code always.
    if name == "__version__":
        from pytest_supercharger._version import __version__

        return __version__
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
