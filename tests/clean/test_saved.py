"""Generated tests become one readable file that says where it comes from."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pytest_supercharger.clean.layout import Style
from pytest_supercharger.clean.saved import Test, file_name, is_ours, read, render
from pytest_supercharger.domain import Stub, StubKind

MODULE = """
class Box:
    def volume(self):
        return 1


def area(a, b):
    return a * b
"""


def stub(qualname="area"):
    return Stub(
        module="shop.shapes",
        qualname=qualname,
        path=Path("/p/shop/shapes.py"),
        relpath="shop/shapes.py",
        line=4,
        kind=StubKind.FUNCTION,
        is_async=False,
        signature="def area(a, b)",
        docstring="",
    )


def taken(*sources, qualname="area"):
    tests = [read(stub(qualname), "test_0", source, MODULE, frozenset()) for source in sources]
    assert all(isinstance(test, Test) for test in tests), tests
    return tests


OWN = "from shop.shapes import area\n"
ONE = f"{OWN}\ndef test_0():\n    assert area(2, 3) == 6\n"
RAISES = f"""import math
import pytest
{OWN}
def test_0():
    with pytest.raises(ValueError):
        area(math.nan, 1)
"""
NEEDY = f"""{OWN}
def side():
    return 2

def test_0():
    assert area(side(), 3) == 6
"""
WAITING = f"{OWN}\nasync def test_0():\n    assert area(0, 3) == 0\n"


def test_the_file_has_one_import_block_and_a_function_a_test():
    text, named = render("shop.shapes", taken(ONE, RAISES, ONE, NEEDY, WAITING), Style())
    first, _, rest = text.partition("\n\n")
    assert first.startswith("# Written by pytest --supercharge-save-tests: generated tests of shop.shapes that earned")
    assert rest.startswith("import math\n\nimport pytest\n\nfrom shop.shapes import area\n\n\n@pytest.mark.asyncio\n")
    assert [*named] == ["test_area_1", "test_area_2", "test_area_3", "test_area_4"]
    functions = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert functions == [*named]
    assert "@pytest.mark.asyncio\nasync def test_area_1():\n" in text
    assert "\n\n\n\n" not in text
    assert text.endswith("area(math.nan, 1)\n")
    assert file_name("shop.shapes") == "test_shop_shapes_saved.py"


def test_what_is_written_is_known_again_until_somebody_changes_it():
    text, _ = render("shop.shapes", taken(ONE), Style())
    assert render("shop.shapes", taken(ONE), Style())[0] == text
    both = [render("shop.shapes", taken(*some), Style())[0] for some in ((ONE, RAISES), (RAISES, ONE))]
    assert both[0] == both[1]
    assert is_ours(text, "shop.shapes")
    assert is_ours(text.replace("\n", "\r\n"), "shop.shapes")
    assert not is_ours(text, "shop_shapes")
    assert not is_ours(text.replace("== 6", "== 7"), "shop.shapes")
    assert not is_ours(ONE, "shop.shapes")


def test_functions_of_a_module_share_the_file_and_imports_that_clash_keep_a_test_out():
    method = "from shop.shapes import Box\n\ndef test_0():\n    assert Box().volume() == 1\n"
    dates = [
        f"{text}\n{OWN}\ndef test_0():\n    assert area({use}(2, 1, 1), 3)\n"
        for text, use in (("import datetime", "datetime.date"), ("from datetime import datetime", "datetime"))
    ]
    text, named = render("shop.shapes", [*taken(ONE, *dates), *taken(method, qualname="Box.volume")], Style())
    assert [*named] == ["test_area_1", "test_area_2", "test_box_volume_1"]
    assert "from shop.shapes import Box, area\n" in text


def test_each_test_means_what_it_meant_alone():
    """What stood beside a test stands in it: nobody else reads it, or has changed it before."""
    one = f"{OWN}DATA = [3, 1]\nn = 2\n\ndef side():\n    return n\n\ndef test_0():\n    DATA.sort()\n"
    other = one.replace("n = 2", "n = 3").replace("return n", "return n * n")
    checks = [f"{text}    assert area(side(), DATA[0]) == {value}\n" for text, value in ((one, 2), (other, 9))]
    text, named = render("shop.shapes", taken(*checks), Style())
    assert {type(node).__name__ for node in ast.parse(text).body} == {"ImportFrom", "FunctionDef"}
    for function, parts in zip(
        ast.parse(text).body[1:], (("n = 2", "return n"), ("n = 3", "return n * n")), strict=True
    ):
        assert all(part in ast.unparse(function) for part in ("DATA = [3, 1]", *parts))
    assert len(named) == 2


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (f"import subprocess\n{OWN}\ndef test_0():\n    assert area(subprocess.run('ls'), 1) == 1\n", "subprocess"),
        (f"import os\n{OWN}\ndef test_0():\n    assert area(os.system('ls'), 1) == 1\n", "os"),
        (f"import socket\n{OWN}\ndef test_0():\n    assert area(1, 1) == 1\n", "socket"),
        (f"{OWN}\npytest_plugins = ['x']\n\ndef test_0():\n    assert area(1, 1) == 1\n", "pytest hooks"),
        (f"{OWN}\ndef test_0():\n    area = 1\n    assert area == 1\n", "redefines the stub"),
        (f"{OWN}\ndef test_0(db):\n    assert area(db, 1) == 1\n", "unknown fixture"),
        (f"{OWN}\nopen('x', 'w').write('y')\n\ndef test_0():\n    assert area(1, 1) == 1\n", "outside of tmp_path"),
        ("def test_0(:", "does not parse"),
        ("def test_1():\n    pass\n", "no function test_0"),
    ],
)
def test_what_the_gate_of_generated_tests_refuses_is_not_saved(source, reason):
    """A record lies on the disk, where others can write."""
    found = read(stub(), "test_0", source, MODULE, frozenset())
    assert isinstance(found, str)
    assert reason in found
