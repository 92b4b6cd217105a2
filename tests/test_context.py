"""What a model is told: the stub as it stands in the file, the surroundings in short, and never a silent cut."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from pytest_supercharger.context import Context, describe, imported_modules
from pytest_supercharger.domain import SourceFile
from pytest_supercharger.errors import SourceError
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


@pytest.mark.parametrize(
    ("text", "stub"),
    [
        (
            '@supercharge\ndef f(\n    x: int,  # units\n) -> int:\n    """Do.\n\n      >>> f(1)\n    """\n    ...\n',
            'def f(\n    x: int,  # units\n) -> int:\n    """Do.\n\n      >>> f(1)\n    """\n',
        ),
        ("@supercharge\ndef f(x): 'Do.'", "def f(x):\n    'Do.'\n"),
        ("@supercharge\ndef f(x): 'Do.'; ...", "def f(x):\n    'Do.'\n"),
        (
            "@cache\n@supercharge(samples=3)\n@other(1,\n  2)\ndef f():\n    r'''Do.'''\n    pass\n",
            "@cache\n@other(1,\n  2)\ndef f():\n    r'''Do.'''\n",
        ),
        (
            "@supercharge\ndef f():\n    'Do.'  # one\n    # use a heap\n    raise NotImplementedError(\n"
            "        1)  # two\n    # three\n\nx = 1\n# four\n",
            "def f():\n    'Do.'  # one\n    # use a heap\n    # two\n    # three\n",
        ),
        (
            "class A:\n\t@property\n\t@supercharge\n\tdef f(self):\n\t\t'''Do.\n\n\t\tMore.\n\t\t'''\n\t\t...\n",
            "@property\ndef f(self):\n\t'''Do.\n\n\tMore.\n\t'''\n",
        ),
        ("class A:\n  @supercharge\n  async def f(self): 'Do.'; pass", "async def f(self):\n    'Do.'\n"),
        (
            "@supercharge\r\ndef f():\r\n    '''Do.\r\n    More.'''\r\n    ...\r\n",
            "def f():\n    '''Do.\n    More.'''\n",
        ),
    ],
)
def test_the_stub_is_as_in_the_file_with_its_body_left_open(text: str, stub: str) -> None:
    context = told(text)
    assert context.stub == stub
    ast.parse(context.stub)
    assert "supercharge" not in context.stub + context.surroundings


SHOP = '''
"""The shop."""
from __future__ import annotations

import json, re
from collections.abc import Iterable
from dataclasses import dataclass
import pytest_supercharger

__all__ = ["a"]
Cents = int
TAX: float = 0.2
A, B = 1, 2

try:
    import numpy
except ImportError:
    numpy = None

if TYPE_CHECKING:
    from shop.money import Money

if sys.platform == "linux":
    def only_linux(): return 1

@dataclass(frozen=True)
class Item(Base, metaclass=Meta):
    """One item.

    Long story.
    """

    name: str
    price: Cents = 0  # in cents

    def total(self, n: int) -> int:
        """Price of n.

        Long story.
        """
        return self.price * n

    class Config:
        frozen = True

class Empty(Exception): pass

async def load(path: str = "x") -> str:
    """Load a file."""
    return path

def undocumented(): return 1

@supercharge
def f(x: int) -> int:
    """Do it."""

print("side effect")
if __name__ == "__main__":
    MAIN = 1
'''


def test_the_surroundings_are_the_module_in_short() -> None:
    context = told(SHOP)
    assert context.omitted == 0
    assert context.surroundings == dedent('''\
        """The shop."""
        import json, re
        from collections.abc import Iterable
        from dataclasses import dataclass

        Cents = int
        TAX: float = 0.2
        A, B = 1, 2

        try:
            import numpy
        except ImportError:
            numpy = None
        if TYPE_CHECKING:
            from shop.money import Money

        def only_linux():
            ...

        @dataclass(frozen=True)
        class Item(Base, metaclass=Meta):
            """One item."""
            name: str
            price: Cents = 0  # in cents
            def total(self, n: int) -> int:
                """Price of n."""
                ...
            class Config:
                frozen = True

        class Empty(Exception):
            ...

        async def load(path: str = "x") -> str:
            """Load a file."""
            ...

        def undocumented():
            ...''')


def test_a_method_is_told_of_its_class() -> None:
    context = told('''
    class Cart:
        """A cart.

        With a rule.
        """
        limit = 3

        def __init__(self, owner: str) -> None:
            self.owner = owner
            self.lines: list[str] = []

        def add(self, line: str) -> None:
            """Add a line."""
            self.lines.append(line)

        @supercharge
        def total(self) -> int:
            """Sum."""

        @property
        @supercharge
        def size(self) -> int:
            """How many."""
    ''')
    assert context.surroundings == dedent('''\
        class Cart:
            """A cart.

            With a rule.
            """
            limit = 3
            def __init__(self, owner: str) -> None:
                self.owner = owner
                self.lines: list[str] = []
            def add(self, line: str) -> None:
                """Add a line."""
                ...
            @property
            def size(self) -> int:
                """How many."""
                ...''')
    assert context.stub.startswith("def total(self)")


def test_a_long_value_is_shown_by_its_name_and_said_to_be_long() -> None:
    numbers = ", ".join(map(str, range(1000)))
    context = told(f"TABLE: list[int] = [{numbers}]\n{STUB}")
    assert context.surroundings == "TABLE: list[int] = ...  # a long value, not shown"


def test_a_long_init_is_shown_by_its_signature() -> None:
    body = "\n".join(f"        self.a{number} = {number}" for number in range(50))
    context = told(f"class A:\n    def __init__(self, x):\n{body}\n{STUB}")
    assert context.surroundings == "class A:\n    def __init__(self, x):\n        ..."


def test_docstrings_that_cannot_be_quoted_are_still_valid_source() -> None:
    context = told('def g():\n    r\'\'\'Say """x""" \\d "\'\'\'\ndef h():\n    \'Say "x"\'\n' + STUB)
    tree = ast.parse(context.surroundings)
    assert [ast.get_docstring(node) for node in tree.body if isinstance(node, ast.FunctionDef)] == [
        'Say """x""" \\d "',
        'Say "x"',
    ]


MANY = "\n".join(f'def g{number}(x: int) -> int:\n    """Number {number}."""\n    return x' for number in range(50))


def test_what_has_no_room_is_counted_in_the_text() -> None:
    context = told(f"import os\nLIMIT = 3\n{MANY}\n{STUB}", max_chars=600)
    assert len(context.surroundings) + len(context.stub) <= 600
    shown = context.surroundings.count("def g")
    assert 0 < shown < 50
    assert context.omitted == 50 - shown
    assert context.surroundings.endswith(f"\n\n# {context.omitted} more definitions of this module are not shown\n")
    # Imports and constants come before functions nobody names.
    assert context.surroundings.startswith("import os\n\nLIMIT = 3\n\n")


@pytest.mark.parametrize("room", [150, 200, 300, 500, 1000, 2000, 3000])
def test_no_definition_is_cut_in_half(room: int) -> None:
    context = told(f"{MANY}\n{STUB}", max_chars=room)
    assert len(context.surroundings) + len(context.stub) <= room
    for node in ast.parse(context.surroundings).body:
        assert isinstance(node, ast.FunctionDef)
        assert ast.unparse(node).endswith("    ...")
    assert context.surroundings.count("def g") + context.omitted == 50


@pytest.mark.parametrize(
    "stub",
    [
        '@supercharge\ndef f(x: g25) -> int:\n    """Do it."""\n',
        '@supercharge\ndef f(x: int) -> int:\n    """Do it as `g25` does."""\n',
        '@supercharge(uses=[g25])\ndef f(x: int) -> int:\n    """Do it."""\n',
    ],
)
def test_what_the_stub_names_is_shown_first(stub: str) -> None:
    context = told(f"{MANY}\n{stub}", max_chars=210)
    assert "def g25(" in context.surroundings
    assert context.omitted >= 48


def test_what_the_named_things_name_comes_next() -> None:
    text = f'class Price:\n    amount: g7\n\n{MANY}\n@supercharge\ndef f(x: Price) -> int:\n    """Do it."""\n'
    context = told(text, max_chars=270)
    assert "class Price" in context.surroundings
    assert "def g7(" in context.surroundings


def test_a_class_without_room_is_shown_without_its_methods() -> None:
    methods = "\n".join(f"    def g{number}(self): return 1" for number in range(50))
    head = "class A:\n    size = 3\n    def __init__(self): self.x = 1\n"
    text = f'{head}{methods}\n    @supercharge\n    def f(self):\n        """Do it."""\n'
    context = told(text, max_chars=320)
    assert context.surroundings == (
        "class A:\n    size = 3\n    def __init__(self):\n        ...\n"
        "    # 50 more methods of this class are not shown"
    )


@pytest.mark.parametrize("room", [0, -5, 30, 60])
def test_a_stub_that_does_not_fit_is_an_error(room: int) -> None:
    with pytest.raises(SourceError, match=r"shop/cart\.py:\d+: context too long: f alone takes \d+ characters"):
        told(f"{MANY}\n{STUB}", max_chars=room)


def test_an_exact_fit_leaves_nothing_out() -> None:
    context = told(f"{MANY}\n{STUB}")
    room = len(context.surroundings) + len(context.stub)
    assert told(f"{MANY}\n{STUB}", max_chars=room) == context
    assert told(f"{MANY}\n{STUB}", max_chars=room - 1).omitted > 0


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


def test_the_comment_behind_the_last_line_of_init_is_shown():
    context = told(
        '''
        class Cart:
            def __init__(self) -> None:
                self.lines: dict[str, int] = {}  # name -> how many

            @supercharge
            def total(self) -> int:
                """Return how many."""
        '''
    )
    assert "self.lines: dict[str, int] = {}  # name -> how many" in context.surroundings
