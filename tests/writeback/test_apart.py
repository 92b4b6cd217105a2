"""Names of the module level are replaced where they mean that, and nowhere else; candidates are kept apart by it."""

from __future__ import annotations

import ast
import symtable
import textwrap
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pytest_supercharger.domain import Candidate, SourceFile
from pytest_supercharger.errors import SourceError
from pytest_supercharger.stubs import find
from pytest_supercharger.writeback.apart import kept_apart
from pytest_supercharger.writeback.edits import fill
from pytest_supercharger.writeback.renaming import renamed
from pytest_supercharger.writeback.verify import verify

NAMES = st.sampled_from(["h", "h", "k", "x"])
EXPRESSIONS = [
    "{0}", "{0}({1})", "[{0} for {1} in {2}]", "[{1} for {0} in {2}({0}) if {0}]", "(lambda {0}={1}: {2})({0})",
    "{2}.{0}", "{2}({0}={1})", "f'{{{0}}}-{{{1}}}'", "({0} := {1})", "[({0} := {1}) for {2} in {1}]", "'{0} is {1}'",
    "{{{0}: [{1} for {2} in {0} for {1} in {2}]}}", "'{0}'",
]  # fmt: skip
STATEMENTS = [
    "{0} = EXPR", "return EXPR", "EXPR  # {0} stays in comments", "global {0}", "global {0}, {1}", "del {0}",
    "import {0}", "from {2} import {0}", "{0}.{1} = EXPR", "{0} += EXPR", "nonlocal {0}",
]  # fmt: skip
BLOCKS = [
    "def {0}({1}=EXPR, *{2}):\n    BLOCK", "async def {0}({1}: {0}) -> {2}:\n    BLOCK", "class {0}({1}):\n    BLOCK",
    "@{0}\ndef {1}():\n    BLOCK", "for {0} in EXPR:\n    BLOCK", "with EXPR as {0}:\n    BLOCK", "if EXPR:\n    BLOCK",
    "try:\n    BLOCK\nexcept {0} as {1}:\n    BLOCK", "match EXPR:\n    case [{0}, *{1}]:\n        BLOCK",
]  # fmt: skip


@st.composite
def blocks(draw, depth=2):
    """Statements about few names in many scopes."""
    rows = []
    for _ in range(draw(st.integers(1, 3))):
        template = draw(st.sampled_from(STATEMENTS + (BLOCKS if depth else [])))
        text = template.format(*draw(st.tuples(NAMES, NAMES, NAMES)))
        while "EXPR" in text:
            expression = draw(st.sampled_from(EXPRESSIONS)).format(*draw(st.tuples(NAMES, NAMES, NAMES)))
            text = text.replace("EXPR", expression, 1)
        while "BLOCK" in text:
            margin = " " * (len(text[: text.index("BLOCK")].rpartition("\n")[2]))
            text = text.replace("BLOCK", textwrap.indent(draw(blocks(depth - 1)).rstrip(), margin).lstrip(), 1)
        rows.append(text)
    return "\n".join(rows) + "\n"


def scopes_of(code, parameters):
    """What Python itself takes each name of each scope for, the module's first; None where it is no code."""
    body = textwrap.indent(code, "    ") if parameters is not None else code
    try:
        text = f"async def outer({', '.join(parameters)}):\n{body}" if parameters is not None else body
        tables = [symtable.symtable(text, "m", "exec")]
    except SyntaxError:
        return None
    for table in tables:
        tables += table.get_children()
    return [
        {
            s.get_name(): (s.is_global() or table.get_type() == "module", s.is_local(), s.is_parameter())
            for s in table.get_symbols()
            # Others are those of an inner scope on their way to an outer one.
            if s.is_referenced() or s.is_assigned() or s.is_parameter() or s.is_imported() or s.is_declared_global()
        }
        for table in tables
    ]


@settings(max_examples=200, deadline=None)
@given(blocks(), st.sampled_from([None, [], ["h"], ["x", "k"]]))
def test_a_name_is_replaced_where_it_is_the_modules_and_nowhere_else(code, parameters):
    before = scopes_of(code, parameters)
    assume(before is not None)
    new = renamed(code, {"h": "h_2"}, parameters=parameters)
    if new is None:
        return
    after = scopes_of(new, parameters)
    expected = [
        {("h_2" if name == "h" and told[0] else name): told for name, told in scope.items()} for scope in before
    ]
    assert after == expected, new
    back = ast.parse(new)
    for node in ast.walk(back):
        for field in ("id", "name"):
            if getattr(node, field, None) == "h_2":
                setattr(node, field, "h")
        if isinstance(node, ast.Global):
            node.names = ["h" if name == "h_2" else name for name in node.names]
    assert ast.dump(back) == ast.dump(ast.parse(code))


@pytest.mark.parametrize(
    ("code", "new"),
    [
        ("return  h(x)  # h\n", "return  h_2(x)  # h\n"),
        ("h = 1\nreturn h\n", "h = 1\nreturn h\n"),
        ("é = 'é', h\nreturn [\n    h,\n]\n", "é = 'é', h_2\nreturn [\n    h_2,\n]\n"),
        ("'h does it'\nglobal  k, h\nh = 1\n", "'h does it'\nglobal  k, h_2\nh_2 = 1\n"),
        ("return x.h, x(h=h)\n", "return x.h, x(h=h_2)\n"),
        ("return globals()['h']\n", None),
        ("class A:\n    h = h\n", None),
    ],
)
def test_layout_and_comments_stay_and_what_is_unclear_is_left_alone(code, new):
    assert renamed(code, {"h": "h_2"}, parameters=[]) == new


def test_a_definition_gets_the_new_name_with_those_that_use_it():
    code = "@h.register\ndef h(a=1):  # h\n    return h(a - 1)\n"
    assert renamed(code, {"h": "h_2"}) == "@h_2.register\ndef h_2(a=1):  # h\n    return h_2(a - 1)\n"


FILE = SourceFile(
    path=Path("/m.py"),
    relpath="m.py",
    module="m",
    data=b"""\
from pytest_supercharger import supercharge

h_2 = 0


@supercharge
def one(x):
    "One."


class A:
    @supercharge
    def two(self, x, k=1):
        "Two."
""",
)
ONE, TWO = find(FILE)


def candidate(body, helpers=(), imports=()):
    return Candidate(id=body, text_id=body, body=body, helpers=tuple(helpers), imports=tuple(imports))


@pytest.mark.parametrize(
    ("first", "second", "written"),
    [
        (
            candidate("return h(x)\n", ["def h(x):\n    return x\n"]),
            candidate("return h(x)\n", ["def h(x):\n    return -x\n"]),
            candidate("return h_3(x)\n", ["def h_3(x):\n    return -x\n"]),
        ),
        (
            candidate("return h(x)\n", ["def h(x):\n    return x\n"]),
            candidate("return h(x)  # too\n", ["def h(x): return x\n"]),
            None,
        ),
        (
            # The same text, which means another thing.
            candidate("return g(x)\n", ["def h(x):\n    return x\n", "def g(x):\n    return h(x)\n"]),
            candidate("return g(x)\n", ["def h(x):\n    return -x\n", "def g(x):\n    return h(x)\n"]),
            candidate("return g_2(x)\n", ["def h_3(x):\n    return -x\n", "def g_2(x):\n    return h_3(x)\n"]),
        ),
        (
            candidate("return h(x)\n", imports=["from a import h"]),
            candidate("return h(x), k\n", ["k = h\n"], imports=["from b import h"]),
            candidate("return h_3(x), k\n", ["k = h_3\n"], imports=["from b import h as h_3"]),
        ),
        (
            candidate("return np(x)\n", imports=["from a import np"]),
            candidate("return np.sum(x)\n", imports=["import numpy as np"]),
            candidate("return np_2.sum(x)\n", imports=["import numpy as np_2"]),
        ),
        (
            candidate("return sum(x)\n"),
            candidate("return sum(x)\n", imports=["from math import fsum as sum"]),
            candidate("return sum_2(x)\n", imports=["from math import fsum as sum_2"]),
        ),
    ],
)
def test_what_two_candidates_bring_under_one_name_is_kept_apart(first, second, written):
    text = FILE.data.decode()
    kept = kept_apart(text, [(TWO, second), (ONE, first)])
    assert [(stub, one.body, one.helpers, one.imports) for stub, one in kept] == [
        (ONE, first.body, first.helpers, first.imports),
        (TWO, *((one := written or second).body, one.helpers, one.imports)),
    ]
    new = fill(FILE.data, kept)
    verify(FILE.data, new, kept)
    assert kept_apart(text, [(ONE, first), (TWO, second)]) == kept
    if written is not None:
        with pytest.raises(SourceError):
            fill(FILE.data, [(ONE, first), (TWO, second)])


def test_a_name_that_cannot_be_replaced_stays_and_is_refused_as_before():
    first = candidate("return h\n", ["h = 1\n"])
    second = candidate("return globals()['h']\n", ["h = 2\n"])
    assert kept_apart("", [(ONE, first), (TWO, second)]) == [(ONE, first), (TWO, second)]


PRIVATE = "class h:\n    def __init__(self, x):\n        self.__x = x\n"


@pytest.mark.parametrize(
    ("body", "helper", "imports"),
    [
        ("return h(x)._h__x\n", PRIVATE, ()),
        ("return repr(h(x))\n", "@dataclass\nclass h:\n    x: int\n", ("from dataclasses import dataclass",)),
        ("raise h\n", "class h(ValueError):\n    pass\n", ()),
        ("return h(x).__name__\n", "def h(x):\n    return x\n", ()),
        ("return f'{h}'\n", "def h(x):\n    return x\n", ()),
        ("return h\n", "def h(x):\n    return x\n", ()),
        ("return h(x)\n", "def h(x):\n    return lambda: x\n", ()),
        ("return h(x)\n", "def h(x):\n    yield x\n", ()),
        ("return h(x)\n", "async def h(x):\n    return x\n", ()),
        ("return h(x)\n", "def h(x):\n    return (y for y in x)\n", ()),
        ("return h(x)\n", "def h(x):\n    def inner(): ...\n    return inner\n", ()),
        ("return h(x)\n", "@x\ndef h(x):\n    return x\n", ()),
        ("return h(x)\n", "def h(x):\n    '>>> h(1)'\n    return x\n", ()),
        ("try:\n    h()\nexcept TypeError as error:\n    return str(error)\n", "def h(x):\n    return x\n", ()),
        ("return h(*x)\n", "def h(x):\n    return x\n", ()),
        ("return h(x, x=x)\n", "def h(x):\n    return x\n", ()),
        ("return h(x)\n", "def h(x, *, y):\n    return x\n", ()),
        ("return h(x) + 'a h object'\n", "def h(x):\n    return x\n", ()),
        ("return x.h(1), h(x)\n", "def h(x):\n    return x\n", ()),
        ("from a import h\nreturn h(x)\n", "def h(x):\n    return x\n", ()),
        ("return k(x), h(x)\n", "def h(x):\n    return x\n", ("from m import h as k",)),
        ("return '{0.__qualname__}'.format(k), h(x)\n", "def h(x):\n    return x\n", ()),
    ],
)
def test_what_somebody_may_see_the_name_of_is_not_renamed(body, helper, imports):
    first, second = candidate("return h(x)\n", ["def h(x): ...\n"]), candidate(body, [helper], imports)
    assert kept_apart("", [(ONE, first), (TWO, second)]) == [(ONE, first), (TWO, second)]
    with pytest.raises(SourceError, match="needs 'h', which is already something else"):
        fill(FILE.data, [(ONE, first), (TWO, second)])


def test_a_function_that_is_called_only_is_renamed_with_its_cache():
    helper = "@lru_cache(None)\ndef h(x, /, y=1, *z, k, **w):\n    'Of h.'\n    return sum(h(x, y, y, k=k, i=1))\n"
    second = candidate("return h(x, k=k), h(x, 2, k=3)\n", [helper], ["from functools import lru_cache"])
    (_, (_, kept)) = kept_apart("", [(ONE, candidate("return h(x)\n", ["def h(x): ...\n"])), (TWO, second)])
    assert kept.body == "return h_2(x, k=k), h_2(x, 2, k=3)\n"
    assert kept.helpers == (helper.replace(" h(", " h_2(").replace("(h(", "(h_2("),)
