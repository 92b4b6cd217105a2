"""Source files with stubs, made from text."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from pytest_supercharger.domain import SourceFile, Stub
from pytest_supercharger.stubs import find, problems

IMPORT = "from pytest_supercharger import supercharge\n"


def file(text: str | bytes, module: str = "shop.cart") -> SourceFile:
    data = text if isinstance(text, bytes) else dedent(text).encode()
    return SourceFile(path=Path("/p/shop/cart.py"), relpath="shop/cart.py", module=module, data=data)


def marked(text: str) -> SourceFile:
    return file(IMPORT + dedent(text))


def only(source: SourceFile) -> Stub:
    assert problems(source) == ()
    (stub,) = find(source)
    return stub
