"""What a model is told of the project's other modules."""

from __future__ import annotations

from pathlib import Path

import pytest
from telling import STUB, file, told

from pytest_supercharger.context import imported_modules
from pytest_supercharger.domain import SourceFile

MONEY = '''
"""Money."""
RATE = 2
class Money:
    """An amount."""
    cents: int
    def plus(self, other: Money) -> Money:
        """Add."""
        return self
def hidden(): return 1
'''
SHOWN = '# from shop.money:\nclass Money:\n    """An amount."""\n    cents: int\n'


@pytest.mark.parametrize(
    "imports",
    [
        "from shop.money import Money",
        "from .money import Money as M",
        "from . import money\nx = money.Money",
        "import shop.money\nx = shop.money.Money",
        "import shop.money as m\nx = m.Money",
        "from shop import Money",
        "if TYPE_CHECKING:\n    from shop.money import Money",
    ],
)
def test_what_is_imported_from_the_project_is_shown(imports: str) -> None:
    context = told(f"{imports}\n{STUB}", shop__money=MONEY, shop="from shop.money import Money\n")
    assert context.surroundings.startswith(SHOWN)
    assert "hidden" not in context.surroundings
    assert "RATE" not in context.surroundings


def test_a_neighbour_that_does_not_parse_has_nothing_to_show() -> None:
    context = told(f"from shop.money import Money\n{STUB}", shop__money="def (")
    assert context.surroundings == "from shop.money import Money"


def test_modules_that_pass_names_in_a_circle_show_nothing() -> None:
    context = told(f"from a import X\n{STUB}", a="from b import X\n", b="from a import X\n")
    assert context.surroundings == "from a import X"


@pytest.mark.parametrize(
    ("module", "text", "names"),
    [
        ("shop.cart", "import os.path, re as r", ("os.path", "re")),
        ("shop.cart", "from a.b import c", ("a.b", "a.b.c")),
        ("shop.cart", "from . import a", ("shop", "shop.a")),
        ("shop.cart", "from .a import b", ("shop.a", "shop.a.b")),
        ("shop.deep.cart", "from ..a import b", ("shop.a", "shop.a.b")),
        ("cart", "def f():\n    import json", ("json",)),
    ],
)
def test_imports_are_resolved_to_dotted_names(module: str, text: str, names: tuple[str, ...]) -> None:
    assert imported_modules(file(text, module)) == names


def test_relative_imports_of_a_package_start_at_the_package() -> None:
    source = SourceFile(
        path=Path("/p/shop/__init__.py"), relpath="shop/__init__.py", module="shop", data=b"from .a import b"
    )
    assert imported_modules(source) == ("shop.a", "shop.a.b")
