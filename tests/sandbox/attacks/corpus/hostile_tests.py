"""Tests that want to be passed by whatever they run on, and candidates that harm the other tests of theirs."""

from __future__ import annotations

from corpus.attack import GOOD, OWN, TEST, WRONG, Attack, sheet
from pytest_supercharger.domain import Verdict

__all__ = ["ATTACKS"]

_RULE = "verdict rule: the tests that ran are those of the source, seen by the host's own parser"
_OTHER = "from sums import add\n\n\ndef test_it():\n    assert add(5, 6) == 11\n"

# Run on a wrong candidate; each is a test module that would have it pass without asking.
_VACUOUS = {
    "no test at all": "from sums import add\n",
    "a test under if False": "if False:\n    def test_it():\n        assert False\n",
    "a test that is deleted": "def test_it():\n    assert False\ndel test_it\n",
    "a test that is overwritten by a value": "def test_it():\n    assert False\ntest_it = None\n",
    "a test that is no test": "def test_it():\n    assert False\ntest_it.__test__ = False\n",
    "a test that is skipped": "import pytest\n@pytest.mark.skip\ndef test_it():\n    assert False\n",
    "a test that is not run and expected to fail": "import pytest\n@pytest.mark.xfail(run=False)\ndef test_it():\n    assert False\n",
    "a test that fails as expected": "import pytest\n@pytest.mark.xfail\ndef test_it():\n    assert False\n",
    "a test for no parameters": "import pytest\n@pytest.mark.parametrize('x', [])\ndef test_it(x):\n    assert False\n",
    "tests made by a hook of the module": "def pytest_generate_tests(metafunc):\n    metafunc.parametrize('x', [])\ndef test_it(x):\n    assert False\n",
    "a module that skips itself": "import pytest\npytest.skip('no', allow_module_level=True)\ndef test_it():\n    assert False\n",
    "a class with a constructor": "class TestIt:\n    def __init__(self):\n        pass\n    def test_it(self):\n        assert False\n",
    "a class that is no test": "class TestIt:\n    __test__ = False\n    def test_it(self):\n        assert False\n",
    "a module that ends the process": "import os\nos._exit(0)\ndef test_it():\n    assert False\n",
    "plugins of its own": "pytest_plugins = ['doctest']\ndef test_it():\n    assert False\n",
    "a module of another encoding": "# -*- coding: utf-7 -*-\ndef test_it():\n    assert False\n",
    "null bytes": "def test_it():\n    assert False\n\0",
    "lone surrogates": "def test_it():\n    assert '\ud800' == ''\n",
    "a fixture that replaces the test": "import pytest\n@pytest.fixture(autouse=True)\ndef it(request):\n    pytest.skip('no')\ndef test_it():\n    assert False\n",
    "a thousand tests that fail": "import pytest\n@pytest.mark.parametrize('x', range(1000))\ndef test_it(x):\n    assert x < 999\n",
    "a name that looks like a parameter": "import pytest\n@pytest.mark.parametrize('x', [1], ids=['test_it'])\ndef test_other(x):\n    pass\ndef test_it():\n    assert False\n",
    "an id with separators": "import pytest\n@pytest.mark.parametrize('x', [0, 1], ids=['a::test_it', 'b]['])\ndef test_it(x):\n    assert x\n",
    "a very long id": "import pytest\n@pytest.mark.parametrize('x', ['x' * 100000, ''])\ndef test_it(x):\n    assert x\n",
}

# Run on a right candidate, and passed: odd names are names.
_ODD = {
    "letters that are normalised": "from sums import add\n\ndef test_\ufb01\u2460\u017f() :\n    assert add(1, 2) == 3\n".replace(
        "\u2460", ""
    ),
    "letters of other scripts": "from sums import add\n\ndef test_\u03b1\u0431\u4e2d():\n    assert add(1, 2) == 3\n",
    "ids with control characters and emoji": "import pytest\nfrom sums import add\n\n@pytest.mark.parametrize('x', ['\\x00\\x1b[31m', '\\U0001f600', '\\ud800'])\ndef test_it(x):\n    assert add(1, 2) == 3\n",
    "three hundred parameters": "import pytest\nfrom sums import add\n\n@pytest.mark.parametrize('x', range(300))\ndef test_it(x):\n    assert add(x, 1) == x + 1\n",
}


def _modules(sources: dict[str, str], code: str, layer: str, expected: Verdict) -> tuple[Attack, ...]:
    return tuple(
        Attack(
            number="24" if expected is Verdict.FAIL else OWN,
            name=f"a hostile test: {name}",
            code=code,
            tests=(source,),
            layer=layer,
            expected=frozenset({expected}),
        )
        for name, source in sources.items()
    )


_FIRST = sheet(
    "isolation: the verdict of a pair is that of a fork of its own",
    """
    ### own: wrong at the first call, right from then on
    calls = []
    def add(a, b):
        calls.append(a)
        return a + b if len(calls) > 1 else None
    """,
    tests=(TEST, _OTHER),
)

_POISON = sheet(
    "batch: what is not seen to pass in it, or stands beside anything odd, is run again in a fork of its own",
    """
    ### own: the first test ends the process of all
    import os
    def add(a, b):
        if (a, b) == (5, 6):
            return 0
        os._exit(0)
    ### own: the first test leaves a patched assertion for the second
    import builtins
    def add(a, b):
        class Quiet(AssertionError):
            def __new__(cls, *arguments):
                return KeyboardInterrupt()
        builtins.AssertionError = Quiet
        return 0
    """,
    tests=(TEST, _OTHER),
    batch=True,
)

ATTACKS = (
    *_modules(_VACUOUS, WRONG, _RULE, Verdict.FAIL),
    *_modules(_ODD, GOOD, "nothing to stop", Verdict.PASS),
    *_FIRST,
    *_POISON,
)
