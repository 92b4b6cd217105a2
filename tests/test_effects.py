from __future__ import annotations

from pathlib import Path

import pytest

from pytest_supercharger.domain import Candidate, Stub, StubKind
from pytest_supercharger.effects import undeclared

MODULE = b"import math\n\nLIMITS = {}\n\nclass Cart:\n    pass\n\ndef total(values):\n    raise NotImplementedError\n"


def found(
    body: str = "return 1\n",
    *,
    imports: tuple[str, ...] = (),
    helpers: tuple[str, ...] = (),
    module: bytes = MODULE,
    allow: frozenset[str] = frozenset(),
    stub: Stub | None = None,
) -> tuple[str, ...]:
    candidate = Candidate(id="c", text_id="t", body=body, imports=imports, helpers=helpers)
    return undeclared(candidate, module, allow=allow, stub=stub)


@pytest.mark.parametrize(
    "body",
    [
        "return math.sqrt(sum(values))\n",
        "import re\nfrom collections import Counter\nreturn Counter(re.findall('a', values))\n",
        "print(values)\nreturn sorted(values, key=lambda v: -v)\n",
        "LIMITS['a'] = 1\nreturn LIMITS\n",
        "self.total = 3\nself.lines['a'] = 2\nreturn self.__class__.__name__\n",
        "import datetime\nreturn datetime.datetime.now() - datetime.timedelta(1)\n",
        "from urllib.parse import quote\nreturn quote(values)\n",
        "from urllib import parse\nreturn parse.quote(values)\n",
        "async with lock:\n    return await asyncio.gather(*values)\n",
        "return getattr(values, 'name', None)\n",
        "open = 3\nreturn open + 1\n",
        "code = values.code\nplatform = values.platform\nreturn code, platform\n",
        "super().__init__()\nreturn f'{values!r}'\n",
    ],
)
def test_code_that_computes_has_no_effects(body: str) -> None:
    assert found(body) == ()


@pytest.mark.parametrize(
    ("body", "effect"),
    [
        ("import os\nreturn 1\n", "import of os (line 1 of the body)"),
        ("x = 1\nfrom os import path\nreturn x\n", "import of os (line 2 of the body)"),
        ("import numpy\nreturn 1\n", "import of numpy"),
        ("import pytest\nreturn 1\n", "import of pytest"),
        ("import _pytest.assertion\nreturn 1\n", "import of _pytest.assertion"),
        ("from . import other\nreturn other\n", "import of ."),
        ("from random import _os\nreturn 1\n", "import of random._os"),
        ("import random\nreturn random._os.listdir()\n", "attribute random._os"),
        ("import json\nreturn json.codecs.open('x')\n", "attribute json.codecs"),
        ("import asyncio\nawait asyncio.create_subprocess_exec('ls')\n", "attribute create_subprocess_exec"),
        ("return open('/etc/passwd').read()\n", "use of open (line 1 of the body)"),
        ("f = eval\nreturn f('1')\n", "use of eval"),
        ("return __import__('os')\n", "use of __import__"),
        ("return globals()\n", "use of globals"),
        ("raise SystemExit(0)\n", "use of SystemExit"),
        ("return __builtins__\n", "use of __builtins__"),
        ("return ().__class__.__base__\n", "attribute __base__"),
        ("return values.__globals__\n", "attribute __globals__"),
        ("return values.gi_frame.f_back\n", "attribute f_back"),
        ("return getattr(values, '__globals__')\n", "attribute __globals__"),
        ("return getattr(values, 'x' + 'y')\n", "getattr with a computed name"),
        ("return '{0.__class__}'.format(values)\n", "string that names __class__"),
        ("math.sqrt = abs\nreturn 1\n", "assignment to math.sqrt"),
        ("Cart.total = 1\nreturn 1\n", "assignment to Cart.total"),
        ("setattr(math, 'pi', 3)\nreturn 1\n", "assignment to math.<any>"),
        ("return [math]\n", "module math used as a value"),
        ("global LIMITS\nLIMITS = 1\nreturn 1\n", "global LIMITS"),
        ("return type('X', (), {})()\n", "class made by a call of type"),
        ("from asyncio import create_subprocess_shell\n", "import of asyncio.create_subprocess_shell"),
        ("from asyncio import *\n", "import of asyncio.*"),
        ("from operator import attrgetter as a\nreturn a('x')(values)\n", "import of operator.attrgetter"),
        ("from typing import get_type_hints\nreturn get_type_hints(values)\n", "import of typing.get_type_hints"),
        ("import string\nreturn string.Formatter().get_field('0', [values], {})\n", "attribute get_field"),
        ("g = getattr\nreturn g(values, 'x' + 'y')\n", "getattr used as a value"),
        ("return list(map(operator.attrgetter, values))\n", "attrgetter used as a value"),
    ],
)
def test_an_effect_is_named_with_its_line(body: str, effect: str) -> None:
    assert any(line.startswith(effect) for line in found(body)), found(body)


@pytest.mark.parametrize(
    "body",
    [
        "[eval for eval in ()]\nreturn eval('1')\n",
        "g = lambda eval: 1\nreturn eval('1')\n",
        "def g(eval):\n    return 1\nreturn eval('1')\n",
        "class A:\n    e = eval\n    eval = 1\nreturn A.e('1')\n",
    ],
)
def test_a_name_bound_in_one_scope_hides_no_builtin_in_another(body: str) -> None:
    assert any(line.startswith("use of eval") for line in found(body)), found(body)


def test_a_name_may_be_bound_where_it_is_used() -> None:
    assert found("def g(input):\n    return input + 1\nreturn [vars for vars in map(g, values)]\n") == ()


def test_an_import_of_os_does_not_declare_what_is_imported_from_it() -> None:
    assert found("return system('ls')\n", imports=("from os import system",), module=b"import os\n") == (
        "import of os.system (in its imports)",
    )


def test_imports_and_helpers_are_looked_at_too() -> None:
    lines = found(imports=("import subprocess",), helpers=("def h(x):\n    return eval(x)\n",))
    assert lines == ("import of subprocess (in its imports)", "use of eval (line 2 of a helper)")


def test_a_class_that_equals_everything_is_named() -> None:
    helper = "class Anything(int):\n    def __eq__(self, other):\n        return True\n"
    assert found(helpers=(helper,)) == (
        "class Anything whose __eq__ is a constant: its result would equal everything (line 1 of a helper)",
    )
    assert found(helpers=("class A:\n    __eq__ = lambda self, other: True\n",)) != ()


def test_an_honest_comparison_is_no_effect() -> None:
    helper = (
        "class Point:\n    __hash__ = None\n    def __eq__(self, other):\n"
        "        if not isinstance(other, Point):\n            return NotImplemented\n"
        "        return self.x == other.x\n"
    )
    assert found(helpers=(helper,)) == ()


def test_what_the_module_uses_already_is_declared() -> None:
    module = b"import os\n\ndef load(path):\n    return open(os.path.join(path, 'x')).__dict__\n"
    body = "import os.path\nreturn open(os.environ['A']).__dict__\n"
    assert found(body, module=module) == ()


def test_an_import_of_os_does_not_declare_leaving_the_process() -> None:
    assert found("os._exit(0)\n", module=b"import os\n") == ("attribute _exit (line 1 of the body)",)


def test_allow_names_modules_and_builtins() -> None:
    body = "import os\nreturn open('x')\n"
    assert found(body, allow=frozenset({"os"})) == ("use of open (line 2 of the body)",)
    assert found(body, allow=frozenset({"os", "open"})) == ()


def test_a_parameter_may_be_called_like_a_builtin() -> None:
    stub = Stub(
        module="m",
        qualname="f",
        path=Path("/p/m.py"),
        relpath="m.py",
        line=1,
        kind=StubKind.FUNCTION,
        is_async=False,
        signature="def f(input: str, *, vars: int = 3) -> str",
        docstring="",
    )
    assert found("return input * vars\n", stub=stub) == ()
    assert found("return input\n") == ("use of input (line 1 of the body)",)
