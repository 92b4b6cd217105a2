"""The marker is known where it comes by way of the project's own modules; nothing of them is imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_supercharger import context, stubs
from pytest_supercharger.domain import Candidate, SourceFile
from pytest_supercharger.passing_on import Passing
from pytest_supercharger.project import Project
from pytest_supercharger.writeback.edits import fill
from pytest_supercharger.writeback.verify import verify

STUB = '\n\n@{}\ndef f(x):\n    """Do."""\n    raise NotImplementedError\n'
FILLED = '\n\ndef f(x):\n    """Do."""\n    return x\n'
COMPAT = "try:\n    from pytest_supercharger import supercharge\nexcept ImportError:\n    supercharge = lambda f: f\n"
PACKAGE = {
    "shop/__init__.py": "from .tools import todo, supercharge\n",
    "shop/tools.py": "from shop.compat import supercharge\nfrom .compat import supercharge as todo\n",
    "shop/compat.py": COMPAT,
    "shop/more.py": "from . import todo as later\nagain = later\n__all__ = ['later']\n",
}


def found(root: Path, files: dict[str, str]) -> dict[str, SourceFile]:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    project = Project.discover(root, norecurse=(), pythonpath=(), search_path=())
    return {file.relpath: file for file in project.marked_files()}


@pytest.mark.parametrize(
    ("head", "decorator", "left"),
    [
        ("from shop.compat import supercharge\n", "supercharge", ""),
        ("from shop.compat import supercharge as s\n", "s", ""),
        ("from shop import todo\n", "todo", ""),
        ("from . import todo, tools\n", "todo", "from . import tools\n"),
        ("from .more import later\n", "later", ""),
        ("from .more import again\n", "again", ""),
        ("from .more import *\n", "later", "from .more import *\n"),
        ("from .tools import *\n", "todo", "from .tools import *\n"),
        ("from . import compat\n", "compat.supercharge", "from . import compat\n"),
        ("import shop.tools as t\n", "t.todo", "import shop.tools as t\n"),
        ("import shop.compat\n", "shop.compat.supercharge", "import shop.compat\n"),
        ("try:\n    from . import todo\nfinally:\n    a = 1\n", "todo", None),
        ("from . import todo\nALL = [todo]\n", "todo", None),
        ("from . import todo\nfill = todo\n", "fill", None),
        ("from pytest_supercharger import supercharge\nfill = supercharge\n", "fill", None),
        ("import pytest_supercharger as ps\nfill = ps.supercharge\n", "fill", None),
    ],
)
@pytest.mark.parametrize("call", ["", "(samples=3)"])
def test_a_marker_that_is_passed_on_marks_a_stub_and_goes_with_its_import(tmp_path, head, decorator, left, call):
    sources = found(tmp_path, PACKAGE | {"shop/cart.py": head + STUB.format(decorator + call)})
    file = sources["shop/cart.py"]
    (stub,) = stubs.find(file)
    assert stubs.problems(file) == ()
    assert (stub.id, len(stub.options)) == ("shop.cart:f", bool(call))
    fillings = [(stub, Candidate(id="i", text_id="t", body="return x\n"))]
    new = fill(file.data, fillings)
    verify(file.data, new, fillings)
    left = head if left is None else left
    assert new.decode() == (left + FILLED if left else FILLED.lstrip())
    assert not any(stubs.find(other) for name, other in sources.items() if name != "shop/cart.py")
    shown = context.describe(stub, file, max_chars=5000)
    assert f"@{decorator}" not in shown.stub + shown.surroundings


@pytest.mark.parametrize(
    ("head", "decorator"),
    [
        ("from game.compat import supercharge\n", "supercharge"),
        ("from .compat import other\n", "other"),
        ("from . import compat\n", "compat"),
        ("from .. import supercharge\n", "supercharge"),
        ("from shop.compat import supercharge as s\n", "supercharge"),
        ("from .more import *\n", "again"),
        ("def g():\n    from . import todo\n", "todo"),
    ],
)
def test_other_names_are_not_the_marker(tmp_path, head, decorator):
    sources = found(tmp_path, PACKAGE | {"shop/cart.py": head + STUB.format(decorator)})
    assert not any(stubs.find(file) for file in sources.values())


def test_a_name_of_an_inner_scope_hides_the_one_that_is_passed_on(tmp_path):
    text = "from . import todo\nclass A:\n    from .game import todo\n    @todo\n    def f(self):\n        'Do.'\n"
    assert not stubs.find(found(tmp_path, PACKAGE | {"shop/cart.py": text})["shop/cart.py"])


@pytest.mark.parametrize(
    "taker", ["from .cart import supercharge as later\n", "from .cart import *\n", "from . import cart\n"]
)
def test_an_import_stays_where_another_module_takes_the_marker_from_it(tmp_path, taker):
    head, use = "from .compat import supercharge\n", "cart.supercharge" if "import cart" in taker else "later"
    decorator = "supercharge" if "*" in taker else use
    files = {"shop/cart.py": head + STUB.format("supercharge"), "shop/bill.py": taker + STUB.format(decorator)}
    sources = found(tmp_path, PACKAGE | files)
    cart, bill = ((sources[name], *stubs.find(sources[name])) for name in files)
    for file, stub in (cart, bill):
        fillings = [(stub, Candidate(id="i", text_id="t", body="return x\n"))]
        new = fill(file.data, fillings)
        verify(file.data, new, fillings)
        assert new.startswith(head.encode()) is (file is cart[0])


def test_modules_that_import_each_other_come_to_an_end(tmp_path):
    files = {
        "a.py": "import b\nfrom b import s as t\nfrom pytest_supercharger import supercharge\n",
        "b.py": "import a\nfrom a import supercharge as s, t\n" + STUB.format("a.supercharge"),
    }
    assert [stub.id for file in found(tmp_path, files).values() for stub in stubs.find(file)] == ["b:f"]


def test_a_file_that_does_not_parse_passes_nothing_on():
    text = b"from pytest_supercharger import supercharge\n("
    broken = SourceFile(path=Path("/compat.py"), relpath="compat.py", module="compat", data=text)
    passing = Passing([broken])
    assert not passing.marks(broken).taken
    assert not passing.words()
