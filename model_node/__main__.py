"""Where the `supercharger-node` command starts; `python -m model_node` is the same."""

from __future__ import annotations

import sys

from model_node.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
