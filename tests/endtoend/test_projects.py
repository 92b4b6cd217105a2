"""Projects laid out as people lay them out, each filled through the real client, node, containers and write-back."""

from __future__ import annotations

import json
import os
import textwrap

import pytest
from commands import environment, supercharge
from replay import decisions, fenced, node

pytestmark = pytest.mark.docker

IMPORT = "from pytest_supercharger import supercharge\n\n\n"


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def write(project, files):
    for relpath, text in files.items():
        path = project / relpath
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")


def answers(stub, codes, tests):
    kinds = [("code", text) for text in codes] + [("test", text) for text in tests]
    return [{"kind": kind, "stub": stub, "text": fenced(textwrap.dedent(text).lstrip("\n"))} for kind, text in kinds]


@pytest.fixture
def fill(project, tmp_path):
    """Fill the project; the run and the decisions."""

    def run(entries, *arguments, env=None):
        report = tmp_path / "decisions.json"
        with node(tmp_path, entries) as running:
            done = supercharge(
                project, "--supercharge-node", running.address, "--supercharge-json", str(report), *arguments, env=env
            )
        return done, decisions(report) if report.exists() else {}

    return run


def all_accepted(done, decided, *stubs):
    assert done.returncode == 0, done.stdout
    assert {stub: entry["decision"] for stub, entry in decided.items()} == dict.fromkeys(stubs, "accepted")


TWICE = '''
    from pytest_supercharger import supercharge


    @supercharge
    def twice(x: int) -> int:
        """Return twice x.

        >>> twice(2)
        4
        >>> twice(-1)
        -2
        """
        raise NotImplementedError
'''
TWICE_CODES = (
    "def twice(x: int) -> int:\n    return 2 * x\n",
    "def twice(x: int) -> int:\n    return x + x\n",
    "def twice(x: int) -> int:\n    return x ** 2\n",
    "def twice(x: int) -> int:\n    result = x\n    return result + x\n",
)
TWICE_TESTS = (
    "def test_twice():\n    assert twice(7) == 14\n    assert twice(10) == 20\n",
    "def test_zero():\n    assert twice(0) == 0\n",
    "def test_negative():\n    assert twice(-5) == -10\n",
)


def test_a_src_layout_that_is_installed_for_editing(project, fill, tmp_path):
    """Nothing in the project says where its modules are; a .pth file of the environment does."""
    write(
        project,
        {
            "src/shop/__init__.py": "",
            "src/shop/numbers.py": TWICE,
            "tests/test_numbers.py": """
                import shop.numbers


                def test_twice():
                    assert shop.numbers.twice(21) == 42
                    assert shop.numbers.__file__.endswith("src/shop/numbers.py")
            """,
        },
    )
    site = tmp_path / "site"
    site.mkdir()
    (site / "shop.pth").write_text(f"{project / 'src'}\n")
    (site / "sitecustomize.py").write_text("import os, site\n\nsite.addsitedir(os.path.dirname(__file__))\n")
    path = os.pathsep.join([str(site), environment()["PYTHONPATH"]])
    done, decided = fill(answers("shop.numbers:twice", TWICE_CODES, TWICE_TESTS), env={"PYTHONPATH": path})
    all_accepted(done, decided, "shop.numbers:twice")
    assert "1 project tests, 1 of them reach a stub" in done.stdout


def test_tests_that_need_a_conftest_at_the_root_and_a_file_beside_it(project, fill):
    write(
        project,
        {
            "numbers_.py": TWICE,
            "data/numbers.json": json.dumps({"1": 2, "8": 16}),
            "conftest.py": """
                import json

                import numbers_
                import pytest


                @pytest.fixture(scope="session")
                def expected():
                    with open("data/numbers.json") as file:
                        return json.load(file)


                @pytest.fixture
                def twice():
                    return numbers_.twice
            """,
            "tests/unit/test_numbers.py": """
                def test_all(twice, expected):
                    assert {x: twice(int(x)) for x in expected} == expected
            """,
        },
    )
    done, decided = fill(answers("numbers_:twice", TWICE_CODES, TWICE_TESTS))
    all_accepted(done, decided, "numbers_:twice")
    assert "1 project tests, 1 of them reach a stub" in done.stdout


def test_a_stub_that_calls_another_waits_for_it(project, fill):
    write(
        project,
        {
            "bill.py": '''
                from pytest_supercharger import supercharge


                @supercharge
                def total(prices: list[float]) -> float:
                    """Return the sum of the prices, each with its tax by `with_tax`.

                    >>> total([10.0, 20.0])
                    36.0
                    >>> total([])
                    0.0
                    """
                    raise NotImplementedError


                @supercharge
                def with_tax(price: float) -> float:
                    """Return the price and a fifth of it, rounded to two decimals.

                    >>> with_tax(10.0)
                    12.0
                    >>> with_tax(0.0)
                    0.0
                    """
                    raise NotImplementedError
            ''',
            "test_bill.py": """
                from bill import total, with_tax


                def test_total():
                    assert total([5.0]) == with_tax(5.0) == 6.0
            """,
        },
    )
    total = (
        "def total(prices: list[float]) -> float:\n    return sum((with_tax(price) for price in prices), 0.0)\n",
        "def total(prices: list[float]) -> float:\n    result = 0.0\n    for price in prices:\n"
        "        result += with_tax(price)\n    return result\n",
        "def total(prices: list[float]) -> float:\n    return float(sum(map(with_tax, prices)))\n",
    )
    total_tests = (
        "def test_one():\n    assert total([5.0]) == 6.0\n",
        "def test_three():\n    assert total([1.0, 1.0, 1.0]) == 3.5999999999999996\n",
    )
    with_tax = (
        "def with_tax(price: float) -> float:\n    return round(price * 1.2, 2)\n",
        "def with_tax(price: float) -> float:\n    gross = 1.2 * price\n    return round(gross, 2)\n",
        "def with_tax(price: float) -> float:\n    return round(price + 0.2 * price, 2)\n",
    )
    with_tax_tests = (
        "def test_tax():\n    assert with_tax(5.0) == 6.0\n    assert with_tax(100.0) == 120.0\n",
        "def test_small():\n    assert with_tax(0.5) == 0.6\n",
    )
    done, decided = fill(
        [*answers("bill:total", total, total_tests), *answers("bill:with_tax", with_tax, with_tax_tests)]
    )
    all_accepted(done, decided, "bill:total", "bill:with_tax")
    assert done.stdout.index("bill:with_tax: accepted") < done.stdout.index("bill:total: accepted")


def test_the_tests_run_in_several_processes_on_what_was_filled_once(project, fill):
    write(
        project,
        {
            "numbers_.py": TWICE,
            "test_numbers.py": """
                import pytest
                from numbers_ import twice


                @pytest.mark.parametrize("x", range(6))
                def test_twice(x, worker_id):
                    assert twice(x) == x + x
                    print(f"in {worker_id}")
            """,
            "pytest.ini": "[pytest]\naddopts = -n2 -rP\n",
        },
    )
    done, decided = fill(answers("numbers_:twice", TWICE_CODES, TWICE_TESTS))
    all_accepted(done, decided, "numbers_:twice")
    assert "6 project tests, 6 of them reach a stub" in done.stdout
    assert done.stdout.count("stubs to fill") == 1
    assert {line for line in done.stdout.splitlines() if line.startswith("in gw")} == {"in gw0", "in gw1"}


def test_a_package_with_relative_imports(project, fill):
    write(
        project,
        {
            "shop/__init__.py": "from .core.numbers import twice\n",
            "shop/limits.py": "HIGHEST = 100\n",
            "shop/core/__init__.py": "",
            "shop/core/numbers.py": TWICE.replace(
                "    from pytest_supercharger", "    from ..limits import HIGHEST\n    from pytest_supercharger", 1
            ).replace("Return twice x.", "Return twice x, but HIGHEST at most."),
            "tests/test_shop.py": """
                from shop import twice


                def test_highest():
                    assert twice(51) == 100
            """,
            "pytest.ini": "[pytest]\npythonpath = .\n",
        },
    )
    codes = (
        "def twice(x: int) -> int:\n    return min(2 * x, HIGHEST)\n",
        "def twice(x: int) -> int:\n    doubled = x + x\n    return doubled if doubled < HIGHEST else HIGHEST\n",
        "def twice(x: int) -> int:\n    if x > HIGHEST // 2:\n        return HIGHEST\n    return x * 2\n",
    )
    tests = (*TWICE_TESTS, "def test_most():\n    assert twice(1000) == HIGHEST\n")
    done, decided = fill(answers("shop.core.numbers:twice", codes, tests))
    all_accepted(done, decided, "shop.core.numbers:twice")
    text = (project / "shop/core/numbers.py").read_text("utf-8")
    assert "HIGHEST" in text.partition('"""\n    ')[2]
    assert text.startswith("from ..limits import HIGHEST\n")


def test_a_coroutine(project, fill):
    write(
        project,
        {
            "waiting.py": '''
                import asyncio
                from collections.abc import Awaitable, Callable

                from pytest_supercharger import supercharge


                @supercharge
                async def retry(work: Callable[[], Awaitable[int]], times: int) -> int:
                    """Await `work()` until it does not raise OSError, `times` times at most, and return its result.

                    The error of the last attempt is raised. Fewer than one attempt raises ValueError.

                    >>> async def seven():
                    ...     return 7
                    >>> asyncio.run(retry(seven, 1))
                    7
                    >>> async def eight():
                    ...     return 8
                    >>> asyncio.run(retry(eight, 3))
                    8
                    """
                    raise NotImplementedError
            ''',
            "test_waiting.py": """
                import asyncio

                import pytest
                from waiting import retry


                def failing(times):
                    attempts = []

                    async def work():
                        await asyncio.sleep(0)
                        attempts.append(1)
                        if len(attempts) <= times:
                            raise OSError("not yet")
                        return len(attempts)

                    return work


                def test_it_tries_again():
                    assert asyncio.run(retry(failing(2), 3)) == 3


                def test_it_gives_up():
                    with pytest.raises(OSError, match="not yet"):
                        asyncio.run(retry(failing(3), 3))
            """,
        },
    )
    header = "async def retry(work: Callable[[], Awaitable[int]], times: int) -> int:\n"
    codes = (
        header + "    if times < 1:\n        raise ValueError(times)\n    for attempt in range(times):\n        try:\n"
        "            return await work()\n        except OSError:\n            if attempt == times - 1:\n"
        "                raise\n",
        header + "    return await work()\n",
        header + "    if times <= 0:\n        raise ValueError('at least one attempt')\n    while True:\n"
        "        times -= 1\n        try:\n            return await work()\n        except OSError:\n"
        "            if times == 0:\n                raise\n",
        header
        + "    if times < 1:\n        raise ValueError('no attempt')\n    for _ in range(times - 1):\n        try:\n"
        "            return await work()\n        except OSError:\n            continue\n    return await work()\n",
    )
    tests = (
        "def test_value():\n    async def five():\n        return 5\n    assert asyncio.run(retry(five, 2)) == 5\n",
        "import pytest\n\ndef test_none():\n    async def five():\n        return 5\n"
        "    with pytest.raises(ValueError):\n        asyncio.run(retry(five, 0))\n",
        "async def test_awaited():\n    async def nine():\n        return 9\n    assert await retry(nine, 4) == 9\n",
    )
    done, decided = fill(answers("waiting:retry", codes, tests))
    all_accepted(done, decided, "waiting:retry")
    assert "async def retry" in (project / "waiting.py").read_text("utf-8")
