"""The proof refuses every change that was not declared, and properties hold for any text."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_supercharger import stubs
from pytest_supercharger.domain import Candidate, SourceFile, Stub
from pytest_supercharger.errors import SourceError
from pytest_supercharger.writeback.edits import fill
from pytest_supercharger.writeback.indent import indented
from pytest_supercharger.writeback.page import Page
from pytest_supercharger.writeback.verify import verify

OLD = b'''"""Module."""
import os

from pytest_supercharger import supercharge

# a comment
LIMIT = 3  # three


@staticmethod
@supercharge(samples=3)
def f(x, y = 1):  # signature
    """Doc."""
    # how to
    raise NotImplementedError


def g():
    text = """
    rows
    """
    return text
'''
CANDIDATE = Candidate(
    id="id", text_id="text", body="# new\nreturn h(x)\n", imports=("import re",), helpers=("def h(x):\n    return x\n",)
)


def stubs_of(data: bytes) -> tuple[Stub, ...]:
    return stubs.find(SourceFile(path=Path("/m.py"), relpath="m.py", module="m", data=data))


FILLINGS = [(stubs_of(OLD)[0], CANDIDATE)]
NEW = fill(OLD, FILLINGS)

TAMPERED = {
    "a byte of another function": (b"rows", b"ROWS"),
    "white space inside a string": (b"    rows\n", b"   rows\n"),
    "white space between statements": (b"LIMIT = 3  #", b"LIMIT = 3 #"),
    "a comment of the file": (b"# three", b"# four"),
    "a lost comment": (b"# a comment\n", b""),
    "a lost specification": (b"    # how to\n", b""),
    "a comment nobody declared": (b"LIMIT", b"# hello\nLIMIT"),
    "a signature's layout": (b"y = 1", b"y=1"),
    "a signature's default": (b"y = 1", b"y = 2"),
    "a docstring": (b'"""Doc."""', b'"""Dod."""'),
    "a docstring's quotes": (b'"""Doc."""', b"'''Doc.'''"),
    "another decorator": (b"@staticmethod\n", b""),
    "an added decorator": (b"@staticmethod\n", b"@staticmethod\n@property\n"),
    "another body": (b"return h(x)", b"return h(y)"),
    "more body": (b"return h(x)", b"return h(x)\n    return 2"),
    "a helper that is missing": (b"def h(x):\n    return x\n", b""),
    "a helper that differs": (b"def h(x):\n    return x\n", b"def h(x):\n    return 1\n"),
    "an import that is missing": (b"import re\n", b""),
    "an import nobody declared": (b"import re\n", b"import re\nimport sys\n"),
    "another import lost": (b"import os\n", b""),
    "a statement nobody declared": (b"LIMIT", b"OTHER = 1\nLIMIT"),
    "another row order": (b"# a comment\nLIMIT = 3  # three\n", b"LIMIT = 3  # three\n# a comment\n"),
    "other line ends": (b"\n", b"\r\n"),
    "a lost final newline": (b"return text\n", b"return text"),
    "an added byte order mark": (b'"""Module', b'\xef\xbb\xbf"""Module'),
    "an added coding line": (b'"""Module', b'# coding: latin-1\n"""Module'),
    "code that does not parse": (b"return h(x)", b"return h(x"),
    "code that parses and does not compile": (b"return h(x)", b"return h(x)\n    nonlocal q"),
    "an import of the package": (b"import re\n", b"import re\nimport pytest_supercharger\n"),
}


def test_an_honest_fill_is_proved():
    verify(OLD, NEW, FILLINGS, requires_python=">=3.10")


@pytest.mark.parametrize("name", TAMPERED)
def test_any_other_change_is_refused(name):
    old, new = TAMPERED[name]
    assert old in NEW
    with pytest.raises(SourceError):
        verify(OLD, NEW.replace(old, new), FILLINGS)


def test_nothing_filled_means_nothing_changed():
    verify(OLD, OLD, [])
    with pytest.raises(SourceError, match="without filled stubs"):
        verify(OLD, NEW, [])


JOINING = [
    (FILLINGS[0][0], Candidate(id="id", text_id="text", body="return path(x)\n", imports=("from os import path",)))
]
JOINED = OLD.replace(b"import os\n", b"from os import (  # why\n    fspath,\n    sep,\n)\n")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"  # why", b""),
        (b"  # why", b"  # because"),
        (b"    sep,\n", b""),
        (b"    fspath,\n    path,\n    sep,\n", b"    path,\n    sep,\n    fspath,\n"),
        (b"    path,\n", b"    path,\n    name,\n"),
        (b")\n", b")\nimport sys\n"),
    ],
)
def test_an_import_that_gets_a_name_loses_none_and_no_comment(old, new):
    filled = fill(JOINED, JOINING)
    verify(JOINED, filled, JOINING)
    assert filled.count(old) >= 1
    with pytest.raises(SourceError):
        verify(JOINED, filled.replace(old, new, 1), JOINING)


def test_a_marker_import_that_is_still_used_must_stay():
    old = OLD.replace(b"LIMIT = 3 ", b"LIMIT = supercharge ")
    new = fill(old, FILLINGS)
    verify(old, new, FILLINGS)
    with pytest.raises(SourceError, match="still used"):
        verify(old, new.replace(b"from pytest_supercharger import supercharge\n", b""), FILLINGS)


def test_a_marker_import_inside_try_must_stay():
    old = OLD.replace(
        b"from pytest_supercharger import supercharge\n",
        b"try:\n    from pytest_supercharger import supercharge\nexcept ImportError:\n    pass\n",
    )
    fillings = [(stubs_of(old)[0], CANDIDATE)]
    new = fill(old, fillings)
    verify(old, new, fillings)
    with pytest.raises(SourceError, match="an import of pytest_supercharger would change"):
        verify(old, new.replace(b"    from pytest_supercharger import supercharge\n", b"    pass\n"), fillings)


@pytest.mark.parametrize(
    ("requires_python", "is_refused"),
    [(">=3.9", True), (">=3.9,<4", True), ("~=3.9", True), (">=3.10", False), ("", False), (None, False)],
)
def test_the_lowest_python_of_the_project_must_parse_the_new_code(requires_python, is_refused):
    body = "match x:\n    case 1:\n        return 2\n"
    fillings = [(FILLINGS[0][0], Candidate(id="id", text_id="text", body=body))]
    new = fill(OLD, fillings)
    if is_refused:
        with pytest.raises(SourceError, match=r"would not compile for Python 3\.9"):
            verify(OLD, new, fillings, requires_python=requires_python)
    else:
        verify(OLD, new, fillings, requires_python=requires_python)


@pytest.mark.parametrize("terms", [2, 200, 330, 400, 600, 900, 3000, 20_000])
def test_deeply_nested_code_is_proved_or_refused_and_never_a_crash(terms):
    fillings = [(FILLINGS[0][0], Candidate(id="id", text_id="text", body=f"return {'+'.join(['x'] * terms)}\n"))]
    try:
        verify(OLD, fill(OLD, fillings), fillings)
    except SourceError as error:
        assert terms > 300
        assert "\n" not in str(error)  # noqa: PT017


def test_a_body_that_would_become_the_docstring_is_refused():
    old = OLD.replace(b'    """Doc."""\n', b"")
    stub = FILLINGS[0][0]
    fillings = [(stub, Candidate(id="id", text_id="text", body='"""New."""\nreturn 1\n'))]
    with pytest.raises(SourceError, match="docstring"):
        verify(old, fill(old, fillings), fillings)


ROW = st.sampled_from(
    [
        "",
        "# comment",
        "x = 1",
        "y = '''a\n  b\n'''",
        "def q():\n    return 2",
        "\x0c",
        "z = (1,\n  2)  # z",
        "# \u00e9\u4e2d",
    ]
)
BODY = st.sampled_from(
    [
        "return 1\n",
        "if x:\n    return '''\n a\n    b'''\nreturn [\n    x,\n]\n",
        "# c\nfor i in x:\n\n    # d\n    yield i\n",
        "def q(a):\n    return a\n\n\nreturn q(x)\n",
    ]
)


@given(
    above=st.lists(ROW, max_size=4),
    inside=st.lists(st.sampled_from(["", "    # hint", "    ...", "    pass  # why"]), max_size=4),
    below=st.lists(ROW, max_size=4),
    body=BODY,
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    is_open=st.booleans(),
    bom=st.booleans(),
)
def test_rows_outside_the_stub_keep_their_bytes(above, inside, below, body, newline, is_open, bom):
    head = ["import os", "from pytest_supercharger import supercharge", "KEEP = supercharge", *above]
    stub = ["@supercharge", "def f(x):", '    """Doc."""', *inside]
    text = "\n".join([*head, *stub, *below]) + ("" if is_open else "\n")
    data = b"\xef\xbb\xbf" * bom + text.replace("\n", newline).encode()
    fillings = [(stubs_of(data)[0], Candidate(id="id", text_id="text", body=body))]
    new = fill(data, fillings)
    verify(data, new, fillings)
    before = "\n".join(head) + "\n"
    after = "".join(f"\n{row}" for row in below) + ("" if is_open else "\n") if below else ""
    assert new.startswith(b"\xef\xbb\xbf" * bom + before.replace("\n", newline).encode())
    assert new.endswith(after.replace("\n", newline).encode())


@given(body=BODY, indent=st.sampled_from(["    ", "\t", "  ", "\t\t"]), unit=st.sampled_from(["    ", "\t", "  "]))
def test_indenting_keeps_the_meaning(body, indent, unit):
    code = indented(body, indent=indent, unit=unit, newline="\n")
    assert ast.dump(ast.parse(f"if 1:\n{code}").body[0].body[0]) == ast.dump(ast.parse(body).body[0])
    assert all(row[:1] in ("", " ", "\t") or "'''" in body for row in code.split("\n"))


@given(st.text(alphabet="a#'\"\\()\r\n\x0c\t :", max_size=30))
def test_a_page_loses_no_character(text):
    try:
        page = Page(text)
    except SourceError:
        return
    assert "".join(page.rows) == text
