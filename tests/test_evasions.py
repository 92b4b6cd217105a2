"""Ways around the effect gate that were tried, each of which it names; and honest code that looks like one of them."""

from __future__ import annotations

import pytest
from effects_of import found

EVASIONS = {
    # what leads from a harmless module to another one
    "codecs of json": "import json\njson.codecs.open('x')\n",
    "sys of re": "import re\nre.enum.sys.modules\n",
    "sys of dataclasses": "import dataclasses\nreturn dataclasses.sys.modules\n",
    "builtins of dataclasses": "from dataclasses import builtins as b\nb.open('x')\n",
    "builtins of enum": "import enum\nenum.bltns.open('x')\n",
    "builtins of enum, imported": "from enum import bltns\nbltns.open('x')\n",
    "sys of typing": "import typing\ntyping.sys.exit()\n",
    "os of contextlib": "import contextlib\ncontextlib.os.system('x')\n",
    "os of uuid": "import uuid\nuuid.os.system('x')\n",
    "a command of uuid": "import uuid\nuuid._get_command_stdout('ls')\n",
    "private name of collections": "import collections\ncollections._sys.modules\n",
    "private name, imported": "from random import _urandom\nreturn _urandom(3)\n",
    "socket of asyncio": "from asyncio import base_events as b\nb.socket\n",
    "socket of asyncio, by its name": "from asyncio.base_events import socket\n",
    "os of asyncio": "from asyncio import events as e\ne.os.remove('x')\n",
    "package of a harmless module": "import email.utils\nemail.message_from_file(values)\n",
    "a tool of json": "import json.tool\njson.tool.main()\n",
    "a tool of json, imported": "from json import tool\ntool.main()\n",
    "main of json": "from json import __main__\n",
    "inside of re": "import re._parser\n",
    # what of a harmless module is not
    "look-up of names": "from email.utils import make_msgid as m\nreturn m()\n",
    "file that shlex reads": "import shlex\ns = shlex.shlex('a')\ns.sourcehook('/etc/passwd')\n",
    "file that a warning quotes": "import warnings\nreturn warnings.formatwarning('', Warning, '/etc/passwd', 1)\n",
    "filter of warnings": "import warnings\nwarnings.filterwarnings('error')\n",
    "folder of the process": "import contextlib\nwith contextlib.chdir('/'):\n    pass\n",
    "output of the process": "import contextlib\nwith contextlib.redirect_stdout(values):\n    pass\n",
    "zone of the process": "import time\ntime.tzset()\n",
    "clock of the machine": "import time\ntime.clock_settime(0, 0)\n",
    "locale of the process": "import calendar\ncalendar.LocaleTextCalendar(0, 'de_DE')\n",
    "first day of all weeks": "import calendar\ncalendar.setfirstweekday(3)\n",
    "zones of the process": "from zoneinfo import reset_tzpath\nreset_tzpath()\n",
    "context of decimals": "import decimal\nc = decimal.getcontext()\nc.prec = 3\n",
    "programs that uuid starts": "import uuid\nreturn uuid.getnode()\n",
    "event loop of the process": "import asyncio\nasyncio.set_event_loop_policy(None)\n",
    "signals through a loop": "import asyncio\nasyncio.get_running_loop().add_signal_handler(2, print)\n",
    "descriptors through a loop": "import asyncio\nasyncio.get_running_loop()._add_reader(0, print)\n",
    "names put into a module": "import enum\nenum.IntEnum._convert_('A', 'os', print)\n",
    # attributes read without naming them as attributes
    "pattern of a class": "match values:\n    case object(__globals__=g):\n        return g\n",
    "pattern of a frame": "match values:\n    case object(gi_frame=f):\n        return f\n",
    "pattern of a builtin": "match abs:\n    case object(__self__=b):\n        return b.eval('1')\n",
    "pattern by position": "class A:\n    __match_args__ = ('gi_frame',)\nmatch values:\n    case A(x):\n"
    "        return x\n",
    "pattern by a computed position": "class A:\n    __match_args__ = tuple(values)\n",
    "format": "return '{0.gi_frame.f_back}'.format(values)\n",
    "format of pieces": "return ('{0.__in' + 'it__.__glo' + 'bals__[os]}').format(values)\n",
    "format of a name": "t = '{0.f_' + 'back}'\nreturn t.format(values)\n",
    "format of a name of a name": "t = ''.join(['{0.f_', 'back}'])\nu = t\nreturn u.format(values)\n",
    "format that grew": "t = '{0.f_'\nt += 'back}'\nreturn t.format(values)\n",
    "format in a loop": "return [t.format(values) for t in ['{0.f_' + 'back}']]\n",
    "format as a value": "f = ('{0.f_' + 'back}').format\nreturn f(values)\n",
    "format of str": "return str.format('{0.f_' + 'back}', values)\n",
    "format of another str": "s = str\nreturn s.format('{0.f_' + 'back}', values)\n",
    "format by getattr": "return getattr('{0.f_' + 'back}', 'format')(values)\n",
    "format by methodcaller": "import operator\nreturn operator.methodcaller('format', values)('{0.f_' + 'back}')\n",
    "format of a Formatter": "import string\nreturn string.Formatter().format('{0.f_' + 'back}', values)\n",
    "attrgetter": "import operator\nreturn operator.attrgetter('a' + 'b')(values)\n",
    "reduce with getattr": "import functools\nreturn functools.reduce(getattr, ['a'], values)\n",
    # text that runs as code
    "annotation as text": "import functools\n@functools.singledispatch\ndef f(x):\n    pass\n"
    "@f.register\ndef _(x: \"open('x')\"):\n    pass\n",
    "annotation inside an annotation": "def f() -> \"list[eval('1')]\":\n    pass\n",
    "type hints": "import typing\nreturn typing.get_type_hints(values)\n",
    "private evaluation": "import typing\nreturn typing._eval_type(values, {}, {})\n",
    "partial": "import functools\nreturn functools.partial(eval, '1')()\n",
    "map": "return list(map(exec, ['1']))\n",
    "decorator": "@eval\ndef f():\n    pass\n",
    "metaclass": "class A(metaclass=eval):\n    pass\n",
    "default of a lambda": "return (lambda f=eval: f('1'))()\n",
    "walrus in a comprehension": "return [y for x in values if (y := open(x))]\n",
    "f-string": "return f'{open(\"x\")!r}'\n",
    "width of an f-string": "return f'{values:{open(\"x\")}}'\n",
    "letters of another alphabet": "return \uff45val('1')\n",
    "init_subclass": "class A:\n    def __init_subclass__(cls):\n        eval('1')\n",
    "help": "help()\n",
    "licence": "license()\n",
    # changes of what is not the candidate's own
    "alias of a class": "c = Cart\nc.total = 1\n",
    "alias by a loop": "for c in [Cart]:\n    setattr(c, 'total', 1)\n",
    "class of a library": "from json import JSONEncoder as J\nJ.default = 1\n",
    "dataclass as a function": "import dataclasses\ndataclasses.dataclass(Cart)\n",
    "dataclass with options": "from dataclasses import dataclass as d\nd(eq=True)(Cart)\n",
    "total_ordering": "from functools import total_ordering as t\nt(Cart)\n",
    "code of a function": "import functools\nfunctools.update_wrapper(values, f, assigned=('__defaults__',))\n",
    "code of a function, by position": "import functools\nfunctools.wraps(f, ('__defaults__',))(values)\n",
    # classes
    "class by type": "return type.__call__(type, 'A', (), {'__eq__': f})\n",
    "class by types": "import types\nreturn types.new_class('A', (), {}, f)\n",
    "class by dataclasses": "import dataclasses\nreturn dataclasses.make_dataclass('A', [], namespace={'__eq__': f})\n",
    "function of code": "import types\nreturn types.FunctionType(values, {})\n",
    "finalizer": "class A:\n    def __del__(self):\n        pass\n",
    "pickle": "class A:\n    def __reduce__(self):\n        return print, ()\n",
    "pickle, assigned": "class A:\n    __reduce__ = f\n",
}
MODULES = (
    "atexit code codeop copyreg csv ctypes dbm doctest faulthandler fileinput gc getpass imaplib importlib "
    "inspect locale logging logging.config logging.handlers marshal mmap multiprocessing optparse pdb pickle "
    "pkgutil platform profile pty pydoc runpy sched select shelve shutil signal site socket sqlite3 subprocess "
    "sys tempfile threading timeit tkinter traceback tracemalloc unittest urllib urllib.request venv weakref "
    "webbrowser xml xml.etree.ElementTree zipfile zipimport contextvars builtins io os _io _thread _ctypes posix "
    "nt"
)


@pytest.mark.parametrize("name", EVASIONS)
def test_a_way_around_is_closed(name: str) -> None:
    assert found(EVASIONS[name]) != ()


@pytest.mark.parametrize("module", MODULES.split())
def test_a_module_that_reaches_out_is_named(module: str) -> None:
    assert f"import of {module} (line 1 of the body)" in found(f"import {module}\n")
    assert any(line.startswith("import of ") for line in found(f"from {module} import a\n"))


@pytest.mark.parametrize(
    "body",
    [
        "return '{:>{w}}'.format(values, w=3) + '{0.name} {1[a]}'.format(values, {})\n",
        "text = 'a {}'\nreturn text.strip().format(values)\n",
        "for text in values:\n    print(text.format(1))\n",
        "return str.format('{}', values) + values.format(1)\n",
        "match values:\n    case Cart(total=t, lines=[first, *_]):\n        return t, first\n",
        "class P:\n    __match_args__ = ('x', 'y')\n    def __getattr__(self, name):\n        return 1\n",
        "import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass P:\n    x: 'int'\n    y: 'list[str]' = ()\n",
        "import functools\n@functools.wraps(values)\ndef f():\n    return 1\n"
        "functools.update_wrapper(f, values)\nreturn f\n",
        "import functools\n@functools.total_ordering\nclass P:\n    def __lt__(self, other):\n"
        "        return self.x < other.x\n",
        "import functools\n@functools.singledispatch\ndef f(x):\n    pass\n@f.register\ndef _(x: 'int'):\n    pass\n",
        "from collections import abc, namedtuple\nPoint = namedtuple('Point', 'x y')\n"
        "return Point(1, 2)._replace(x=3)\n",
        "import collections.abc\nimport html.parser\nfrom json import decoder\n"
        "from asyncio.exceptions import CancelledError\n",
        "import decimal\nwith decimal.localcontext() as c:\n    c.prec = 3\n    return +values\n",
        "import shlex, uuid, warnings\nwarnings.warn('x')\nreturn shlex.split('a b'), uuid.uuid4(), uuid.UUID(int=1)\n",
        "cart = Cart()\ncart.total = 3\nreturn cart\n",
        "table = LIMITS\ntable['a'] = 1\n",
        "def f(x: 'Cart', text: \"some words that are no code\") -> 'Cart':\n    return x\n",
    ],
)
def test_honest_code_is_not_taken_for_one_of_them(body: str) -> None:
    assert found(body) == ()


def test_a_helper_may_not_be_a_hook_of_the_module() -> None:
    assert found(helpers=("def __getattr__(name):\n    return 1\n",)) == ("a helper called __getattr__",)
    assert found(helpers=("__all__ = []\n",)) == ("a helper called __all__",)
    hook = "pytest_collection_modifyitems"
    assert found(helpers=(f"def {hook}(items):\n    items.clear()\n",)) == (f"a helper called {hook}",)


def test_what_is_refused_of_a_harmless_module_may_be_used_or_allowed() -> None:
    body = "import calendar\ncalendar.setfirstweekday(3)\n"
    assert found(body, module=b"import calendar\ncalendar.setfirstweekday(0)\n") == ()
    assert found(body, allow=frozenset({"calendar.setfirstweekday"})) == ()
    assert found(body, allow=frozenset({"calendar"})) == ()
    assert found(body, module=b"import calendar\n") == ("attribute calendar.setfirstweekday (line 2 of the body)",)
