"""A saved test runs on the user's machine: whatever is not known to be harmless is not saved, and the rest is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pytest_supercharger.clean.saved import Test, read
from pytest_supercharger.domain import Stub, StubKind

MODULE = """
import math
import os
from pathlib import PurePosixPath
import subprocess
from dataclasses import dataclass
from subprocess import run
from shop.units import METRE

LIMIT = 3
shell = os.system
area_of = lambda a: a


class Odd(ValueError):
    pass


@dataclass
class Box:
    side: int
    frame: int = 0
    system: int = 0

    def volume(self):
        return self.side ** 3


class Store:
    def wipe(self, path):
        os.remove(path)


def remove(path):
    os.remove(path)


def through(path):
    return remove(path)


def area(a, b, key=None):
    return METRE * a * math.sqrt(b) ** 2


async def later(a):
    return a


test_like = 1
TABLE = {1: 2}


def place(name):
    return PurePosixPath(name)
"""
HEAD = "from shop.shapes import area\n"
CHECK = "    assert area(2, 3) == 6\n"


def judged(source, qualname="area"):
    stub = Stub(
        module="shop.shapes",
        qualname=qualname,
        path=Path("/p/shop/shapes.py"),
        relpath="shop/shapes.py",
        line=1,
        kind=StubKind.FUNCTION,
        is_async=False,
        signature="def area(a, b, key=None)",
        docstring="",
    )
    return read(stub, "test_0", source, MODULE, frozenset())


def body(*lines, imports="", arguments=""):
    return f"{imports}\n{HEAD}\ndef test_0({arguments}):\n" + "".join(f"    {line}\n" for line in lines) + CHECK


def marked(decorator, arguments="v", imports=""):
    return f"import pytest\n{imports}\n{HEAD}\n@{decorator}\ndef test_0({arguments}):\n{CHECK}"


LOGGING = 'logging.__dict__["os"].__dict__["system"]("ls")'
HOSTILE = {
    # as found by a reviewer
    "module of a module": body(LOGGING, imports="import logging"),
    "module of a module, beside the test": f"import logging\n{HEAD}x = {LOGGING}\n\ndef test_0():\n{CHECK}",
    "module of a module, collected": marked(f'pytest.mark.parametrize("v", [{LOGGING}])', imports="import logging"),
    "inside of anyio": body("run_process('ls')", imports="from anyio._core._subprocesses import run_process"),
    "configured logging": body(
        "dictConfig({'handlers': {'h': {'()': 'os.sys' + 'tem'}}})", imports="from logging.config import dictConfig"
    ),
    "importer of mock": body("_importer('os')", imports="from unittest.mock import _importer"),
    "numpy": body("np.testing.runstring('import os', {})", imports="import numpy as np"),
    "builtins of the module": body("m.__dict__['__buil' + 'tins__']['exec']('1')", imports="import shop.shapes as m"),
    "subclasses": body("vars(().__class__.__class__)['__subcl' + 'asses__'](object)"),
    "threads": body("threading.__dict__['_os'].kill(1, 9)", imports="import threading"),
    "path under a name": body("w = '/etc/x'", "(tmp_path / w).write_text('x')", arguments="tmp_path"),
    "path above": body("(tmp_path.parents[2] / 'x').write_text('x')", arguments="tmp_path"),
    "hook by a lambda": f"{HEAD}pytest_generate_tests = lambda metafunc: None\n\ndef test_0():\n{CHECK}",
    "hook": f"{HEAD}def pytest_generate_tests(metafunc):\n    pass\n\ndef test_0():\n{CHECK}",
    "plugins": f"{HEAD}pytest_plugins = ['evil']\n\ndef test_0():\n{CHECK}",
    "environment": body("pytest.MonkeyPatch().setenv('PATH', 'x')", imports="import pytest"),
    "environment by a fixture": body("monkeypatch.setenv('PATH', 'x')", arguments="monkeypatch"),
    # by names
    "eval": body("eval('1')"),
    "eval under a name": body("e = eval", "e('1')"),
    "eval mapped": body("list(map(eval, ['1']))"),
    "eval in other letters": body("\uff45val('1')"),
    "import by name": body("__import__('os').system('ls')"),
    "builtins by name": body("__builtins__['eval']('1')"),
    "open": body("open('x', 'w')"),
    "open bound elsewhere": body("def g():\n        open = 1", "open('x', 'w')"),
    "getattr": body("getattr(area, '__globals__')"),
    "globals": body("globals()['x'] = 1"),
    "builtin under an import": body("print(open)", imports="import math as open"),
    "input": body("input()"),
    # by attributes
    "globals of the function": body("area.__globals__['os'].system('ls')"),
    "globals in other letters": body("area.__\uff47lobals__"),
    "frame of a generator": body("(x for x in ()).gi_frame.f_builtins['eval']('1')"),
    "frame of a coroutine": body("c().cr_frame", imports="async def c():\n    pass"),
    "frame of what was raised": body(
        "with pytest.raises(ValueError) as info:\n        area(1)",
        "info.traceback[0].frame.eval('1')",
        imports="import pytest",
    ),
    "traceback of what was raised": body(
        "try:\n        area()\n    except TypeError as error:\n        error.__traceback__.tb_frame"
    ),
    "traceback, taken": body(
        "with pytest.raises(ValueError) as info:\n        area(1)", "info.tb.tb_frame", imports="import pytest"
    ),
    "module behind a module": body("re.enum.sys.modules['os'].system('ls')", imports="import re"),
    "module taken from a module": body("enum.sys", imports="from re import enum"),
    "codecs of json": body("json.codecs.open('x', 'w')", imports="import json"),
    "module handed over": body("area(re, 1)", imports="import re"),
    "module of a module as a value": body("x = collections.abc", imports="import collections.abc"),
    "field that is called like a frame": body("b = Box(1)", "b.frame", imports="from shop.shapes import Box"),
    "field that is called like a call": body("b = Box(1)", "b.system", imports="from shop.shapes import Box"),
    "text template": body("'{0.__globals__[os]}'.format(area)"),
    "text template, mapped": body("'{a.__globals__}'.format_map({'a': area})"),
    "pattern that reads": body("match area:\n        case object(__globals__=g):\n            pass"),
    "function of a partial": body("functools.partial(area).func", imports="import functools"),
    "caller of methods": body("operator.methodcaller('x')(1)", imports="import operator"),
    "getter of attributes": body("attrgetter('__globals__')(area)", imports="from operator import attrgetter"),
    "loop": body("asyncio.get_event_loop().run_in_executor(None, area)", imports="import asyncio"),
    "loop of a task": body("asyncio.create_task(area()).get_loop()", imports="import asyncio"),
    "program of asyncio": body("asyncio.create_subprocess_shell('ls')", imports="import asyncio"),
    # classes and types
    "type as a maker": body("type('X', (), {'__del__': area})"),
    "type of a type": body("t = type(int)", "t('X', (), {})"),
    "type handed over": body("list(map(type, [1]))"),
    "type with stars": body("type(*[int]) == type(1)", "type(*['X', (), {}]) == 1"),
    "class": body("class A:\n        pass"),
    "metaclass": f"{HEAD}class A(metaclass=area):\n    pass\n\ndef test_0():\n{CHECK}",
    # what the user's module has
    "import of the module": body("run(['ls'])", imports="from shop.shapes import run"),
    "module of the module": body("os.system('ls')", imports="from shop.shapes import os"),
    "computed name of the module": body("shell('ls')", imports="from shop.shapes import shell"),
    "lambda of the module": body("area_of(1)", imports="from shop.shapes import area_of"),
    "function with an effect": body("remove('/etc/x')", imports="from shop.shapes import remove"),
    "function that calls one with an effect": body("through('/etc/x')", imports="from shop.shapes import through"),
    "class with an effect": body("Store().wipe('/etc/x')", imports="from shop.shapes import Store"),
    "method with an effect": body("area(1, 2).wipe('/etc/x')"),
    "everything of the module": body("run(['ls'])", imports="from shop.shapes import *"),
    "another module of the project": body("wipe()", imports="from shop.disk import wipe"),
    "module beside it": body("wipe()", imports="from . import wipe"),
    "name that would be collected": body("area(test_like, 1)", imports="from shop.shapes import test_like"),
    "name under one that would be collected": body(
        "area(TestBox, 1)", imports="from shop.shapes import Box as TestBox"
    ),
    "table of the module": body("TABLE.clear()", imports="from shop.shapes import TABLE"),
    "path that is moved": body("place('a').replace('/b')", imports="from shop.shapes import place"),
    "path that is moved by a name": body("place('a').replace(target='/b')", imports="from shop.shapes import place"),
    "path that is moved by stars": body("place('a').replace(*['/b'])", imports="from shop.shapes import place"),
    "path that is moved by another": body(
        "list(map(place('a').replace, '/b'))", imports="from shop.shapes import place"
    ),
    "path that is written": body("place('a').write_text('x')", imports="from shop.shapes import place"),
    # decorators, arguments and defaults
    "decorator": marked("area"),
    "fixture that comes by itself": f"import pytest\n{HEAD}@pytest.fixture(autouse=True)\ndef q():\n    pass\n\n"
    f"def test_0():\n{CHECK}",
    "fixtures by name": marked("pytest.mark.usefixtures('x')", ""),
    "filter that imports": marked("pytest.mark.filterwarnings('error::os.x')", ""),
    "condition as text": marked('pytest.mark.skipif(\'__import__("os").system("ls")\')', ""),
    "fixture of the project by a parameter": marked("pytest.mark.parametrize('db', [1], indirect=True)", "db"),
    "marks of a parameter": marked(
        "pytest.mark.parametrize('v', [pytest.param(1, marks=pytest.mark.usefixtures('x'))])"
    ),
    "parameters by a star": marked("pytest.mark.parametrize(*['v', [1]])"),
    "parameter by a walrus": marked("pytest.mark.parametrize('v', [pytest_plugins := 'x'])"),
    "fixture": body(arguments="request"),
    "fixture of the project": body(arguments="db"),
    "default": body(arguments="x=print('x')"),
    "default of a lambda": body("f = lambda x=area(1, 2): x"),
    "annotation that runs": body("x: eval('1')", "y: print('1') = eval"),
    "decorator inside": body("@area\n    def g():\n        pass"),
    # pytest itself
    "end of pytest": body("pytest.exit('x')", imports="import pytest"),
    "run of pytest": body("pytest.main([])", imports="from pytest import main"),
    "pytest handed over": body("area(pytest, 1)", imports="import pytest"),
    "pytest under a name": body("p.main([])", imports="import pytest as p"),
    "expected function of pytest as a value": body("r = pytest.raises", "r.x", imports="import pytest"),
    "mark in the body": body("pytest.mark.usefixtures('x')", imports="import pytest"),
    "exit": body("raise SystemExit"),
    "exit under a name": body("e = SystemExit", "raise e"),
    "capture handed over": body("area(capsys, 1)", arguments="capsys"),
    "capture, inside": body("capsys.request.config", arguments="capsys"),
    # what outlives the test
    "function replaced": body("area.x = 1"),
    "math replaced": body("math.pi = 3", imports="import math"),
    "global name": body("global area_2", "area_2 = 1"),
    "deleted name": body("x = 1", "del x"),
    "loop beside the test": f"{HEAD}for x in ():\n    pass\n\ndef test_0():\n{CHECK}",
    "call beside the test": f"{HEAD}area(1, 2)\n\ndef test_0():\n{CHECK}",
    "set-up of the module": f"{HEAD}def setup_module():\n    pass\n\ndef test_0():\n{CHECK}",
    "builtin hidden": f"{HEAD}def len(x):\n    return 6\n\ndef test_0():\n    assert area(2, 3) == len('')\n",
    "import hidden": body("area = print"),
    "two imports of one name": body("x.enum", imports="from math import pi as x\nimport re as x"),
    "generator": body("yield 1"),
    "no check": f"{HEAD}def test_0():\n    area(1, 2)\n",
    "no use of the function": "def test_0():\n    assert 1 == 1\n",
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_what_is_not_on_the_list_is_not_saved(source):
    assert isinstance(judged(source), str)


HONEST = {
    "plain": body(),
    "raises": f"import math\nimport pytest\n{HEAD}\ndef test_0():\n"
    "    with pytest.raises(ValueError, match='no') as info:\n        area(math.nan, -1)\n"
    "    assert 'no' in str(info.value)\n",
    "exit expected": f"import pytest\n{HEAD}\ndef test_0():\n    with pytest.raises(SystemExit):\n        area(1, 2)\n",
    "approximately": f"from pytest import approx\n{HEAD}\ndef test_0():\n    assert area(0.1, 3) == approx(0.3)\n",
    "parameters": f"import pytest\n{HEAD}CASES = [(1, 2)]\n\n@pytest.mark.parametrize(('a', 'b'), CASES, ids=str)\n"
    "def test_0(a, b):\n    assert area(a, b) == a * b\n",
    "types": body("r = area(1, 2)", "assert type(r) is int and isinstance(r, (int, float))"),
    "helper": f"{HEAD}def two(x: int) -> int:\n    return 2 * x\n\ndef test_0():\n    assert area(two(1), 2) == 4\n",
    "calls that are counted": body(
        "calls = []", "def key(x, n=1):\n        calls.append(x)\n        return -x", "area(1, 2, key=key)",
        "assert calls == [1]",
    ),
    "class of the module": body("assert Box(2).volume() == 8 == Box(8).side", imports="from shop.shapes import Box"),
    "exception of the module": "import pytest\nfrom shop.shapes import Odd, LIMIT, area\n\ndef test_0():\n"
    "    with pytest.raises(Odd):\n        area(LIMIT, 2)\n",
    "text that is changed": body("assert 'a'.replace('a', 'b') == 'b'", "x = 'a'.replace('a', 'b', 1)"),
    "text": body("assert sorted(s.strip().upper() for s in ' b ,a'.split(',')) == ['A', 'B']"),
    "printed": body("assert capsys.readouterr().out == 'a\\n'", arguments="capsys"),
    "dates": body("assert datetime(2024, 1, 31).strftime('%d') == '31'", imports="from datetime import datetime"),
    "dates of the module": body("assert datetime.date(2024, 1, 31).day == 31", imports="import datetime"),
    "abstract": body("assert isinstance(area, collections.abc.Callable)", imports="import collections.abc"),
    "imported inside": body("import math", "assert math.isclose(area(1, 2), 2)"),
    "waiting": "import asyncio\nfrom shop.shapes import later\n\nasync def test_0():\n"
    "    assert await asyncio.wait_for(later(3), 1) == 3\n",
    "no annotation": body("x: list[int] = [1]", "y: int", "assert x == [1]"),
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_an_ordinary_test_is_saved(name):
    found = judged(HONEST[name], "later" if name == "waiting" else "area")
    assert isinstance(found, Test), found


def test_a_parameter_takes_no_fixtures_place():
    """Else a fixture of the project that runs by itself, and cleans up a folder, would be given another one."""
    source = (
        f"import pytest\n{HEAD}\n@pytest.mark.parametrize('tmp_path, b', [('/etc', 1)])\ndef test_0(tmp_path, b):\n"
        "    def more():\n        nonlocal b\n        b += 1\n    more()\n    assert area(1, b) == tmp_path\n"
    )
    found = judged(source)
    assert isinstance(found, Test), found
    text = ast.unparse(found.function)
    assert "'given_tmp_path, given_b'" in text
    assert "def test_0(given_tmp_path, given_b)" in text
    assert "nonlocal given_b\n        given_b += 1" in text
    assert "area(1, given_b) == given_tmp_path" in text
    assert isinstance(judged(source.replace("def more():", "def more(b):").replace("nonlocal b", "pass")), str)
