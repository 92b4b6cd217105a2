"""Whatever surrounds a stub and however it is laid out: the rest keeps its bytes, the file parses, and all is done."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_supercharger import stubs
from pytest_supercharger.domain import Candidate, SourceFile
from pytest_supercharger.writeback.edits import fill
from pytest_supercharger.writeback.verify import verify

OUTSIDE = (
    "x = 1",
    "y=[ 1,\n   2 ] # y",
    "# é 中 comment",
    "\x0c",
    "",
    "   ",
    "text = '''\n  @supercharge\n\tdef f(): ...\n'''",
    "if x: y = 2; z = 3",
    "z = 1 + \\\n  2",
    "def q( a ):\n\treturn a",
    "class C :\n  '''Doc.'''\n\n  def m(self): pass",
    "@property\ndef p(\n    a,\n): return f'''{a}\n '''",
    "try:\n import os\nexcept ImportError:   os = None",
    "async  def w(): await w()",
    "lambda: (yield)",
)
HEADERS = (
    "def {}(x):",
    "def  {} ( x , y = ':' ) :",
    "async def {}(\n{}  x: 'int',  # x: first\n{}) -> 'int':",
    "def {}(x): # noqa: {}",
    "def {}(x) \\\n{}  -> int:",
)
DOCSTRINGS = ('"""Doc."""', "'Do' ' it.'", '"""Doc.\n\n    More: é\n  """', "r'''\\d'''  # why")
BODIES = ("", "...", "pass  # spec", "# one\n# two\n...", "raise NotImplementedError(\n    'later'\n)", "...; pass")
MARKERS = ("@supercharge", "@supercharge()  # few", "@supercharge(\n{}  samples=3,\n{})", "@(supercharge)")
NEW = (
    "return 1\n",
    "# c\nif x:\n    return '''\n a\n    b'''\nreturn [\n    x,\n]\n",
    'def inner(a):\n    """In."""\n    return a\n\n\nreturn inner(\n    x) + \\\n    1\n',
    "for i in x:\n\n    # d\n    yield f'''{i}\n'''\n",
)
BROUGHT = ((), ("import zlib",), ("from string import digits", "import zlib as packing"))


@st.composite
def stub_rows(draw, number):
    """Return the rows of one stub, and those of them that stay as they are."""
    in_class = draw(st.booleans())
    outer = draw(st.sampled_from(["    ", "\t", " "])) if in_class else ""
    inner = outer + draw(st.sampled_from(["    ", "\t", "  "]))
    name = f"stub_{number}"
    above = draw(st.sampled_from(["", "@staticmethod", "@print  # kept\n# and this"]))
    rows = [f"class A{number}:"] if in_class else []
    rows += [outer + row for row in above.split("\n")] if above else []
    stay = [*rows]
    marker = draw(st.sampled_from(MARKERS)).replace("{}", outer)
    rows += [outer + marker]
    header = outer + draw(st.sampled_from(HEADERS)).replace("{}", name, 1).replace("{}", outer)
    docstring, body = draw(st.sampled_from(DOCSTRINGS)), draw(st.sampled_from(BODIES))
    if draw(st.booleans()) and "\n" not in body and "#" not in header + docstring:
        return [*rows, f"{header} {docstring}{'; ' if body else ''}{body}"], stay
    rows += [header, inner + docstring]
    stay += [header, inner + docstring]
    rows += [inner + row for row in body.split("\n")] if body else []
    return rows, stay


@st.composite
def modules(draw):
    """Return a module's text with a newline of its own kind for each row, its stubs, and the texts that must stay."""
    keeps = draw(st.booleans())
    rows, stay = ["from pytest_supercharger import supercharge"], []
    if keeps:
        stay.append("KEEP = supercharge")
        rows.append(stay[-1])
    for number in range(draw(st.integers(1, 3))):
        outside = draw(st.lists(st.sampled_from(OUTSIDE), max_size=3))
        own, own_stay = draw(stub_rows(number))
        # Blank rows beside the marker's import may go with it.
        rows += ["w = 0", *outside, *own]
        stay += ["w = 0", *outside, *own_stay]
    below = draw(st.lists(st.sampled_from(OUTSIDE), max_size=3))
    text, stay = "\n".join([*rows, "w = 0", *below]), [*stay, "w = 0", *below]
    # A lone carriage return would make one end of two where a line feed follows an empty row.
    mixed = st.lists(st.sampled_from(["\n", "\r\n"]), min_size=1, max_size=3)
    ends = draw(mixed | st.just(["\r"]) | st.just(["\r\n", "\r"]))
    return text + "\n" * draw(st.booleans()), [part for part in stay if part.strip()], ends


def with_ends(text: str, ends: list[str]) -> str:
    """Give the rows of a text these ends in turn."""
    first, *rest = text.split("\n")
    return first + "".join(ends[number % len(ends)] + row for number, row in enumerate(rest))


def as_it_stands(text: str, parts: list[str]) -> list[str]:
    """Return these parts of a text, which are in its order, with the ends that their rows have in it."""
    found, at = [], 0
    for part in parts:
        pattern = r"(?:\r\n|\r|\n)".join(map(re.escape, part.split("\n")))
        match = re.compile(pattern).search(text, at)
        found.append(match[0])
        at = match.end()
    return found


@settings(deadline=None)
@given(
    modules(),
    st.lists(st.sampled_from(NEW), min_size=3, max_size=3),
    st.sampled_from(BROUGHT),
    st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
)
def test_a_filled_module_keeps_all_the_rest_parses_and_has_nothing_left_to_fill(module, new_bodies, brought, encoding):
    text, stay, ends = module
    cookie = f"# coding: {encoding}\n" if encoding == "gb18030" else ""
    data = with_ends(cookie + text, ends).encode(encoding)
    file = SourceFile(path=Path("/m.py"), relpath="m.py", module="m", data=data)
    found = stubs.find(file)
    assert found
    assert stubs.problems(file) == ()
    candidates = [Candidate(id="i", text_id="t", body=body, imports=brought) for body in new_bodies]
    fillings = list(zip(found, candidates, strict=False))
    new = fill(data, fillings)
    verify(data, new, fillings)
    tree = ast.parse(new)
    assert sum("return" in ast.unparse(node) or "yield" in ast.unparse(node) for node in tree.body) >= len(found)
    at, text = 0, new.decode(encoding)
    for part in as_it_stands(data.decode(encoding), stay):
        assert part in text[at:]
        at = text.index(part, at) + len(part)
    again = SourceFile(path=file.path, relpath="m.py", module="m", data=new)
    assert stubs.find(again) == stubs.problems(again) == ()
    assert fill(new, []) is new
