"""Stubs are found by AST under any name of the marker."""

from __future__ import annotations

from pathlib import Path

import pytest
from stub_files import IMPORT, file, marked, only

from pytest_supercharger.domain import Stub, StubKind
from pytest_supercharger.stubs import find, problems


def test_a_stub_carries_what_the_domain_says() -> None:
    stub = only(
        marked('''
        @supercharge
        def slugify(text: str, *, sep: str = "-") -> str:
            """Make a slug.

            Words are joined.
            """
        ''')
    )
    assert stub == Stub(
        module="shop.cart",
        qualname="slugify",
        path=Path("/p/shop/cart.py"),
        relpath="shop/cart.py",
        line=4,
        kind=StubKind.FUNCTION,
        is_async=False,
        signature='def slugify(text: str, *, sep: str = "-") -> str',
        docstring="Make a slug.\n\nWords are joined.",
    )
    assert stub.id == "shop.cart:slugify"


@pytest.mark.parametrize(
    ("imports", "decorator"),
    [
        ("from pytest_supercharger import supercharge", "supercharge"),
        ("from pytest_supercharger import supercharge as s", "s"),
        ("from pytest_supercharger import StubNotFilled, supercharge as s", "s()"),
        ("from pytest_supercharger.marker import supercharge", "supercharge()"),
        ("from pytest_supercharger import *", "supercharge"),
        ("import pytest_supercharger", "pytest_supercharger.supercharge"),
        ("import pytest_supercharger as ps", "ps.supercharge(samples=3)"),
        ("import pytest_supercharger.marker", "pytest_supercharger.marker.supercharge"),
        ("import pytest_supercharger.marker", "pytest_supercharger.supercharge"),
        ("import pytest_supercharger.marker as m", "m.supercharge"),
        ("from pytest_supercharger import marker", "marker.supercharge"),
        ("import os, pytest_supercharger as ps, sys", "ps.supercharge"),
        (
            "try:\n    from pytest_supercharger import supercharge\nexcept ImportError:\n    supercharge = None",
            "supercharge",
        ),
        (
            "try:\n    from own import s\nexcept ImportError:\n    from pytest_supercharger import supercharge as s",
            "s",
        ),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    from pytest_supercharger import supercharge as s", "s"),
        ("with x:\n    import pytest_supercharger as ps", "ps.supercharge"),
        ("match x:\n    case 1:\n        import pytest_supercharger as ps", "ps.supercharge"),
    ],
)
def test_the_marker_is_known_under_any_import(imports: str, decorator: str) -> None:
    source = file(f'{imports}\n@{decorator}\ndef f():\n    """Do."""\n')
    assert only(source).qualname == "f"


def test_an_import_in_a_class_counts_there() -> None:
    source = file('''
    class A:
        from pytest_supercharger import supercharge as s
        @s
        def f(self):
            """Do."""
    @s
    def g():
        """Do."""
    ''')
    assert [stub.qualname for stub in find(source)] == ["A.f"]


@pytest.mark.parametrize(
    "text",
    [
        "def supercharge(f): return f\n# pytest_supercharger\n@supercharge\ndef f():\n    'Do.'\n",
        "from game import supercharge\n# pytest_supercharger\n@supercharge\ndef f():\n    'Do.'\n",
        "import pytest_supercharger\n@pytest_supercharger.other\ndef f():\n    'Do.'\n",
        "import pytest_supercharger\n@pytest_supercharger.supercharge.x\ndef f():\n    'Do.'\n",
        "from .pytest_supercharger import supercharge\n@supercharge\ndef f():\n    'Do.'\n",
        "def g():\n    from pytest_supercharger import supercharge\n@supercharge\ndef f():\n    'Do.'\n",
        "from pytest_supercharger import supercharge\n@(lambda f: f)\ndef f():\n    'Do.'\n",
    ],
)
def test_other_decorators_are_not_the_marker(text: str) -> None:
    assert find(file(text)) == ()
    assert problems(file(text)) == ()


@pytest.mark.parametrize(
    ("decorators", "header", "kind"),
    [
        (["supercharge"], "def f(self)", StubKind.METHOD),
        (["property", "supercharge"], "def f(self)", StubKind.PROPERTY),
        (["functools.cached_property", "supercharge"], "def f(self)", StubKind.PROPERTY),
        (["x.setter", "supercharge"], "def f(self, value)", StubKind.PROPERTY),
        (["classmethod", "supercharge(samples=2)"], "def f(cls)", StubKind.CLASS_METHOD),
        (["staticmethod", "supercharge"], "def f()", StubKind.STATIC_METHOD),
        (["classmethod", "abstractmethod", "supercharge"], "def f(cls)", StubKind.CLASS_METHOD),
        (["supercharge"], "def __new__(cls)", StubKind.STATIC_METHOD),
        (["supercharge"], "def __class_getitem__(cls, item)", StubKind.CLASS_METHOD),
        (["supercharge", "functools.lru_cache(maxsize=3)"], "def f(self)", StubKind.METHOD),
        (["supercharge"], "async def f(self)", StubKind.METHOD),
    ],
)
def test_members_of_classes_have_their_kind(decorators: list[str], header: str, kind: StubKind) -> None:
    lines = "".join(f"        @{decorator}\n" for decorator in decorators)
    stub = only(file(f'{IMPORT}class A:\n    class B:\n{lines}        {header}:\n            """Do."""\n'))
    assert (stub.kind, stub.signature) == (kind, header)
    assert stub.qualname.startswith("A.B.")
    assert stub.root_name == "A"
    assert stub.is_async == header.startswith("async")


def test_each_definition_of_a_name_is_a_stub_of_its_own() -> None:
    source = marked("""
    if A:
        @supercharge
        def f(): "Do."
    else:
        @supercharge
        def f(): "Do."
    """)
    assert problems(source) == ()
    assert [(stub.id, stub.line) for stub in find(source)] == [("shop.cart:f", 5), ("shop.cart:f#2", 8)]


def test_options_are_read_as_literals() -> None:
    stub = only(
        marked("""
        @supercharge(confidence=1, samples=20, uses=[helper, money.round, "late"], examples=[(("a b",), "a-b")])
        def f(): "Do."
        """)
    )
    assert stub.options == {
        "confidence": 1.0,
        "samples": 20,
        "uses": ("helper", "money.round", "late"),
        "examples": ((("a b",), "a-b"),),
    }


@pytest.mark.parametrize(
    ("header", "signature"),
    [
        ("def f( a,b = 'x' )->int:", "def f( a,b = 'x' )->int"),
        (
            'def f(\n    a: int,  # first\n    b: str = "é",\n) -> dict[\n    str, int\n]:',
            'def f(a: int, b: str = "é") -> dict[str, int]',
        ),
        ("async def f(\n    *,\n\n    a: int\n):", "async def f(*, a: int)"),
        ("def f(a) \\\n    -> int:", "def f(a) -> int"),
        ("def f(a=lambda x: {x: ':'}, *b, **c):", "def f(a=lambda x: {x: ':'}, *b, **c)"),
        ("def f(a='''x\ny'''):", "def f(a='x\\ny')"),
        ("def f() -> (lambda: 1):", "def f() -> (lambda: 1)"),
        ("def f(a=(1,\n      ), b: tuple[()] = ()):", "def f(a=(1,), b: tuple[()]=())"),
        ("def f(a: 'list[int]' = [], /):", "def f(a: 'list[int]' = [], /)"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_signature_is_the_source_on_one_line(header: str, signature: str, newline: str) -> None:
    text = f"{IMPORT}@supercharge\n{header}\n    '''Do.'''\n".replace("\n", newline)
    assert only(file(text.encode())).signature == signature


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + IMPORT.encode() + b"@supercharge\ndef f():\n    'D\xc3\xa9.'",
        b"# coding: latin-1\n" + IMPORT.encode() + b"@supercharge\ndef f():\n    'D\xe9.'",
        IMPORT.replace("\n", "\r\n").encode() + b"\x0c\r\n@supercharge\r\ndef f():\r\n\t'D\xc3\xa9.'\r\n",
    ],
)
def test_any_encoding_and_newline_is_read(data: bytes) -> None:
    assert only(file(data)).docstring == "Dé."


def test_files_without_the_marker_need_not_be_valid() -> None:
    assert find(file("def f(:")) == find(file("# supercharge\ndef f(:")) == ()
    assert problems(file(b"\xff")) == ()
