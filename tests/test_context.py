"""What a model is told: the stub as it stands in the file, and the surroundings in short."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest
from telling import STUB, told


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
