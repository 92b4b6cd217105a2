"""What travels between test and candidate in a split run, in real containers: values, changes, errors, calls back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
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
    "the project's own": "Money(3), Point(1, 2), Colour.BLUE, {Colour.RED: [Money(1, 'USD')]}, Money, ValueError, int",
    "others": "__import__('uuid').UUID(int=5), slice(1, None, 2), ..., NotImplemented",
}


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES.keys())
def test_values_come_back_equal_and_of_the_same_type(pair: SplitPair, values: str) -> None:
    test = f"import datetime as D\nfor value in [{values}]:\n    back = f(value)\n"
    result = pair.run(test + "    assert type(back) is type(value) and back == value and repr(back) == repr(value)\n")
    assert result.verdict is Verdict.PASS, result


def test_nan_comes_back_as_nan(pair: SplitPair) -> None:
    assert pair.run("value = f(float('nan'))\nassert value != value").verdict is Verdict.PASS


def test_an_argument_that_is_changed_in_place_is_changed_for_the_test(pair: SplitPair) -> None:
    test = (
        "names, counts, seen, inner = ['b', 'a'], {'x': 1}, set(), []\n"
        "cart = Cart()\n"
        "f(names, counts, seen, [inner], cart)\n"
        "assert names == ['a', 'b'] and counts == {'y': 2} and seen == {3} and inner == [4] and cart.items == [5]\n"
    )
    body = (
        "names, counts, seen, outer, cart = args\n    names.sort()\n    counts.clear()\n    counts['y'] = 2\n"
        "    seen.add(3)\n    outer[0].append(4)\n    cart.items = [5]"
    )
    assert pair.run(test, f=body).verdict is Verdict.PASS


def test_what_is_shared_stays_shared(pair: SplitPair) -> None:
    test = (
        "one = [1]\ngiven = [one, one]\ngiven.append(given)\nback = f(given)\n"
        "assert back is given and given[0] is one and one == [1, 9]\n"
        "cart = Cart()\nassert f(cart) is cart\n"
    )
    body = (
        "if isinstance(args[0], list):\n        assert args[0][2] is args[0]\n        args[0][1].append(9)\n"
        "    return args[0]"
    )
    result = pair.run(test, f=body)
    assert result.verdict is Verdict.PASS, result


def test_methods_properties_class_and_static_methods_work(pair: SplitPair) -> None:
    test = (
        "cart = Cart().add(2).add(3)\nassert cart.total() == 5 and cart.first == 2\n"
        "cart.drop()\nassert cart.items == []\n"
        "other = Cart.of(1, 2)\nassert type(other) is Cart and other.items == [1, 2]\n"
        "assert Cart.limit(1) == 2 and cached(2) == cached(2) == 4\n"
        "slotted = Slotted([1])\nf(slotted)\nassert slotted.kept == [1, 2]\n"
    )
    body = "args[0].kept.append(2)"
    result = pair.run(test, f=body)
    assert result.verdict is Verdict.PASS, result


def test_errors_are_raised_as_what_they_are(pair: SplitPair) -> None:
    test = (
        "for kind in (ValueError, KeyError, ZeroDivisionError, StopIteration, FileNotFoundError):\n"
        "    with pytest.raises(kind) as caught:\n        f(kind.__name__)\n"
        "    assert type(caught.value) is kind\n"
        "with pytest.raises(TooBig, match='^7 is more than 3$') as caught:\n    f('TooBig')\n"
        "assert type(caught.value) is TooBig and caught.value.size == 7\n"
        "with pytest.raises(LookupError) as caught:\n    f('Own')\n"
        "assert type(caught.value).__name__ == 'Own'\n"
    )
    code = "class Own(LookupError):\n    pass\n"
    body = (
        "name = args[0]\n    if name == 'TooBig':\n        raise TooBig(7, 3)\n    if name == 'ZeroDivisionError':\n"
        "        return 1 / 0\n    if name == 'FileNotFoundError':\n        open('/none')\n"
        "    kinds = {'Own': Own, 'ValueError': ValueError, 'KeyError': KeyError, 'StopIteration': StopIteration}\n"
        "    raise kinds[name](name)"
    )
    result = pair.run(test, code, f=body)
    assert result.verdict is Verdict.PASS, result


def test_functions_of_the_test_are_called_back_and_their_errors_pass_through(pair: SplitPair) -> None:
    test = (
        "seen = []\n"
        "def double(x):\n    seen.append(x)\n    return 2 * x\n"
        "assert f(double, 2) == 4 and seen == [2]\n"
        "assert f(lambda x: x + 1, 1) == 2 and f(seen.append, 5) is None and seen == [2, 5]\n"
        "from operator import itemgetter\nassert f(itemgetter(1), [1, 2]) == 2\n"
        "assert f(str.upper, 'a') == 'A' and f(len, [1]) == 1 and f(f, len, [1, 2]) == 2\n"
        "class Mine(Exception):\n    pass\n"
        "problem = Mine(3)\n"
        "def fail(x):\n    raise problem\n"
        "with pytest.raises(Mine) as caught:\n    f(fail, 1)\n"
        "assert caught.value is problem\n"
    )
    assert pair.run(test, f="return args[0](*args[1:])").verdict is Verdict.PASS


def test_objects_that_the_test_made_can_be_used(pair: SplitPair) -> None:
    test = (
        "class Fake:\n    def __init__(self):\n        self.asked = []\n        self.base = 10\n"
        "    def get(self, key):\n        self.asked.append(key)\n        return self.base + key\n"
        "    def __len__(self):\n        return 3\n"
        "fake = Fake()\nassert f(fake) == 14 and fake.asked == [1] and fake.note == 'x'\n"
    )
    body = "fake = args[0]\n    fake.note = 'x'\n    return fake.get(1) + len(fake)"
    result = pair.run(test, f=body)
    assert result.verdict is Verdict.PASS, result


def test_iterators_are_taken_from_one_by_one_both_ways(pair: SplitPair) -> None:
    test = (
        "taken = []\n"
        "def source():\n    for n in range(10):\n        taken.append(n)\n        yield n\n"
        "made = each(source())\n"
        "assert taken == [] and next(made) == 0 and next(made) == 1 and taken == [0, 1]\n"
        "assert f(iter('ab')) == 'a' and list(each(range(3))) == [0, 1, 2]\n"
    )
    result = pair.run(test, f="return next(args[0])")
    assert result.verdict is Verdict.PASS, result


ASYNC = """
async def fetch(name):
    asked.append(name)
    await asyncio.sleep(0)
    return len(asked)
asked = []
assert asyncio.run(later(fetch, "ab")) == [2, 2]
assert asyncio.run(later(lambda name: fetch(name), "c")) == [3]
async def both():
    return await asyncio.gather(later(fetch, "x"), later(fetch, "yz"))
assert asyncio.run(both()) == [[6], [6, 6]]
async def numbers():
    return [n async for n in stream([1, 2])]
assert asyncio.run(numbers()) == [1, 2] and asyncio.iscoroutinefunction(later)
async def fail(name):
    raise KeyError(name)
with pytest.raises(KeyError):
    asyncio.run(later(fail, "a"))
"""


def test_coroutines_run_in_the_candidates_loop_and_call_back_at_the_same_time(pair: SplitPair) -> None:
    result = pair.run(ASYNC, "import asyncio\n", later="return await asyncio.gather(*map(args[0], args[1]))")
    assert result.verdict is Verdict.PASS, result


def test_a_coroutine_that_the_test_gives_up_is_cancelled(pair: SplitPair) -> None:
    test = (
        "async def main():\n    with pytest.raises(asyncio.TimeoutError):\n"
        "        await asyncio.wait_for(later('sleep'), 0.05)\n    return await later('asked')\n"
        "assert asyncio.run(main()) == ['cancelled']\n"
    )
    code = "import asyncio\nstate = []\n"
    body = (
        "if args[0] == 'asked':\n        return state\n    try:\n        await asyncio.sleep(60)\n"
        "    except asyncio.CancelledError:\n        state.append('cancelled')\n        raise"
    )
    result = pair.run(test, code, later=body)
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
    "a coroutine for a plain function": "async def g():\n    return 1\nf(g)",
    "hidden by the test": "try:\n    f(asyncio)\nexcept BaseException:\n    pass",
}


@pytest.mark.parametrize("test", UNENCODABLE.values(), ids=UNENCODABLE.keys())
def test_what_cannot_be_said_is_an_outcome_of_its_own(pair: SplitPair, test: str) -> None:
    body = "if callable(args[0]):\n        import asyncio\n        return asyncio.run(args[0]())\n    return 1"
    result = pair.run(test, f=body)
    assert result.verdict is Verdict.NOT_ENCODABLE, result


def test_objects_of_a_library_that_the_project_uses_are_left_to_one_process(tmp_path: Path) -> None:
    pair = SplitPair(tmp_path, number=230, more="import iniconfig\n")
    try:
        result = pair.run("f(1)", f="return iniconfig.IniConfig('x', data='[a]')")
        assert result.verdict is Verdict.NOT_ENCODABLE, result
        assert "iniconfig:IniConfig" in result.detail
    finally:
        pair.close()


def test_a_good_pair_of_containers_has_no_problem(pair: SplitPair) -> None:
    assert health.split_problem(pair.slot) == ""
    assert pair.run("assert f(1) == 1").verdict is Verdict.PASS
