"""Test modules of every kind that models write, each with the verdict and the first words that it has to come to."""

from __future__ import annotations

__all__ = ["CANDIDATE", "CORPUS", "ORDER"]

CANDIDATE = """
import unittest

import pytest

calls = []


def double(x, seen=[]):
    seen.append(x)
    calls.append(x)
    return 2 * x


@pytest.fixture(autouse=True)
def unasked():
    calls.append("fixture")


def setup_function():
    calls.append("setup")


def test_other():
    pass


class Cases(unittest.TestCase):
    def test_other(self):
        pass
"""

_HEAD = "import pytest\nfrom mod import double\n\n"


def _test(body: str, before: str = "") -> str:
    return f"{_HEAD}{before}def test_it():\n    {body}\n"


# What it is -> (module, verdict, begin of the detail).
CORPUS = {
    "passes": (_test("assert double(2) == 4"), "pass", ""),
    "fails": (_test("assert double(2) == 5"), "fail", "AssertionError: assert 4 == 5\n +  where 4 = double(2)"),
    "a message of its own": (_test("assert double(2) == 5, 'so not'"), "fail", "AssertionError: so not\nassert 4 == 5"),
    "compares lists": (_test("assert [double(1)] == [3]"), "fail", "AssertionError: assert [2] == [3]"),
    "raises": (_test("double(1).no"), "fail", "AttributeError: 'int' object has no attribute 'no'"),
    "expects an exception": (_test("with pytest.raises(TypeError):\n        double()"), "pass", ""),
    "expects one that does not come": (_test("with pytest.raises(TypeError):\n        double(1)"), "fail", "Failed: "),
    "approximates": (_test("assert double(0.1) == pytest.approx(0.2)"), "pass", ""),
    "fixture": (
        _HEAD + "@pytest.fixture\ndef two():\n    yield 2\n\ndef test_it(two):\n    assert double(two) == 4\n",
        "pass",
        "",
    ),
    "built-in fixtures": (
        _HEAD
        + "def test_it(tmp_path, capsys, monkeypatch, caplog, request, recwarn):\n    monkeypatch.setenv('A', 'b')\n"
        "    (tmp_path / 'f').write_text('x')\n    print(double(2))\n    assert capsys.readouterr().out == '4\\n'\n",
        "pass",
        "",
    ),
    "setup error": (
        _HEAD + "@pytest.fixture\ndef two():\n    raise KeyError('x')\n\ndef test_it(two):\n    assert two\n",
        "fail",
        "KeyError: 'x'",
    ),
    "teardown error": (
        _HEAD + "@pytest.fixture\ndef two():\n    yield 2\n    raise KeyError('x')\n\n"
        "def test_it(two):\n    assert two\n",
        "fail",
        "KeyError: 'x'",
    ),
    "unknown fixture": (_HEAD + "def test_it(nothing):\n    pass\n", "fail", ""),
    "parametrised": (
        _HEAD + "@pytest.mark.parametrize('x', [1, 2])\ndef test_it(x):\n    assert double(x) == x + x\n",
        "pass",
        "",
    ),
    "one parameter fails": (
        _HEAD + "@pytest.mark.parametrize('x', [1, 2])\ndef test_it(x):\n    assert double(x) == 2\n",
        "fail",
        "assert 4 == 2",
    ),
    "parametrised fixture": (
        _HEAD + "@pytest.fixture(params=[1, 2])\ndef x(request):\n    return request.param\n\n"
        "def test_it(x):\n    assert double(x) == x + x\n",
        "pass",
        "",
    ),
    "async": (_HEAD + "async def test_it():\n    assert double(2) == 4\n", "pass", ""),
    "async that fails": (_HEAD + "async def test_it():\n    assert double(2) == 5\n", "fail", "assert 4 == 5"),
    "skips itself": (_test("pytest.skip('no')"), "fail", ""),
    "skip mark": (_test("assert False", "@pytest.mark.skip\n"), "fail", ""),
    "skips its module": (_HEAD + "pytest.skip('no', allow_module_level=True)\ndef test_it(): pass\n", "fail", ""),
    "skip in a module": ("import pytest\npytest.skip('no')\ndef test_it(): pass\n", "fail", ""),
    "expected failure": (_test("assert False", "@pytest.mark.xfail\n"), "fail", ""),
    "unexpected pass": (_test("assert True", "@pytest.mark.xfail\n"), "fail", ""),
    "imports nothing that exists": ("import no_such_module\n" + _test("pass"), "fail", "ModuleNotFoundError: "),
    "imports no such name": ("from mod import nothing\n" + _test("pass"), "fail", "ImportError: cannot import name"),
    "does not parse": ("def test_it(:\n", "fail", "SyntaxError: "),
    "fails when imported": ("assert 1 == 2\n" + _test("pass"), "fail", "assert 1 == 2"),
    "exits when imported": ("raise SystemExit(0)\n" + _test("pass"), "fail", ""),
    "exits": (_test("raise SystemExit(0)"), "fail", "SystemExit: 0"),
    "ends the session": (_test("pytest.exit('done', returncode=0)"), "fail", ""),
    "is interrupted": (_test("raise KeyboardInterrupt"), "fail", ""),
    "holds no test": (_HEAD + "def helper():\n    pass\n", "fail", "pytest ended with status 5"),
    "test class": (
        _HEAD + "class TestIt:\n    def setup_method(self):\n        self.x = 2\n\n"
        "    def test_it(self):\n        assert double(self.x) == 4\n",
        "pass",
        "",
    ),
    "unittest": (
        "import unittest\nfrom mod import double\n\nclass TestIt(unittest.TestCase):\n    def test_it(self):\n"
        "        self.assertEqual(double(2), 4)\n",
        "pass",
        "",
    ),
    "unittest that fails": (
        "import unittest\nfrom mod import double\n\nclass TestIt(unittest.TestCase):\n    def test_it(self):\n"
        "        self.assertEqual(double(2), 5)\n",
        "fail",
        "AssertionError: 4 != 5",
    ),
    "records a property": (
        _HEAD + "def test_it(record_property, doctest_namespace, tmpdir):\n    record_property('a', double(2))\n",
        "pass",
        "",
    ),
    "module set-up": (
        _HEAD + "def setup_module():\n    global x\n    x = 2\n\ndef test_it():\n    assert double(x) == 4\n",
        "pass",
        "",
    ),
    "hypothesis": (
        _HEAD + "from hypothesis import given, strategies as st\n\n@given(st.integers())\n"
        "def test_it(x):\n    assert double(x) == x + x\n",
        "pass",
        "",
    ),
    "warning as an error": (
        _HEAD + "import warnings\n\n@pytest.mark.filterwarnings('error')\ndef test_it():\n    warnings.warn('w')\n",
        "fail",
        "UserWarning: w",
    ),
    "expects a warning": (
        _HEAD + "import warnings\n\ndef test_it():\n    with pytest.warns(UserWarning):\n        warnings.warn('w')\n",
        "pass",
        "",
    ),
    "reads input": (_test("input()"), "fail", ""),
    "prints": (_test("print('x' * 100_000)"), "pass", ""),
    "takes a fixture of another module": (
        "from mod import calls, unasked\n\ndef test_it():\n    assert calls[-1:] == ['fixture']\n",
        "pass",
        "",
    ),
    "takes the set-up of another module": (
        "from mod import calls, setup_function\n\ndef test_it():\n    assert calls[-1:] == ['setup']\n",
        "pass",
        "",
    ),
    "takes a test of another module": ("from mod import test_other\n\ndef test_it():\n    pass\n", "fail", ""),
    "takes tests of another module": ("from mod import Cases\n\ndef test_it():\n    pass\n", "fail", ""),
    "takes everything": ("from mod import *\n\ndef test_it():\n    pass\n", "fail", ""),
    "says that it is no test": ("__test__ = False\n" + _test("pass"), "fail", "pytest ended with status 5"),
    "is a generator": (_test("yield 1"), "fail", ""),
    "defined twice": (_test("assert False") + "\ndef test_it():\n    assert double(2) == 4\n", "pass", ""),
    "own source": (_test("import inspect\n    assert 'look' in inspect.getsource(test_it)  # look"), "pass", ""),
}  # fmt: skip

# What the first test leaves -> what it does, and a test that is right on its own; the pair of them in one process errs.
ORDER = {
    "mutable default": (
        _test("double(1)"),
        _test("assert double(2) == 4\n    assert double.__defaults__[0] == [2]"),
    ),
    "module state": (_test("double(1)"), _test("import mod\n    double(2)\n    assert mod.calls == [2]")),
    "environment variable": (
        _test("import os\n    os.environ['LEFT'] = 'x'"),
        _test("import os\n    assert 'LEFT' not in os.environ"),
    ),
    "patched module": (
        _test("import mod\n    mod.double = lambda x: 5"),
        "import mod\n\n\ndef test_it():\n    assert mod.double(2) == 4\n",
    ),
    "current folder": (_test("import os\n    os.chdir('/')"), _test("import os\n    assert os.getcwd() != '/'")),
    "left file": (
        _test("open('/tmp/left', 'w').close()"),
        _test("import os\n    assert not os.path.exists('/tmp/left')"),
    ),
}
