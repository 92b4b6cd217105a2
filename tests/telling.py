"""What a model is told of the first stub of a file."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from pytest_supercharger.context import Context, describe
from pytest_supercharger.domain import SourceFile
from pytest_supercharger.stubs import find

PLENTY = 100_000


def file(text: str, module: str = "shop.cart") -> SourceFile:
    relpath = module.replace(".", "/") + ".py"
    return SourceFile(path=Path("/p", relpath), relpath=relpath, module=module, data=dedent(text).encode())


def told(text: str, *, max_chars: int = PLENTY, **neighbours: str) -> Context:
    """Describe the first stub of a file; keyword `a__b` is the neighbour module `a.b`."""
    source = file(f"{dedent(text)}\nfrom pytest_supercharger import supercharge\n")
    others = {name.replace("__", "."): file(other, name.replace("__", ".")) for name, other in neighbours.items()}
    return describe(find(source)[0], source, neighbours=others, max_chars=max_chars)


STUB = '''
@supercharge
def f(x: int) -> int:
    """Do it."""
'''
