"""Stubs are found by AST under any name of the marker; what cannot be filled is said, not skipped."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from pytest_supercharger.domain import Marks, SourceFile, Stub, StubKind
from pytest_supercharger.errors import SourceError
from pytest_supercharger.stubs import find, locate, marker_decorators, placeholders, problems

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


@pytest.mark.parametrize(
    "body",
    [
        ' "Do."',
        ' "Do."; ...',
        '\n    """Do."""',
        '\n    """Do."""\n    ...',
        '\n    """Do."""\n    pass',
        '\n    """Do."""\n    # use a heap\n    raise NotImplementedError',
        '\n    """Do."""\n    raise NotImplementedError()',
        '\n    """Do."""\n    raise NotImplementedError("later") from None',
        '\n    """Do."""\n    raise NotImplementedError\n    yield',
        "\n\tr'''Do.'''\n\t...",
    ],
)
def test_a_docstring_and_placeholders_make_a_stub(body: str) -> None:
    assert only(file(f"{IMPORT}@supercharge\ndef f():{body}\n")).docstring == "Do."


@pytest.mark.parametrize(
    "body",
    [
        "return 1",
        "yield",
        "yield 1",
        "return NotImplemented",
        "raise ValueError",
        "raise",
        "x = ...",
        "...; return",
        "if True: pass",
        "'another string'",
    ],
)
def test_a_real_body_is_a_problem(body: str) -> None:
    source = file(f'{IMPORT}class A:\n    @supercharge\n    def total(self):\n        """Do."""\n        {body}\n')
    assert find(source) == ()
    assert problems(source) == ("shop/cart.py:4: A.total is marked but has a body; remove the marker or the body",)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("@supercharge\nclass A: ...", "3: A is a class and cannot be filled; mark its methods instead"),
        (
            "def outer():\n    @supercharge\n    def inner():\n        'Do.'",
            "4: outer.inner is marked but stands inside a function; move it to the module or to a class",
        ),
        (
            "def outer():\n    class A:\n        @supercharge\n        def f(self): 'Do.'",
            "5: outer.A.f is marked but stands inside a function; move it to the module or to a class",
        ),
        ("@supercharge\ndef f(): ...", "3: f is marked but has no docstring; describe in one what it does"),
        ("@supercharge\ndef f():\n    '  '", "3: f is marked but has no docstring; describe in one what it does"),
        ("@supercharge\n@supercharge\ndef f(): 'Do.'", "4: f carries the marker twice; remove one"),
        ("@overload\n@supercharge\ndef f(): 'Do.'", "4: f is marked but is an overload; mark the implementation"),
        (
            "class A:\n    @supercharge\n    @property\n    def f(self): 'Do.'",
            "5: A.f has the marker above @property; put it below, directly on the function",
        ),
        (
            "@supercharge(tries=3)\ndef f(): 'Do.'",
            "3: f gives the marker the unknown option 'tries'; it takes confidence, examples, samples, uses",
        ),
        ("@supercharge(0.9)\ndef f(): 'Do.'", "3: f gives the marker an option by position; give it by name"),
        (
            "@supercharge(**o)\ndef f(): 'Do.'",
            "3: f gives the marker the unknown option '**'; it takes confidence, examples, samples, uses",
        ),
        (
            "@supercharge(confidence=2)\ndef f(): 'Do.'",
            "3: f gives the marker confidence=2; write a number above 0 and up to 1 instead",
        ),
        (
            "@supercharge(samples=N)\ndef f(): 'Do.'",
            "3: f gives the marker samples=N; write a whole number from 1 instead",
        ),
        ("@supercharge(uses=g())\ndef f(): 'Do.'", "3: f gives the marker uses=g(); write a list of names instead"),
        (
            "@supercharge(examples=[g(1)])\ndef f(): 'Do.'",
            "3: f gives the marker examples=[g(1)]; write a list of literals instead",
        ),
    ],
)
def test_each_problem_is_one_line_with_its_place(text: str, line: str) -> None:
    source = file(f"{IMPORT}{text}\n")
    assert find(source) == ()
    assert line.startswith(("3:", "4:", "5:"))
    assert problems(source) == (f"shop/cart.py:{line}",)


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


def test_one_bad_marker_does_not_hide_the_good_ones() -> None:
    source = marked("""
    @supercharge
    def f(): "Do."
    @supercharge
    def g(): return 1
    """)
    assert [stub.qualname for stub in find(source)] == ["f"]
    assert len(problems(source)) == 2  # a body, and no docstring


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


def test_a_file_with_the_marker_that_does_not_parse_is_an_error_with_its_line() -> None:
    with pytest.raises(SourceError, match=r"shop/cart\.py:2: does not parse"):
        find(file(f"{IMPORT}def f(:\n"))
    with pytest.raises(SourceError, match=r"shop/cart\.py:1: cannot be decoded"):
        problems(file(b"# pytest_supercharger supercharge \xff"))


SEVERAL = '''
from typing import overload
from pytest_supercharger import supercharge as s

@overload
def f(x: int) -> int: ...
@overload
def f(x: str) -> str: ...
@s
def f(x):
    """Do."""

class A:
    @property
    @s(samples=2)
    def f(self):
        """Do."""
    @f.setter
    def f(self, value):
        self.value = value

if True:
    async def g(): return 1
else:
    @s
    async def g():
        """Do."""
'''


def test_locate_finds_the_marked_definition_among_those_of_its_name() -> None:
    tree = ast.parse(SEVERAL)
    for stub in find(file(SEVERAL)):
        assert locate(tree, stub).lineno == stub.line
    assert [stub.id for stub in find(file(SEVERAL))] == ["shop.cart:f", "shop.cart:A.f", "shop.cart:g#2"]


FILLED = '''
@overload
def f(x: int) -> int: ...
@overload
def f(x: str) -> str: ...
def f(x):
    """Do."""
    return x
class A:
    @property
    def f(self):
        """Do."""
        return self.value
    @f.setter
    def f(self, value):
        self.value = value
if True:
    async def g(): return 1
else:
    async def g():
        """Do."""
        return 2
'''


@pytest.mark.parametrize("above", [0, 3, 5, 6, 40])
def test_locate_finds_filled_stubs_on_shifted_lines(above: int) -> None:
    tree = ast.parse("#\n" * above + FILLED)
    lines = [locate(tree, stub).lineno - above for stub in find(file(SEVERAL))]
    assert lines == [6, 11, 20]


def test_locate_says_when_a_stub_is_gone() -> None:
    stub = find(file(SEVERAL))[1]
    with pytest.raises(SourceError, match=r"shop/cart\.py:16: A\.f is not there any more; run again"):
        locate(ast.parse("def f(): ..."), stub)


def test_marker_decorators_are_the_marker_and_nothing_else() -> None:
    tree = ast.parse(SEVERAL)
    found = [marker_decorators(tree, locate(tree, stub), Marks()) for stub in find(file(SEVERAL))]
    assert [[ast.unparse(item) for item in markers] for markers in found] == [["s"], ["s(samples=2)"], ["s"]]
    other = ast.parse(SEVERAL).body[-1]
    assert isinstance(other, ast.If)
    assert marker_decorators(tree, other.body[0], Marks()) == ()  # type: ignore[arg-type]


def test_placeholders_are_what_is_to_be_replaced() -> None:
    tree = ast.parse("def f():\n    'Do.'\n    pass\n    ...\ndef g():\n    'Do.'\ndef h():\n    return 1\n")
    bodies = [placeholders(node) for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert [None if body is None else [item.lineno for item in body] for body in bodies] == [[3, 4], [], None]
