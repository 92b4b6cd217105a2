"""Tests of an answer that are not worth running are refused with the reason."""

from __future__ import annotations

import pytest
from cleaned import reason, sources

from pytest_supercharger.domain import FinishReason


@pytest.mark.parametrize(
    "body",
    [
        "assert True",
        "assert 1 + 1 == 2",
        "assert f(1) == f(1)",
        "assert f(1) or True",
        "assert (f(1) == 2, 'text')",
        "assert callable(f)",
        "assert f",
        "f(1)",
        "x = f(1)\n    assert [1] == [1]",
        "try:\n        f(1)\n        assert False\n    except Exception:\n        pass",
        "pass",
    ],
)
def test_a_test_that_no_code_can_fail_is_refused(tests_of, body: str) -> None:
    assert reason(tests_of(f"def test_f():\n    {body}\n")) == "no assertion on the stub"


@pytest.mark.parametrize(
    "text",
    [
        "def f(n):\n    return n\n\ndef test_f():\n    assert f(1) == 1\n",
        "def test_f():\n    def f(n):\n        return n\n    assert f(1) == 1\n",
        "def test_f():\n    f = lambda n: n\n    assert f(1) == 1\n",
        "def test_f(monkeypatch):\n    monkeypatch.setattr('shop.maths.f', int)\n    assert f(1) == 1\n",
        "import shop.maths\ndef test_f():\n    shop.maths.f = int\n    assert f(1) == 1\n",
    ],
)
def test_a_test_that_replaces_the_stub_is_refused(tests_of, text: str) -> None:
    assert reason(tests_of(text)) == "redefines the stub"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import requests\ndef test_f():\n    assert f(requests.get('x')) == 1\n", "needs the network"),
        ("def test_f():\n    import socket\n    assert f(1) == 1\n", "needs the network"),
        ("def pytest_runtest_call(item):\n    pass\ndef test_f():\n    assert f(1) == 1\n", "pytest hooks"),
        ("pytest_plugins = ['x']\ndef test_f():\n    assert f(1) == 1\n", "pytest hooks"),
        ("pytest_generate_tests = lambda metafunc: None\ndef test_f():\n    assert f(1) == 1\n", "pytest hooks"),
        ("from x import y as pytest_report_header\ndef test_f():\n    assert f(1) == 1\n", "pytest hooks"),
        ("def test_f():\n    global pytest_plugins\n    assert f(1) == 1\n", "pytest hooks"),
        ("@pytest.mark.skip\ndef test_f():\n    assert f(1) == 1\n", "skipped test"),
        ("def test_f():\n    pytest.skip('no')\n    assert f(1) == 1\n", "skipped test"),
        ("def test_f(database):\n    assert f(1) == 1\n", "unknown fixture"),
        ("def test_f():\n    assert f(1) == expected\n", "undefined name"),
        ("I would test it well.", "no code"),
        ("def helper():\n    return f(1)\n", "no assertion on the stub"),
    ],
)
def test_other_refusals_have_their_reason(tests_of, text: str, why: str) -> None:
    assert reason(tests_of(text)) == why


@pytest.mark.parametrize("finish", [FinishReason.CANCELLED, FinishReason.ERROR])
def test_an_answer_that_was_stopped_gives_no_test(tests_of, finish: FinishReason) -> None:
    assert reason(tests_of("def test_f():\n    assert f(1) == 1\n", finish=finish)) == "cut off"


def test_one_bad_test_does_not_cost_the_good_ones(tests_of) -> None:
    text = "def test_a(db):\n    assert f(1) == 1\n\ndef test_b():\n    assert f(2) == 2\n"
    assert len(sources(tests_of(text))) == 1
