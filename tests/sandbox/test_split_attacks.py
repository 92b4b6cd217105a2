"""Candidates that try to pass a split run by anything but the right answer, those written against this harness too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from split_pair import SplitPair

from pytest_supercharger.domain import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SplitPair]:
    pair = SplitPair(tmp_path_factory.mktemp("split"))
    yield pair
    pair.close()


# The answer is nowhere in the candidate's container: finding the text means having seen the test.
SECRET = "sesame-4711"
TEST = f"expected = {SECRET!r}\nf('warm up')\nassert f('word') == expected\n"

ALWAYS = """
class Always:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __bool__(self): return True
    def __contains__(self, item): return True
    def __sub__(self, other): return 0
    __rsub__ = __abs__ = __le__ = __lt__ = __ge__ = lambda self, *args: True
class Text(str):
    __eq__ = lambda self, other: True
    __hash__ = str.__hash__
class Pair(tuple):
    __eq__ = lambda self, other: True
"""
# How the harness looks from inside of the candidate's process, for attacks that know it.
KNOWING = """
import gc, json, os, struct, sys
def machine(name):
    return next(o for o in gc.get_objects() if type(o).__name__ == name)
def secret():
    channel = machine('Channel')
    return channel, [c.cell_contents for c in channel.send.__closure__]
def to_pid_1(message):
    machine('Channel').send(message)
def to_test(message):
    machine('JobEnd').send(json.dumps([message]))
def whole_stream():
    for node in ('test_it', 'test_x.py::test_it', '/tmp/p/test_x.py::test_it'):
        to_pid_1({'type': 'begin', 'unit': node})
        to_pid_1({'type': 'test', 'node': node, 'phases': ['passed'] * 3, 'seconds': 0.1})
        to_pid_1({'type': 'done', 'unit': node})
    to_pid_1({'type': 'end', 'exit': 0, 'collected': ['test_x.py::test_it']})
def named(name):
    from _supercharger.inside.split_standins import Target
    return Target(['named', name, None])
def handle(number):
    from _supercharger.inside.split_standins import Target
    return Target(['held', ['test', number, None, None, None]])
"""
FORGERIES = {
    "an object that equals everything": (ALWAYS, "return Always()"),
    "a text that equals everything": (ALWAYS, "return Text('')"),
    "a tuple that equals everything": (ALWAYS, "return Pair()"),
    "patched builtins": ("import builtins\nbuiltins.isinstance = lambda *a: True\n"
    "builtins.AssertionError = SystemExit\n", "return 1"),
    "a walk over the frames": (
        "import sys\n",
        "frame = sys._getframe()\n    while frame:\n"
        "        for value in [*frame.f_locals.values(), *frame.f_globals.values()]:\n"
        "            if isinstance(value, str) and value.startswith('sesame-'):\n                return value\n"
        "        frame = frame.f_back",
    ),
    "a scan of all objects": (
        "import gc, sys\n",
        "for value in gc.get_objects():\n        found = repr(value) if type(value) in (list, dict, tuple) else ''\n"
        "        if 'sesame-' in found:\n            at = found.index('sesame-')\n            return found[at:at + 11]",
    ),
    "a scan of all memory": (
        "import re\n",
        "with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', 0) as memory:\n"
        "        for line in maps:\n            if 'rw' not in line.split()[1]:\n                continue\n"
        "            start, end = (int(part, 16) for part in line.split()[0].split('-'))\n"
        "            memory.seek(start)\n"
        "            try:\n                found = re.search(rb'same-(\\d{4})', memory.read(end - start))\n"
        "            except OSError:\n                continue\n"
        "            if found:\n                return 'se' + 'same-' + found[1].decode()",
    ),
    "a search for the test's file": (
        "import glob\n",
        "for path in glob.glob('/tmp/**', recursive=True) + glob.glob('/proc/*/cmdline'):\n        try:\n"
        "            text = open(path).read()\n        except OSError:\n            continue\n"
        "        if 'sesame-' in text:\n            return 'sesame-' + text.partition('sesame-')[2][:4]",
    ),
    "patched pytest": (
        "from _pytest.reports import TestReport\nfrom _pytest.python import Function\n"
        "TestReport.outcome = property(lambda self: 'passed', lambda self, value: None)\n"
        "Function.runtest = lambda self: None\n",
        "return 1",
    ),
    "a wrapped sender": (
        KNOWING + "from _supercharger.inside import child, reporting, split_link\n"
        "old = split_link.JobEnd.send\n"
        "split_link.JobEnd.send = lambda self, text: (whole_stream(), old(self, text))\n",
        "return 1",
    ),
    "a stolen secret and a whole stream": (KNOWING, "secret()\n    whole_stream()\n    machine('Channel').leave()"),
    "a whole stream before the test": (KNOWING + "whole_stream()\n", "return 1"),
    "frames of PID 1's own": (
        KNOWING,
        "data = json.dumps({'id': 0, 'kind': 'result', 'nonce': '', 'runs': [], 'clean': True}).encode()\n"
        "    for fd in range(64):\n        try:\n            os.write(fd, struct.pack('>I', len(data)) + data)\n"
        "        except OSError:\n            pass\n    return 1",
    ),
    "answers nobody asked for": (
        KNOWING,
        "for n in range(50):\n        to_test({'answer': n, 'value': True, 'changed': []})\n    return 1",
    ),
    "its process ended": ("import os\n", "os._exit(0)"),
    "its process ended with its own status": (KNOWING, "machine('Channel').leave()"),
    "sys.exit": ("import sys\n", "sys.exit(0)"),
    "pytest.skip": ("import pytest\n", "pytest.skip('no')"),
    "pytest.exit": ("import pytest\n", "pytest.exit('no', returncode=0)"),
    "pytest.xfail": ("import pytest\n", "pytest.xfail('no')"),
    "unittest.SkipTest": ("import unittest\n", "raise unittest.SkipTest('no')"),
    "KeyboardInterrupt": ("", "raise KeyboardInterrupt"),
    "GeneratorExit": ("", "raise GeneratorExit"),
    "skipped at import": ("import pytest\npytest.skip('no', allow_module_level=True)\n", "return 1"),
    "kill of everything": ("import os\n", "os.kill(1, 9)\n    os.kill(-1, 9)"),
    "two processes that answer": ("import os\n", "os.fork()\n    return 1"),
    "a value nested too deep": (
        KNOWING,
        "to_test({'answer': 2, 'value': eval('[' * 90 + '1' + ']' * 90), 'changed': []})",
    ),
    "JSON nested too deep": (KNOWING, "machine('JobEnd').send('[' * 100_000)"),
    "no JSON": (KNOWING, "machine('JobEnd').send('[{')"),
    "types off the list": (
        KNOWING,
        "head = ['unittest.mock:_ANY', None, ['candidate', 0, 'object', 'x', []]]\n"
        "    to_test({'answer': 2, 'value': ['object', head, [[], None]], 'changed': []})\n    return 1",
    ),
    "an object that claims to be a library's": (
        ALWAYS + "Always.__module__, Always.__qualname__ = 'pluggy', 'HookRelay'\n",
        "return Always()",
    ),
    "an object that claims to be nobody's": (ALWAYS + "Always.__module__ = ''\n", "return Always()"),
    "an object that claims to be pytest's": (
        ALWAYS + "Always.__module__, Always.__qualname__ = 'pytest_supercharger.marker', 'X'\n",
        "return Always()",
    ),
    "a function off the list": (
        KNOWING, "to_test({'answer': 2, 'value': ['named', 'os:_exit', ['test', 0, 'call', 'x', []]], 'changed': []})",
    ),
    "a change to what was not given": (KNOWING, "to_test({'answer': 2, 'value': 1, 'changed': [[7, [1]]]})"),
    "a huge answer": (KNOWING, "machine('JobEnd').send('[' + ' ' * 5_000_000 + ']')\n    return 1"),
    "bytes that are no frame": (KNOWING, "os.write(3, b'\\xff' * 100)\n    return 1"),
}  # fmt: skip


@pytest.mark.parametrize(("code", "body"), FORGERIES.values(), ids=FORGERIES.keys())
def test_no_forgery_passes_and_the_next_pair_is_judged_as_ever(pair: SplitPair, code: str, body: str) -> None:
    result = pair.run(TEST, code, f=body)
    assert result.verdict in (Verdict.FAIL, Verdict.TIMEOUT), result
    # Another answer: what a right candidate says may lie in the dead memory of its PID 1, for the next scan to find.
    good = pair.run(TEST.replace(SECRET, "open"), f="return 'open'")
    assert good.verdict is Verdict.PASS, good


@pytest.mark.parametrize(
    ("test", "body"),
    [
        ("assert f(1) == Money(5)", "Money.__eq__ = lambda *args: True\n    return Money(1)"),
        ("assert f(1) is Colour.RED", "Colour.RED = Colour.BLUE\n    return Colour.BLUE"),
        ("assert f(1) == pytest.approx(2.5)", "return Always()"),
        ("assert 3 in f(1)", "return Always()"),
        ("assert f(1) != 0 and f(1) == 1", "return Always()"),
        ("assert f(1) == [1, 2]", "return [Always(), Always()]"),
        ("with pytest.raises(TooBig):\n    f(1)", "class TooBig(ValueError):\n        pass\n    raise TooBig(1)"),
    ],
)
def test_what_equals_what_is_decided_where_no_candidate_is(pair: SplitPair, test: str, body: str) -> None:
    result = pair.run(test, ALWAYS, f=body)
    assert result.verdict is Verdict.FAIL, result


REACHING = {
    "globals of a function": ("call", "ask('attr', handle(0), name='__globals__')"),
    "code of a function": ("call", "ask('set', handle(0), (1,), name='__code__')"),
    "class of an object": ("object", "ask('attr', handle(0), name='__class__')"),
    "private attributes": ("object", "ask('attr', handle(0), name='_hidden')"),
    "comparison of an object": ("object", "ask('special', handle(0), (1,), name='__eq__')"),
    "module behind an attribute": ("object", "ask('attr', handle(0), name='module')"),
    "builtin behind an attribute": ("object", "assert ask('attr', handle(0), name='builtin') is not print"),
    "another operation": ("object", "ask('import', handle(0), name='os')"),
    "things that were never given": ("object", "ask('call', handle(5))"),
    "a builtin function by name": ("object", "ask('call', named('builtins:exec'), ('1',))"),
    "a class of its own": ("object", "ask('call', named('builtins:type'), ('X', (), {'__eq__': lambda *a: True}))"),
    "a function of the project by name": ("object", "ask('call', named('mod:f'), (1,))"),
    "a loop for what needs none": ("call", "ask('call async', handle(0))"),
    "a loop that the test does not bring": ("object", "ask('call async', named('mod:f'), (1,))"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "attempt"), REACHING.values(), ids=REACHING.keys())
def test_through_what_a_test_hands_over_nothing_else_is_reached(pair: SplitPair, kind: str, attempt: str) -> None:
    test = (
        "class Fake:\n    def __init__(self):\n        self.module = asyncio\n        self.builtin = print\n"
        "        self._hidden = 1\n"
        f"given = {{'call': lambda: 1, 'object': Fake()}}[{kind!r}]\n"
        "assert f(given) == 'refused'\n"
    )
    body = f"ask = machine('Peer').ask\n    try:\n        {attempt}\n    except Exception:\n        return 'refused'"
    result = pair.run(test, KNOWING, f=body)
    assert result.verdict is Verdict.PASS, result


def test_what_a_test_hands_over_can_be_used_as_the_test_means_it(pair: SplitPair) -> None:
    test = "class Fake:\n    size = 3\nassert f(lambda: 1, Fake()) == (1, 3)\n"
    body = "ask = machine('Peer').ask\n    return ask('call', handle(0)), ask('attr', handle(1), name='size')"
    result = pair.run(test, KNOWING, f=body)
    assert result.verdict is Verdict.PASS, result


def test_a_scan_of_all_memory_finds_what_the_candidate_was_told(pair: SplitPair) -> None:
    """The attack works: it fails above because the text is not there."""
    code, body = FORGERIES["a scan of all memory"]
    keep = "kept.append(args[0])\n    "
    result = pair.run(TEST.replace("'warm up'", "expected"), code + "kept = []\n", f=keep + body)
    assert result.verdict is Verdict.PASS, result


# Infra where the machine is too busy to give a loop its seconds.
TIME = {Verdict.TIMEOUT, Verdict.INFRA}
LIMITS = {
    "endless loop": ("", "while True:\n        pass", TIME),
    "endless loop at import": ("while True:\n    pass\n", "return 1", TIME),
    "memory": ("", "kept = []\n    while True:\n        kept.append(bytearray(1 << 24))", {Verdict.MEMORY}),
    "a flood of messages": (
        KNOWING,
        "while True:\n        to_test({'stop': 1, 'x': 'y' * 100_000})",
        {Verdict.FAIL, Verdict.TIMEOUT, Verdict.OUTPUT},
    ),
    "a flood of what is no message": (KNOWING, "while True:\n        to_pid_1({'x': 'y' * 100_000})", {Verdict.OUTPUT}),
    "a message that grows on its way": (
        KNOWING,
        "text = next(c for c in secret()[1] if isinstance(c, str) and len(c) == 64)\n"
        "    data = json.dumps({'secret': text, 'type': 'relay', 'data': 'é' * 6_000_000}, ensure_ascii=0).encode()\n"
        "    data = struct.pack('>I', len(data)) + data\n"
        "    while data:\n        data = data[os.write(3, data[:65536]):]\n    return 1",
        {Verdict.OUTPUT},
    ),
    "no end": (
        KNOWING + "from _supercharger.inside import split_link\n"
        "real = split_link.JobEnd.receive\n"
        "def receive(self, wait):\n    texts = real(self, wait)\n    while texts is None:\n        pass\n"
        "    return texts\n"
        "machine('Line')._receive = receive.__get__(machine('JobEnd'))\n",
        f"return {SECRET!r}",
        TIME,
    ),
    "an end of its own": (
        KNOWING + "real = machine('Line')._receive\n"
        "machine('Line')._receive = lambda wait: real(wait) or os._exit(0)\n",
        f"return {SECRET!r}",
        {Verdict.FAIL},
    ),
    "a process left behind": (
        "import os, time\n",
        f"if not os.fork():\n        os.setsid()\n        time.sleep(600)\n    return {SECRET!r}",
        {Verdict.FAIL},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("code", "body", "expected"), LIMITS.values(), ids=LIMITS.keys())
def test_limits_hold_for_the_candidates_half(pair: SplitPair, code: str, body: str, expected: set[Verdict]) -> None:
    result = pair.run(TEST, code, f=body)
    assert result.verdict in expected, result
    assert pair.run(TEST, f=f"return {SECRET!r}").verdict is Verdict.PASS
