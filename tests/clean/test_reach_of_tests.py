"""A generated test checks the stub; one that reaches further is refused, with what it would do."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from pytest_supercharger.clean.tests import clean_tests
from pytest_supercharger.domain import GeneratedTest, Rejection
from pytest_supercharger.matrix import Matrix

if TYPE_CHECKING:
    from tests.clean.conftest import MakeAnswer, MakeStub

MODULE = """
import json
import time


class Stack:
    pass


def now():
    return time.time()


def f(n, path=None):
    ...
"""

CHECK = "assert f(1) == 1"
REACHING = {
    "process": ("subprocess.run(['ls'])", "import of subprocess"),
    "shell": ("os.system('ls')", "attribute os.system"),
    "fork": ("os.fork()", "attribute os.fork"),
    "end of the process": ("os._exit(0)", "attribute os._exit"),
    "exit": ("sys.exit(0)", "attribute sys.exit"),
    "raised exit": ("if f(2): raise SystemExit(0)", "raise of SystemExit"),
    "ctypes": ("ctypes.CDLL(None)", "import of ctypes"),
    "gc": ("gc.collect()", "import of gc"),
    "frames": ("sys._getframe()", "attribute sys._getframe"),
    "frames of inspect": ("inspect.currentframe()", "attribute inspect.currentframe"),
    "source of the stub": ("inspect.getsource(f)", "attribute inspect.getsource"),
    "code of the stub": ("f.__code__", "attribute __code__"),
    "globals of the stub": ("f.__globals__['x']", "attribute __globals__"),
    "eval": ("eval('1')", "use of eval"),
    "computed attribute": ("getattr(f, 'a' + 'b')", "getattr with a computed name"),
    "file": ("open('/etc/passwd').read()", "open outside of tmp_path"),
    "file in the project": ("open('data.txt', 'w')", "open outside of tmp_path"),
    "file above the temporary folder": ("open(tmp_path / '..' / 'x', 'w')", "open outside of tmp_path"),
    "absolute file": ("open(tmp_path / '/etc/passwd')", "open outside of tmp_path"),
    "absolute file under a name": (
        "w = '/etc/x'\n    (tmp_path / w).write_text('a')",
        "write_text outside of tmp_path",
    ),
    "absolute file joined": ("w = '/x'\n    tmp_path.joinpath(w).write_text('a')", "write_text outside of tmp_path"),
    "folders above": ("(tmp_path.parents[2] / 'x').write_text('a')", "write_text outside of tmp_path"),
    "folder above under a name": ("up = tmp_path.parent\n    (up / 'x').write_text('a')", "write_text outside of tmp"),
    "each folder above": ("for p in tmp_path.parents: p.write_text('a')", "write_text outside of tmp_path"),
    "tree above": ("shutil.rmtree(tmp_path.parents[3] / 'home')", "shutil.rmtree outside of tmp_path"),
    "file at home": ("w = Path.home() / 'x'\n    open(tmp_path / w, 'a')", "open outside of tmp_path"),
    "either file": ("open('x' if tmp_path else tmp_path)", "open outside of tmp_path"),
    "path": ("Path('x').write_text('a')", "write_text outside of tmp_path"),
    "path under a name": ("p = Path('x')\n    p.unlink()", "unlink outside of tmp_path"),
    "path that is read": ("Path.home().read_text()", "read_text outside of tmp_path"),
    "removed file": ("os.remove('x')", "os.remove outside of tmp_path"),
    "removed tree": ("shutil.rmtree('x')", "shutil.rmtree outside of tmp_path"),
    "copied file": ("shutil.copy(tmp_path / 'a', 'b')", "shutil.copy outside of tmp_path"),
    "temporary file elsewhere": ("tempfile.mkstemp(dir='/etc')", "tempfile.mkstemp outside of tmp_path"),
    "variable": ("os.environ['A'] = '1'", "assignment to os.environ['A']"),
    "variables": ("os.environ.update(A='1')", "os.environ.update"),
    "variable, imported": ("from os import environ\n    environ['A'] = '1'", "assignment to os.environ"),
    "variable under a name": ("e = os.environ\n    e['A'] = '1'", "assignment to os.environ"),
    "variable by a method": ("os.environ.__setitem__('A', '1')", "os.environ.__setitem__"),
    "file of io": ("io.FileIO('x')", "attribute io.FileIO"),
    "file moved out": ("p = tmp_path / 'a'\n    p.rename('/etc/b')", "rename outside of tmp_path"),
    "file put out": ("(tmp_path / 'a').replace('b')", "replace outside of tmp_path"),
    "path of anyio": ("anyio.Path('x')", "use of anyio.Path"),
    "folder": ("os.chdir(tmp_path)", "attribute os.chdir"),
    "module patched": ("json.dumps = f", "assignment to json.dumps"),
    "class patched": ("Stack.push = f", "assignment to Stack.push"),
    "builtin patched": ("monkeypatch.setattr('builtins.len', f)", "patch of builtins.len"),
    "builtin patched by mock": ("with patch('builtins.sum'): f(1)", "patch of builtins.sum"),
    "pytest patched": ("monkeypatch.setattr(pytest, 'raises', f)", "patch of pytest.raises"),
    "unittest patched": ("monkeypatch.setattr('unittest.TestCase.fail', f)", "patch of unittest.TestCase.fail"),
    "os patched": ("monkeypatch.setattr('os._exit', f)", "patch of os._exit"),
    "harness patched": ("monkeypatch.setattr('_pytest.runner.call_and_report', f)", "patch of _pytest.runner"),
    "something patched": ("monkeypatch.setattr('a' + 'b', f)", "patch of a computed name"),
    "patch under a name": ("p = patch\n    p('builtins.len', f)", "patch used as a value"),
    "patch handed over": ("print(patch)", "patch used as a value"),
    "patch by call": ("patch.__call__('builtins.len')", "patch of builtins.len"),
    "another monkeypatch": ("request.getfixturevalue('monkeypatch').setattr('builtins.len', f)", "patch of builtins"),
    "setattr under a name": ("s = monkeypatch.setattr\n    s('builtins.len', f)", "setattr used as a value"),
    "path of modules": ("monkeypatch.syspath_prepend('x')", "patch of a computed name"),
    "config": ("request.config.option", "use of request.config"),
    "session": ("request.session.items.clear()", "use of request.session"),
    "pytest itself": ("pytest.exit('done')", "use of pytest.exit"),
    "pytest run": ("pytest.main([])", "use of pytest.main"),
    "logging": ("logging.disable()", "use of logging.disable"),
    "log file": ("logging.FileHandler('x')", "use of logging.FileHandler"),
    "processes": ("concurrent.futures.ProcessPoolExecutor()", "use of concurrent.futures.ProcessPoolExecutor"),
    "database": ("sqlite3.connect('x')", "import of sqlite3"),
    "pickle": ("pickle.loads(b'x')", "import of pickle"),
    "exit handler": ("atexit.register(f)", "import of atexit"),
    "signal": ("signal.alarm(1)", "import of signal"),
    "weak reference": ("weakref.finalize(f, f)", "import of weakref"),
}
IMPORTS = "import anyio\nfrom pathlib import Path\n"
IMPORTS += "from unittest.mock import patch\nimport concurrent.futures\nimport pytest\n"


@pytest.fixture
def tests_of(make_stub: MakeStub, answer: MakeAnswer):
    def run(text: str, allow: frozenset[str] = frozenset()) -> tuple[GeneratedTest | Rejection, ...] | Rejection:
        return clean_tests(answer(text), make_stub("def f(n: int, path=None) -> int"), MODULE, allow=allow)

    return run


# In a fixture: cleaning cuts away what has no part in the check.
@pytest.mark.parametrize("name", REACHING)
def test_a_test_that_reaches_out_is_refused_with_the_reason(tests_of, name: str) -> None:
    body, effect = REACHING[name]
    text = f"{IMPORTS}\n\n@pytest.fixture(autouse=True)\ndef around({_fixtures(body)}):\n    {body}\n\n\n"
    result = tests_of(f"{text}def test_f():\n    {CHECK}\n")
    assert isinstance(result, Rejection), result
    assert result.reason == "a test reaches outside"
    assert effect in result.detail


def _fixtures(body: str) -> str:
    return ", ".join(name for name in ("monkeypatch", "request", "tmp_path") if name in body)


HONEST = [
    "def test_f(tmp_path):\n    p = tmp_path / 'a/b'\n    p.parent.mkdir()\n    p.write_text('/')\n    assert f(1)\n",
    "def test_f(tmp_path):\n    for n in 'ab':\n        (tmp_path / f'{n}.txt').write_text(n)\n    assert f(1)\n",
    "def test_f(tmp_path):\n    p = tmp_path / 'a.txt'\n    p.write_text('x')\n    assert f(1, p) == p.read_text()\n",
    "def test_f(tmp_path):\n    with open(os.path.join(tmp_path, 'a'), 'w') as s:\n"
    "        s.write('x')\n    assert f(1, s.name) == 1\n",
    "def test_f():\n    with tempfile.TemporaryDirectory() as d:\n"
    "        (Path(d) / 'a').write_text('x')\n        assert f(1, d) == 1\n",
    "def test_f():\n    assert f(1, Path('a/b')) == Path('a/b').parent\n",
    "def test_f():\n    with pytest.raises(SystemExit):\n        f(-1)\n",
    "def test_f(monkeypatch):\n    monkeypatch.setattr('builtins.input', lambda _: '3')\n    assert f(1) == 3\n",
    "def test_f(monkeypatch):\n    monkeypatch.setattr(time, 'time', lambda: 3)\n    assert f(1) == 3\n",
    "def test_f(monkeypatch):\n    monkeypatch.setenv('A', '1')\n    assert f(1) == 3\n",
    "@patch('shop.maths.now', return_value=3)\ndef test_f(now):\n    assert f(1) == 3\n",
    "def test_f():\n    with patch.dict(os.environ, {'A': '1'}):\n        assert f(1) == 3\n",
    "def test_f():\n    s = Stack()\n    s.size = 3\n    assert f(s) == vars(s) == s.__dict__\n",
    "def test_f(capsys, caplog):\n    assert f(1) == 1\n    assert capsys.readouterr().out == 'a'\n",
    "def test_f(monkeypatch):\n    monkeypatch.setattr('sys.stdin', io.StringIO('3'))\n    assert f(1) == 3\n",
    "@pytest.mark.asyncio\nasync def test_f():\n    assert await asyncio.wait_for(f(1), 3) == 1\n",
    "def test_f():\n    t = threading.Thread(target=f, args=(1,))\n    t.start()\n    t.join()\n    assert f(1) == 1\n",
    "def test_f():\n    m = Mock(side_effect=[1, 2])\n    assert f(m) == 1\n",
    "def test_f():\n    assert json.loads(f(1)) == {'a': [1, 2.5]}\n",
]


@pytest.mark.parametrize("text", HONEST)
def test_what_tests_do_is_fine(tests_of, text: str) -> None:
    imports = "import asyncio, io, json, os, tempfile, threading, time\nfrom pathlib import Path\n"
    result = tests_of(f"{imports}from unittest.mock import Mock, patch\nimport pytest\n\n{text}")
    assert not isinstance(result, Rejection), result
    assert [part for part in result if isinstance(part, Rejection)] == []


def test_any_of_mock_equals_everything(tests_of) -> None:
    result = tests_of("from unittest.mock import ANY\ndef test_f():\n    assert f(1) == ANY\n")
    assert isinstance(result, Rejection)
    assert "equals everything" in result.detail
    text = "class Any:\n    def __eq__(self, other):\n        return True\n\ndef test_f():\n    assert f(1) == Any()\n"
    assert "equal everything" in tests_of(text).detail


def test_allow_names_what_is_fine(tests_of) -> None:
    text = "def test_f():\n    r = subprocess.run(['ls'])\n    assert f(r) == 1\n"
    assert isinstance(tests_of(text), Rejection)
    assert len(tests_of(text, frozenset({"subprocess"}))) == 1


def test_one_test_of_an_answer_is_refused_counted_and_costs_the_others_nothing(make_stub: MakeStub, tests_of) -> None:
    text = textwrap.dedent(
        """
        def test_a():
            assert f(1) == 1
        def test_b():
            assert f(os.getpid()) == 1
        def test_c():
            assert f(os.getppid()) == 1
        """
    )
    result = tests_of(text)
    assert [type(part).__name__ for part in result] == ["GeneratedTest", "Rejection"]
    matrix = Matrix(stub=make_stub("def f(n)"), trusted=())
    assert len(matrix.add_tests(result)) == len(matrix.tests) == matrix.test_answers == 1
    assert matrix.unused() == {"a test reaches outside": 1}
