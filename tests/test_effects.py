"""Effects of a candidate are named with their line, and declared by the module or the settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from effects_of import found

from pytest_supercharger.domain import Candidate, Stub, StubKind
from pytest_supercharger.effects import undeclared


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
    body = "import os.path\nreturn open(os.path.dirname('a')).__dict__\n"
    assert found(body, module=module) == ()


def test_an_import_of_os_does_not_declare_leaving_the_process() -> None:
    assert found("os._exit(0)\n", module=b"import os\n") == ("attribute os._exit (line 1 of the body)",)


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


USES_PATHS = (
    b"import os\nimport shutil\nimport sys\n\ndef name(path):\n    return os.path.basename(path), os.getpid()\n"
)


@pytest.mark.parametrize(
    ("body", "effect"),
    [
        ("os.remove('x')\n", "attribute os.remove (line 1 of the body)"),
        ("os.rename('x', 'y')\n", "attribute os.rename"),
        ("return os.environ['HOME']\n", "attribute os.environ"),
        ("shutil.rmtree('x')\n", "attribute shutil.rmtree"),
        ("sys.exit()\n", "attribute sys.exit"),
        ("from os import remove\nremove('x')\n", "import of os.remove (line 1 of the body)"),
        ("from os import remove as getpid\n", "import of os.remove"),
        ("import os as o\no.remove('x')\n", "attribute os.remove"),
        ("return os.path.os.remove('x')\n", "attribute os.path.os"),
        ("return getattr(os.path, 'os').remove('x')\n", "attribute os.path.os"),
        ("p = os.path\np.os.remove('x')\n", "module os.path used as a value"),
        ("from os import path as p\np.os.remove('x')\n", "attribute p.os"),
        ("import asyncio\nasyncio.events.os.remove('x')\n", "attribute asyncio.events"),
    ],
)
def test_an_import_of_os_declares_only_what_is_taken_from_it(body: str, effect: str) -> None:
    assert any(line.startswith(effect) for line in found(body, module=USES_PATHS)), found(body, module=USES_PATHS)


@pytest.mark.parametrize(
    "body",
    [
        "return os.getpid()\n",
        "from os import getpid\nreturn getpid()\n",
        "return os.path.join(values, os.sep), sys.maxsize, sys.platform\n",
        "import os.path as p\nreturn p.splitext(values)\n",
        "from os.path import join\nreturn join(values)\n",
        "def os(remove):\n    return remove\nreturn values.remove(1)\n",
    ],
)
def test_what_the_module_takes_from_os_and_what_is_harmless_of_it_is_declared(body: str) -> None:
    assert found(body, module=USES_PATHS) == ()


def test_allow_names_an_attribute_of_a_module() -> None:
    body = "import os\nos.remove('x')\n"
    assert found(body, allow=frozenset({"os.remove"})) == ()
    assert found(body, module=USES_PATHS, allow=frozenset({"os"})) == ()
    assert found("import os\nos.rename('x')\n", allow=frozenset({"os.remove"})) == (
        "attribute os.rename (line 2 of the body)",
    )


@pytest.mark.parametrize("call", ["write_text('a')", "unlink()", "open('w')", "rename('b')", "replace('b')"])
def test_paths_are_read_and_not_written(call: str) -> None:
    module = b"from pathlib import Path\n\ndef load(path: Path):\n    return path.read_text().replace('a', 'b')\n"
    effect = f"attribute {call.partition('(')[0]}"
    assert [line.startswith(effect) for line in found(f"Path(values).{call}\n", module=module)] == [True]
    assert found("return Path(values).parent.read_text().replace('a', 'b')\n", module=module) == ()
    assert found("values.touch()\nreturn values.unlink()\n") == ()
    same = b"import pathlib\n\ndef save(path):\n    path.write_text('a')\n"
    assert found("values.write_text('b')\n", module=same) == ()


@pytest.mark.parametrize(
    "body",
    [
        "show.register(int)(lambda x: 1)\n",
        "@show.register\ndef _(x: int):\n    return 1\n",
        "Cart.register(int)\n",
        "Cart.total.register(int)\n",
        "from collections.abc import Sequence\nSequence.register(Cart)\n",
        "import collections.abc\ncollections.abc.Sequence.register(Cart)\n",
    ],
)
def test_registering_with_what_is_not_its_own_is_an_effect(body: str) -> None:
    module = (
        b"from functools import singledispatch\n\n@singledispatch\ndef show(x):\n    pass\n\nclass Cart:\n    pass\n"
    )
    assert any(line.startswith("registration with ") for line in found(body, module=module)), found(body, module=module)


def test_a_registry_of_the_module_is_there_to_be_used() -> None:
    module = b"class Plugins:\n    def register(self, x):\n        pass\n\nPLUGINS = Plugins()\n"
    body = "PLUGINS.register(values)\nPlugins.register(PLUGINS, values)\nvalues.register(1)\n"
    assert found(body, module=module) == ()
    own = "def show(x):\n    return x\nshow = functools.singledispatch(show)\nshow.register(int, abs)\n"
    assert found(own) == ()


OURS = b"""\
import shop
from pytest_supercharger import StubNotFilled, supercharge

@supercharge
def total(values):
    pass
"""


@pytest.mark.parametrize(
    "body",
    [
        "from pytest_supercharger.localnode import LocalNode\nLocalNode(['sh'], report=print).__enter__()\n",
        "from pytest_supercharger import localnode\nlocalnode.LocalNode(['sh'], report=print)\n",
        "import pytest_supercharger.marker as m\nm.recorder('m:other')\n",
        "return shop.pytest_supercharger.localnode.LocalNode(['sh'], report=print)\n",
        "from shop import pytest_supercharger as p\nreturn p.localnode\n",
        "raise StubNotFilled('m:other')\n",
        "@supercharge\ndef other():\n    pass\nreturn other()\n",
    ],
)
def test_the_import_of_the_marker_declares_nothing_of_its_package(body: str) -> None:
    assert any("pytest_supercharger" in line for line in found(body, module=OURS)), found(body, module=OURS)
    assert found(body, module=OURS, allow=frozenset({"pytest_supercharger"})) == ()


@pytest.mark.parametrize("helper", ["@fill\ndef other(x):\n    pass\n", "@compat.fill(samples=1)\ndef other(x): ...\n"])
def test_a_helper_that_is_a_stub_under_another_name_of_the_marker_is_named(helper: str) -> None:
    candidate = Candidate(id="c", text_id="t", body="return other(1)\n", helpers=(helper,))
    found = undeclared(candidate, b"", allow=frozenset(), markers={"fill", "compat.fill"})
    assert [line.startswith("use of ") and line.endswith("fill (line 1 of a helper)") for line in found] == [True]
