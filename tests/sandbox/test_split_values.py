"""What travels between test and candidate in a split run, in real containers: values, changes, errors, calls back."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from said_values import SAID
from split_pair import SplitPair

from pytest_supercharger.domain import Verdict
from pytest_supercharger.sandbox import health

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SplitPair]:
    pair = SplitPair(tmp_path_factory.mktemp("split"))
    yield pair
    pair.close()


VALUES = {
    "scalars": "None, True, 0, -7, 2**53, -(10**60), 1.5, -0.0, float('inf'), 10**4000, 1e308",
    "texts": "'', 'Straße', '\\ud800', b'\\xff\\x00', bytearray(b'ab'), '\\0'",
    "containers": "[1, [2]], (1, (2,)), {'a': [1], 2: 'b', (1, 2): None}, {1, 2}, frozenset({3}), range(2, 9, 3)",
    "collections": "__import__('collections').Counter('aab'), __import__('collections').deque([1, 2], 3), "
    "__import__('collections').OrderedDict(b=1, a=2), __import__('collections').defaultdict(list, {1: [2]})",
    "numbers": "__import__('decimal').Decimal('1.10'), __import__('fractions').Fraction(1, 3), 1+2j, -0.0j",
    "moments": "D.date(2024, 2, 29), D.datetime(2024, 1, 1, 12, 30, 5, 7, tzinfo=D.timezone.utc), "
    "D.time(1, 2, fold=1), "
    "D.timedelta(days=-1, microseconds=3), D.timezone(D.timedelta(hours=2), 'X')",
    "moments of the project's own time zones": "Zone(2), D.datetime(2024, 1, 1, 12, tzinfo=Zone(2)), "
    "D.time(1, 2, fold=1, tzinfo=Zone(-3)), {D.datetime(2024, 1, 1, tzinfo=Zone(1)): 1}",
    "the project's own": "Money(3), Point(1, 2), Colour.BLUE, {Colour.RED: [Money(1, 'USD')]}, Money, ValueError, int",
    "others": "__import__('uuid').UUID(int=5), slice(1, None, 2), ..., NotImplemented",
    "classes": "D.date, __import__('decimal').Decimal, __import__('collections').deque, D.tzinfo, "
    "*map(type, (None, ..., f, 1))",
}


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES.keys())
def test_values_come_back_equal_and_of_the_same_type(pair: SplitPair, values: str) -> None:
    test = f"import datetime as D\nfor value in [{values}]:\n    back = f(value)\n"
    result = pair.run(test + "    assert type(back) is type(value) and back == value and repr(back) == repr(value)\n")
    assert result.verdict is Verdict.PASS, result


@pytest.mark.parametrize("lines", SAID.values(), ids=SAID.keys())
def test_both_halves_see_the_same(pair: SplitPair, lines: tuple[str, ...]) -> None:
    test, stub, body, *code = map(dedent, lines)
    result = pair.run(test, *code, **{stub: body.strip().replace("\n", "\n    ")})
    assert result.verdict is Verdict.PASS, result


@pytest.mark.parametrize("call", ["Cart.limit(1)", "f(lambda: Cart.limit(1))", "asyncio.run(later(1))"])
def test_a_result_that_cannot_be_told_is_an_error_of_its_own_call(pair: SplitPair, call: str) -> None:
    """Also within another call: that one must not end in its place, or both halves wait for each other."""
    code = "class Odd(Money):\n    __dict__ = property(lambda self: 1 / 0)\n"
    test = f"with pytest.raises(ValueError, match='cannot be told: ZeroDivisionError'):\n    {call}"
    result = pair.run(test, code, limit="return Odd(1)", later="return Odd(1)", f="return args[0]()")
    assert result.verdict is Verdict.PASS, result


def test_a_moment_of_a_time_zone_that_the_candidate_made_equals_nothing(pair: SplitPair) -> None:
    body = "import datetime\n    return datetime.datetime(2024, 1, 1, tzinfo=Mine(0))"
    result = pair.run(
        "import datetime as D\nassert f(1) != D.datetime(2024, 1, 1, tzinfo=D.timezone.utc)",
        "class Mine(Zone): pass\n",
        f=body,
    )
    assert result.verdict is Verdict.PASS, result


def test_what_the_candidate_prints_and_warns_of_is_seen(pair: SplitPair) -> None:
    source = (
        "import pytest\nfrom mod import f\n\ndef test_it(capsys):\n"
        "    with pytest.warns(DeprecationWarning, match='old'):\n"
        "        f(1)\n    assert capsys.readouterr() == ('hello\\n', 'bad\\n')\n"
    )
    body = (
        "import sys\n    warnings.warn('old', DeprecationWarning)\n    print('hello')\n"
        "    print('bad', file=sys.stderr)"
    )
    result = pair.module(source, f=body)
    assert result.verdict is Verdict.PASS, result


def test_an_open_stub_that_is_reached_is_named(pair: SplitPair) -> None:
    result = pair.run("f(1)", "@supercharge\ndef missing(): ...\n", f="return missing()")
    assert result.verdict is Verdict.FAIL
    assert result.reached == {"mod:missing"}


UNENCODABLE = {
    "an object of a library": "import re\nf(re.compile('a'))",
    "a lock": "import _thread\nf(_thread.allocate_lock())",
    "a class of the test over one of the project": "class Big(Cart):\n    pass\nBig().total()",
    "a subclass of a builtin": "class Text(str):\n    pass\nf(Text('a'))",
    "a module": "f(asyncio)",
    "a time zone of the test": "import datetime as D\nclass Mine(D.tzinfo):\n    pass\nf(D.time(1, tzinfo=Mine()))",
    "a time zone without a name": """
from datetime import time
from io import BytesIO
from zoneinfo import ZoneInfo
data = b'TZif' + bytes(16) + (0).to_bytes(4, 'big') * 4 + (1).to_bytes(4, 'big') * 2 + bytes(6) + bytes(1)
f(time(1, tzinfo=ZoneInfo.from_file(BytesIO(data))))
""",
    "a coroutine for a plain function": "async def g():\n    return 1\nf(g)",
    "hidden by the test": "try:\n    f(asyncio)\nexcept BaseException:\n    pass",
}


@pytest.mark.parametrize("test", UNENCODABLE.values(), ids=UNENCODABLE.keys())
def test_what_cannot_be_said_is_an_outcome_of_its_own(pair: SplitPair, test: str) -> None:
    body = "if callable(args[0]):\n        import asyncio\n        return asyncio.run(args[0]())\n    return 1"
    result = pair.run(test, f=body)
    assert result.verdict is Verdict.NOT_ENCODABLE, result


def test_objects_of_a_library_that_the_project_uses_are_left_to_one_process(tmp_path: Path) -> None:
    pair = SplitPair(tmp_path, more="import iniconfig\n")
    try:
        result = pair.run("f(1)", f="return iniconfig.IniConfig('x', data='[a]')")
        assert result.verdict is Verdict.NOT_ENCODABLE, result
        assert "iniconfig:IniConfig" in result.detail
    finally:
        pair.close()


def test_a_good_pair_of_containers_has_no_problem(pair: SplitPair) -> None:
    assert health.split_problem(pair.slot) == ""
    assert pair.run("assert f(1) == 1").verdict is Verdict.PASS
