"""One project with a package, two stubs of which one calls the other, and a coroutine."""

from __future__ import annotations

import pytest
from laid_out import TWICE, TWICE_TESTS, all_accepted, answers, fill, write

pytestmark = pytest.mark.docker

PACKAGE = {
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
}
PACKAGE_CODES = (
    "def twice(x: int) -> int:\n    return min(2 * x, HIGHEST)\n",
    "def twice(x: int) -> int:\n    doubled = x + x\n    return doubled if doubled < HIGHEST else HIGHEST\n",
    "def twice(x: int) -> int:\n    if x > HIGHEST // 2:\n        return HIGHEST\n    return x * 2\n",
)
PACKAGE_TESTS = (*TWICE_TESTS, "def test_most():\n    assert twice(1000) == HIGHEST\n")

BILL = {
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
}
TOTAL = (
    "def total(prices: list[float]) -> float:\n    return sum((with_tax(price) for price in prices), 0.0)\n",
    "def total(prices: list[float]) -> float:\n    result = 0.0\n    for price in prices:\n"
    "        result += with_tax(price)\n    return result\n",
    "def total(prices: list[float]) -> float:\n    return float(sum(map(with_tax, prices)))\n",
)
TOTAL_TESTS = (
    "def test_one():\n    assert total([5.0]) == 6.0\n",
    "def test_three():\n    assert total([1.0, 1.0, 1.0]) == 3.5999999999999996\n",
)
WITH_TAX = (
    "def with_tax(price: float) -> float:\n    return round(price * 1.2, 2)\n",
    "def with_tax(price: float) -> float:\n    gross = 1.2 * price\n    return round(gross, 2)\n",
    "def with_tax(price: float) -> float:\n    return round(price + 0.2 * price, 2)\n",
)
WITH_TAX_TESTS = (
    "def test_tax():\n    assert with_tax(5.0) == 6.0\n    assert with_tax(100.0) == 120.0\n",
    "def test_small():\n    assert with_tax(0.5) == 0.6\n",
)

WAITING = {
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
}
HEADER = "async def retry(work: Callable[[], Awaitable[int]], times: int) -> int:\n"
RETRY_CODES = (
    HEADER + "    if times < 1:\n        raise ValueError(times)\n    for attempt in range(times):\n        try:\n"
    "            return await work()\n        except OSError:\n            if attempt == times - 1:\n"
    "                raise\n",
    HEADER + "    return await work()\n",
    HEADER + "    if times <= 0:\n        raise ValueError('at least one attempt')\n    while True:\n"
    "        times -= 1\n        try:\n            return await work()\n        except OSError:\n"
    "            if times == 0:\n                raise\n",
    HEADER + "    if times < 1:\n        raise ValueError('no attempt')\n    for _ in range(times - 1):\n        try:\n"
    "            return await work()\n        except OSError:\n            continue\n    return await work()\n",
)
RETRY_TESTS = (
    "def test_value():\n    async def five():\n        return 5\n    assert asyncio.run(retry(five, 2)) == 5\n",
    "import pytest\n\ndef test_none():\n    async def five():\n        return 5\n"
    "    with pytest.raises(ValueError):\n        asyncio.run(retry(five, 0))\n",
    "async def test_awaited():\n    async def nine():\n        return 9\n    assert await retry(nine, 4) == 9\n",
)


STUBS = ("bill:total", "bill:with_tax", "shop.core.numbers:twice", "waiting:retry")


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """The project after one run, the run, its decisions."""
    folder = tmp_path_factory.mktemp("mixed")
    project = folder / "project"
    write(project, PACKAGE | BILL | WAITING)
    run = fill(
        folder,
        project,
        [
            *answers("shop.core.numbers:twice", PACKAGE_CODES, PACKAGE_TESTS),
            *answers("bill:total", TOTAL, TOTAL_TESTS),
            *answers("bill:with_tax", WITH_TAX, WITH_TAX_TESTS),
            *answers("waiting:retry", RETRY_CODES, RETRY_TESTS),
        ],
    )
    return project, *run


def test_a_stub_that_calls_another_waits_for_it(filled):
    _, done, decided = filled
    all_accepted(done, decided, *STUBS)
    assert done.stdout.index("bill:with_tax: accepted") < done.stdout.index("bill:total: accepted")


def test_a_package_with_relative_imports(filled):
    project, done, decided = filled
    all_accepted(done, decided, *STUBS)
    text = (project / "shop/core/numbers.py").read_text("utf-8")
    assert "HIGHEST" in text.partition('"""\n    ')[2]
    assert text.startswith("from ..limits import HIGHEST\n")


def test_a_coroutine(filled):
    project, done, decided = filled
    all_accepted(done, decided, *STUBS)
    assert "async def retry" in (project / "waiting.py").read_text("utf-8")
