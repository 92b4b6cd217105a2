"""Gate jobs in a real container: the project's tests run as the project means them to, and one bad test costs one."""

from __future__ import annotations

import dataclasses

import pytest
from zygote_slot import GOOD, LIMITS, MODULE, TEST, ZygoteSlot

from pytest_supercharger.domain import Verdict

pytestmark = pytest.mark.docker

PASSING = {"mod.py": MODULE + GOOD, "tests/test_mod.py": TEST}


def verdicts(zygote: ZygoteSlot, files: dict[str, str], nodeids: list[str] | None = None) -> dict[str, str]:
    gate = zygote.gate(files, nodeids)
    assert gate.problem == "", gate
    return {node.rpartition("::")[2]: found.verdict.value for node, found in gate.tests.items()}


def test_conftest_ini_and_fixtures_of_the_project_apply(zygote: ZygoteSlot) -> None:
    files = {
        **PASSING,
        "pytest.ini": "[pytest]\npython_functions = check_* test_*\naddopts = --strict-markers\nmarkers = slow\n",
        "conftest.py": "import pytest\n\n@pytest.fixture\ndef four():\n    return 4\n",
        "tests/test_more.py": "import pytest\nfrom mod import double\n\n@pytest.mark.slow\n"
        "def check_it(four, tmp_path):\n    open('written', 'w').close()\n    assert double(2) == four\n",
    }
    assert verdicts(zygote, files) == {"test_it": "pass", "check_it": "pass"}


def test_only_the_wanted_tests_run(zygote: ZygoteSlot) -> None:
    files = {**PASSING, "tests/test_more.py": "class TestA:\n    def test_b(self): pass\n    def test_c(self): pass\n"}
    assert verdicts(zygote, files, ["tests/test_more.py::TestA::test_b"]) == {"test_b": "pass"}
    assert verdicts(zygote, files, ["tests/test_more.py::TestA"]) == {"test_b": "pass", "test_c": "pass"}
    assert verdicts(zygote, files, ["tests/test_mod.py"]) == {"test_it": "pass"}
    assert len(verdicts(zygote, files, ["tests/"])) == 3


def test_a_parametrised_test_stands_for_its_instances(zygote: ZygoteSlot) -> None:
    source = "import pytest\n@pytest.mark.parametrize('x', ['a::b', 'c'])\ndef test_a(x): pass\ndef test_ab(): pass\n"
    files = {**PASSING, "tests/test_a.py": source}
    gate = zygote.gate(files, ["tests/test_a.py::test_a"])
    assert set(gate.tests) == {"tests/test_a.py::test_a[a::b]", "tests/test_a.py::test_a[c]"}
    assert set(zygote.gate(files, ["tests/test_a.py::test_a[a::b]"]).tests) == {"tests/test_a.py::test_a[a::b]"}


def test_a_stub_that_a_conftest_calls_is_reached_by_every_test(zygote: ZygoteSlot) -> None:
    source = "from mod import other\ntry:\n    other(1)\nexcept NotImplementedError:\n    pass\n"
    gate = zygote.gate({**PASSING, "conftest.py": source})
    assert gate.tests["tests/test_mod.py::test_it"].reached == {"mod:other"}
    assert gate.reached_at_import == {}
    assert gate.reached_first == {"mod:other"}


def test_wanted_tests_that_are_gone_cost_the_others_nothing(zygote: ZygoteSlot) -> None:
    wanted = ["tests/test_gone.py::test_x", "tests/test_mod.py::test_it", "tests/test_mod.py::test_gone"]
    assert verdicts(zygote, PASSING, wanted) == {"test_it": "pass"}
    assert verdicts(zygote, PASSING, ["tests/test_gone.py::test_x"]) == {}


def test_options_that_would_hide_results_are_overruled(zygote: ZygoteSlot) -> None:
    files = {
        **PASSING,
        "pytest.ini": "[pytest]\naddopts = -x -n 2 --maxfail=1 --lf -q\n",
        "tests/test_a.py": "def test_a(): assert False\n",
    }
    pytest.importorskip("xdist")
    assert verdicts(zygote, files) == {"test_a": "fail", "test_it": "pass"}


def test_each_bad_end_costs_one_test(zygote: ZygoteSlot) -> None:
    files = {
        **PASSING,
        "tests/test_a.py": "import os\ndef test_first(): pass\ndef test_gone(): os._exit(0)\ndef test_after(): pass\n",
        "tests/test_b.py": "def test_hangs():\n    while True: pass\ndef test_later(): pass\n",
        "tests/test_c.py": "def test_hog():\n    k = []\n    while True: k.append(bytearray(1 << 24))\n",
    }
    assert verdicts(zygote, files) == {
        "test_first": "pass",
        "test_gone": "fail",
        "test_after": "pass",
        "test_hangs": "timeout",
        "test_later": "pass",
        "test_hog": "memory",
        "test_it": "pass",
    }


def test_too_many_bad_ends_are_a_problem_of_the_whole_run(zygote: ZygoteSlot) -> None:
    source = "import os\nimport pytest\n@pytest.mark.parametrize('x', range(9))\ndef test_gone(x): os._exit(0)\n"
    gate = zygote.gate({**PASSING, "tests/test_a.py": source})
    assert "given up" in gate.problem
    assert {found.verdict for found in gate.tests.values()} == {Verdict.FAIL}


def test_tests_that_wait_for_ever_for_what_a_stub_stopped_cost_themselves_only_and_little(zygote: ZygoteSlot) -> None:
    source = (
        "import pytest, threading\nfrom mod import other\n"
        "@pytest.mark.parametrize('x', range(5))\ndef test_waits(x):\n    done = threading.Event()\n"
        "    threading.Thread(target=lambda: (other(x), done.set())).start()\n    done.wait()\n"
    )
    gate = zygote.gate({**PASSING, "tests/test_a.py": source})
    waiting = [found for node, found in gate.tests.items() if "waits" in node]
    assert gate.problem == ""
    assert [(found.verdict, found.reached) for found in waiting] == [(Verdict.TIMEOUT, frozenset({"mod:other"}))] * 5


def test_a_run_over_its_time_is_a_problem(zygote: ZygoteSlot) -> None:
    source = "import time\ntime.sleep(100)\n"
    limits = dataclasses.replace(LIMITS, gate_seconds=2.0)
    assert zygote.gate({**PASSING, "conftest.py": source}, limits=limits).problem


def test_skips_and_expected_failures_are_listed_apart(zygote: ZygoteSlot) -> None:
    source = (
        "import pytest\n@pytest.mark.skip\ndef test_s(): pass\n"
        "@pytest.mark.xfail\ndef test_x(): assert False\n@pytest.mark.xfail\ndef test_xp(): pass\n"
        "@pytest.mark.xfail(strict=True)\ndef test_strict(): pass\n"
    )
    gate = zygote.gate({**PASSING, "tests/test_a.py": source})
    assert {node.rpartition("::")[2] for node in gate.skipped} == {"test_s", "test_x"}
    assert gate.tests["tests/test_a.py::test_xp"].verdict is Verdict.PASS
    assert gate.tests["tests/test_a.py::test_strict"].verdict is Verdict.FAIL


def test_stubs_are_recorded_for_the_test_or_the_module_that_reaches_them(zygote: ZygoteSlot) -> None:
    files = {
        **PASSING,
        "tests/test_a.py": "from mod import other\ndef test_a(): other(1)\n",
        "tests/test_b.py": "from mod import other\nother(1)\ndef test_b(): pass\n",
        "tests/test_c.py": "from mod import other\ntry:\n    other(1)\nexcept NotImplementedError:\n    pass\n"
        "def test_c(): pass\n",
        "tests/test_d.py": "import pytest\nfrom mod import other\n@pytest.fixture(scope='module', autouse=True)\n"
        "def early(): other(1)\ndef test_first(): pass\ndef test_second(): pass\n",
        "tests/test_g.py": "import pytest\nfrom mod import other\nclass Group(Exception):\n    exceptions = ()\n"
        "@pytest.fixture(scope='module')\ndef group():\n    found = Group()\n    try:\n        other(1)\n"
        "    except NotImplementedError as error:\n        found.exceptions = (error,)\n    raise found\n"
        "def test_group(group): pass\ndef test_after(group): pass\n",
        "tests/test_e.py": "from pytest_supercharger import StubNotFilled\n"
        "def test_pretends(): raise StubNotFilled('mod:double')\n",
    }
    gate = zygote.gate(files)
    assert gate.tests["tests/test_a.py::test_a"].reached == {"mod:other"}
    for name in ("d.py::test_first", "d.py::test_second", "g.py::test_group", "g.py::test_after"):
        # The fixture is not called again, what it raised is raised again.
        assert gate.tests[f"tests/test_{name}"].reached == {"mod:other"}
    for name in ("tests/test_c.py::test_c", "tests/test_e.py::test_pretends"):  # the latter is called by nobody
        assert gate.tests[name].reached == frozenset()
    assert gate.reached_at_import == {name: {"mod:other"} for name in ("tests/test_b.py", "tests/test_c.py")}
    assert "StubNotFilled" in gate.errors["tests/test_b.py"]
    assert gate.tests["tests/test_mod.py::test_it"].verdict is Verdict.PASS


def test_a_stub_that_a_process_of_a_test_calls_is_reached_by_that_test(zygote: ZygoteSlot) -> None:
    source = (
        "import subprocess, sys\ndef test_command():\n    subprocess.run([sys.executable, '-m', 'mod'], check=True)\n"
    )
    code = f"{MODULE}\nother(1)\n"
    files = {"mod.py": code, "tests/test_a.py": source, "tests/test_b.py": "def test_after(): pass\n"}
    gate = zygote.gate(files)
    assert gate.tests["tests/test_a.py::test_command"].reached == {"mod:other"}
    assert not gate.tests["tests/test_b.py::test_after"].reached


def test_a_test_that_skips_itself_at_a_stub_is_known_to_reach_it(zygote: ZygoteSlot) -> None:
    source = (
        "import pytest\nfrom mod import other\n"
        "def test_skips():\n    try:\n        other(1)\n    except NotImplementedError:\n        pytest.skip()\n"
        "@pytest.mark.xfail(raises=NotImplementedError)\ndef test_fails(): other(1)\n"
        "@pytest.mark.skip\ndef test_never(): other(1)\n"
    )
    gate = zygote.gate({**PASSING, "tests/test_a.py": source})
    after = {node.rpartition("::")[2]: stubs for node, stubs in gate.skipped_after.items()}
    assert after == {"test_skips": {"mod:other"}, "test_fails": {"mod:other"}}
    assert {node.rpartition("::")[2] for node in gate.skipped} == {"test_skips", "test_fails", "test_never"}


def test_a_usage_error_is_a_problem_that_says_what_pytest_said(zygote: ZygoteSlot) -> None:
    gate = zygote.gate({**PASSING, "pytest.ini": "[pytest]\naddopts = --no-such-option\n"})
    assert "no-such-option" in gate.problem


def test_a_plugin_that_breaks_pytest_is_a_problem_that_says_why(zygote: ZygoteSlot) -> None:
    plugin = "def pytest_load_initial_conftests():\n    raise ValueError('no town')\n"
    files = {**PASSING, "shop_plugin.py": plugin, "pytest.ini": "[pytest]\naddopts = -p shop_plugin\n"}
    assert "ValueError: no town" in zygote.gate(files).problem


def test_stepwise_and_the_like_of_the_project_stop_nothing(zygote: ZygoteSlot) -> None:
    files = {
        **PASSING,
        "pytest.ini": "[pytest]\naddopts = --stepwise --stepwise-skip --failed-first\n",
        "tests/test_a.py": "def test_a(): assert False\ndef test_b(): assert False\n",
    }
    assert verdicts(zygote, files) == {"test_a": "fail", "test_b": "fail", "test_it": "pass"}


def test_what_tests_write_is_gone_in_the_next_run(zygote: ZygoteSlot) -> None:
    source = "import os\ndef test_a():\n    assert not os.path.exists('left')\n    open('left', 'w').close()\n"
    for _ in range(2):
        assert verdicts(zygote, {**PASSING, "tests/test_a.py": source}) == {"test_a": "pass", "test_it": "pass"}


def test_a_module_below_src_and_doctests_are_found(zygote: ZygoteSlot) -> None:
    files = {
        **PASSING,
        "pytest.ini": "[pytest]\naddopts = --doctest-modules\n",
        "src/pack/__init__.py": "def f():\n    '''\n    >>> f()\n    1\n    '''\n    return 1\n",
        "tests/test_a.py": "from pack import f\ndef test_a(): assert f() == 1\n",
    }
    assert verdicts(zygote, files, ["tests/test_a.py", "src/pack/__init__.py"]) == {"test_a": "pass", "pack.f": "pass"}


def test_a_candidate_that_forges_the_channel_makes_the_run_a_problem(zygote: ZygoteSlot) -> None:
    code = "import os\nfor fd in range(3, 64):\n    try:\n        os.write(fd, b'xxxxxxxx')\n"
    code += "    except OSError:\n        pass\n"
    assert zygote.gate({**PASSING, "mod.py": MODULE + code + GOOD}).problem
