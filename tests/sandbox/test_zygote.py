"""What runs inside, in a real container: attacks get no pass, limits hold, and the next job finds nothing of them."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

import pytest
from zygote_slot import GOOD, LIMITS, MODULE, TEST, ZygoteSlot

from pytest_supercharger.domain import GeneratedTest, Verdict
from pytest_supercharger.sandbox import protocol, verdict
from pytest_supercharger.sandbox.engine import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from docker import DockerClient

pytestmark = pytest.mark.docker


@pytest.fixture
def client() -> Iterator[DockerClient]:
    client = connect()
    yield client
    client.close()


DOUBLE = "def double(x):\n"

FORGERIES = {
    "os._exit at import": "import os\nos._exit(0)\n",
    "os._exit in the function": DOUBLE + "    import os\n    os._exit(0)\n",
    "os._exit with every status": DOUBLE + "    import os\n    os._exit(64 + x)\n",
    "os._exit after some calls": "calls = []\n" + DOUBLE + "    calls.append(x)\n    if len(calls) > 1:\n"
    "        import os\n        os._exit(0)\n    return 2 * x\n",
    "sys.exit at import": "import sys\nsys.exit(0)\n",
    "sys.exit in the function": DOUBLE + "    import sys\n    sys.exit(0)\n",
    "exit at interpreter end": "import atexit, os\natexit.register(os._exit, 0)\n" + DOUBLE + "    return 0\n",
    "unittest.SkipTest": DOUBLE + "    import unittest\n    raise unittest.SkipTest('no')\n",
    "pytest.skip at import": "import pytest\npytest.skip('no', allow_module_level=True)\n",
    "pytest.skip": DOUBLE + "    import pytest\n    pytest.skip('no')\n",
    "pytest.xfail": DOUBLE + "    import pytest\n    pytest.xfail('no')\n",
    "pytest.exit": DOUBLE + "    import pytest\n    pytest.exit('done', returncode=0)\n",
    "KeyboardInterrupt": DOUBLE + "    raise KeyboardInterrupt\n",
    "GeneratorExit": DOUBLE + "    raise GeneratorExit\n",
    "patched report": "from _pytest.reports import TestReport\nTestReport.outcome = property(lambda self: 'passed', "
    "lambda self, value: None)\n" + DOUBLE + "    return 0\n",
    "patched from_item_and_call": "from _pytest.reports import TestReport\n"
    "make = TestReport.from_item_and_call.__func__\n"
    "def fake(cls, item, call):\n    report = make(cls, item, call)\n    report.outcome = 'passed'\n    return report\n"
    "TestReport.from_item_and_call = classmethod(fake)\n" + DOUBLE + "    return 0\n",
    "AssertionError made a skip": "import builtins, unittest\nbuiltins.AssertionError = unittest.SkipTest\n"
    + DOUBLE
    + "    return 0\n",
    "test function removed": "import sys\n" + DOUBLE + "    return 0\n"
    "class Gone(dict):\n    pass\n"
    "def strip(module):\n    module.test_it.__test__ = False\n"
    "frame = sys._getframe()\n"
    "while frame and '/tmp/p/' not in frame.f_code.co_filename:\n    frame = frame.f_back\n"
    "frame.f_globals['__test__'] = False\nframe.f_globals['pytestmark'] = __import__('pytest').mark.skip\n",
    "parent exits, fork reports": DOUBLE + "    import os\n    if os.fork():\n        os._exit(0)\n    return 4\n",
    "both report": DOUBLE + "    import os\n    os.fork()\n    return 4\n",
    "daemon left behind": "import os, time\n" + DOUBLE + "    if not os.fork():\n        os.setsid()\n"
    "        if not os.fork():\n            time.sleep(600)\n        os._exit(0)\n    return 4\n",
    "bytes to every descriptor": "import os\nfor fd in range(1, 64):\n    try:\n        os.write(fd, b'1 passed\\n')\n"
    "    except OSError:\n        pass\n" + GOOD,
    "a frame to every descriptor": "import json, os, struct\n"
    "data = json.dumps({'type': 'end', 'exit': 0, 'collected': ['t']}).encode()\n"
    "for fd in range(1, 64):\n    try:\n        os.write(fd, struct.pack('>I', len(data)) + data)\n"
    "    except OSError:\n        pass\n" + GOOD,
    "a huge frame length": "import os\ntry:\n    os.write(3, b'\\xff\\xff\\xff\\xff')\nexcept OSError:\n    pass\n"
    + GOOD,
    "printed verdict": DOUBLE + "    print('1 passed in 0.01s')\n    return 0\n",
    "missing module": "import no_such_module_at_all\n" + GOOD,
    "segmentation fault": DOUBLE + "    import ctypes\n    ctypes.string_at(0)\n",
    "message that cannot be made": DOUBLE + "    class E(Exception):\n        def __str__(self):\n"
    "            raise SystemExit(0)\n    raise E\n",
}


@pytest.mark.parametrize("code", FORGERIES.values(), ids=FORGERIES.keys())
def test_no_forgery_passes_and_the_next_pair_is_judged_as_ever(zygote: ZygoteSlot, code: str) -> None:
    source = TEST.replace("assert", "double(1)\n    assert")
    assert zygote.pair(code, source).verdict is Verdict.FAIL
    assert zygote.pair(GOOD).verdict is Verdict.PASS


ABUSES = {
    "endless loop": (DOUBLE + "    while True:\n        pass\n", Verdict.TIMEOUT),
    "endless loop at import": ("while True:\n    pass\n", Verdict.TIMEOUT),
    "sleep": (DOUBLE + "    import time\n    time.sleep(600)\n", Verdict.TIMEOUT),
    "alarm and handlers reset": (
        "import signal\nfor number in set(signal.Signals) - {9, 19}:\n    signal.signal(number, signal.SIG_IGN)\n"
        + DOUBLE
        + "    while True:\n        pass\n",
        Verdict.TIMEOUT,
    ),
    "hang inside C": (DOUBLE + "    return 7 ** (10 ** 9)\n", Verdict.TIMEOUT),
    "memory bomb": (
        DOUBLE + "    kept = []\n    while True:\n        kept.append(bytearray(1 << 24))\n",
        Verdict.MEMORY,
    ),
    "one huge object": (DOUBLE + "    return bytearray(1 << 34)\n", Verdict.MEMORY),
    "fork bomb": (
        "import os\n" + DOUBLE + "    while True:\n        try:\n            os.fork()\n        except OSError:\n"
        "            pass\n",
        Verdict.TIMEOUT,
    ),
    "stop of the process group": (DOUBLE + "    import os, signal\n    os.kill(0, signal.SIGSTOP)\n", Verdict.TIMEOUT),
    "output flood": (DOUBLE + "    while True:\n        print('x' * 1000)\n", None),
    "long message": (DOUBLE + "    raise ValueError('y' * 50_000_000)\n", Verdict.FAIL),
}


@pytest.mark.parametrize(("code", "expected"), ABUSES.values(), ids=ABUSES.keys())
def test_limits_hold_and_the_slot_lives_on(zygote: ZygoteSlot, code: str, expected: Verdict | None) -> None:
    result = zygote.pair(code)
    assert result.verdict is not Verdict.PASS
    assert expected is None or result.verdict is expected, result
    assert len(result.detail) <= 2_000
    assert zygote.pair(GOOD).verdict is Verdict.PASS


LEAVINGS = {
    "file": "open('/tmp/left', 'w').write('x')\n",
    "shared memory": "open('/dev/shm/left', 'w').write('x')\n",
    "deep tree": "import os\nos.chdir('/tmp')\nfor _ in range(1500):\n    os.mkdir('d')\n    os.chdir('d')\n",
    "closed folder": "import os\nos.makedirs('/tmp/left/in')\nos.chmod('/tmp/left/in', 0)\nos.chmod('/tmp/left', 0)\n",
    "odd names": "import os\nfor name in (b'\\xff', b'-rf', b' ', b'a\\nb', b'x' * 255):\n"
    "    os.mkdir(b'/tmp/' + name)\n",
    "pipe and links": "import os\nos.mkfifo('/tmp/pipe')\n"
    "os.symlink('/proc/1', '/tmp/l')\nos.symlink('/tmp', '/tmp/p/up')\n",
}


@pytest.mark.parametrize("code", LEAVINGS.values(), ids=LEAVINGS.keys())
def test_nothing_that_a_job_left_is_there_for_the_next(zygote: ZygoteSlot, code: str) -> None:
    zygote.pair(code + GOOD)
    # What leads to a mounted folder stays; nothing can be written to it.
    look = "import os\nmounts = open('/proc/self/mountinfo').read()\n"
    look += "found = [n for n in os.listdir('/tmp') + os.listdir('/dev/shm') if f' /tmp/{n}' not in mounts]\n"
    look += "assert set(found) <= {'p'}, found\n"
    assert zygote.pair(look + GOOD).verdict is Verdict.PASS


def test_memory_of_one_job_is_gone_in_the_next(zygote: ZygoteSlot) -> None:
    assert zygote.pair("import builtins\nbuiltins.left = 1\n" + GOOD).verdict is Verdict.PASS
    look = "import builtins\nassert not hasattr(builtins, 'left')\n"
    assert zygote.pair(look + GOOD).verdict is Verdict.PASS


def test_pid_1_cannot_be_killed_stopped_or_read(zygote: ZygoteSlot) -> None:
    code = (
        "import os, signal\n"
        "for number in range(1, 65):\n    try:\n        os.kill(1, number)\n"
        "    except (OSError, ValueError):\n        pass\n"
        "for path in ('/proc/1/mem', '/proc/1/environ', '/proc/1/maps'):\n"
        "    try:\n        open(path, 'rb').read(1)\n    except OSError:\n        continue\n"
        "    raise SystemError(path)\n"
        "try:\n    names = os.listdir('/proc/1/fd')\nexcept OSError:\n    names = []\n"
        "assert not names\n"
    )
    assert zygote.pair(code + GOOD).verdict is Verdict.PASS
    assert zygote.pair(GOOD).verdict is Verdict.PASS


def test_a_right_candidate_passes_with_fixtures_parametrisation_raises_and_async(zygote: ZygoteSlot) -> None:
    source = (
        "import asyncio\nimport pytest\nfrom mod import double\n\n"
        "@pytest.fixture\ndef two():\n    return 2\n\n"
        "@pytest.mark.parametrize(('x', 'y'), [(1, 2), (0, 0)])\n"
        "def test_it(two, x, y, capsys, monkeypatch, tmp_path):\n"
        "    assert double(x) == y * two / 2\n"
        "    with pytest.raises(TypeError):\n        double(None)\n"
        "    async def main():\n        return double(4)\n"
        "    assert asyncio.run(main()) == 8\n"
    )
    result = zygote.pair(GOOD, source)
    assert result.verdict is Verdict.PASS, result


def test_async_tests_run_without_a_mark(zygote: ZygoteSlot) -> None:
    pytest.importorskip("pytest_asyncio")
    source = "from mod import double\n\nasync def test_it():\n    assert double(2) == 4\n"
    assert zygote.pair(GOOD, source).verdict is Verdict.PASS
    assert zygote.pair(DOUBLE + "    return 0\n", source).verdict is Verdict.FAIL


def test_a_failure_says_what_and_where(zygote: ZygoteSlot) -> None:
    result = zygote.pair(DOUBLE + "    return 3\n")
    assert result.verdict is Verdict.FAIL
    assert result.detail.startswith("AssertionError: assert 3 == 4")
    assert ":5" in result.detail.splitlines()[-1]


def test_a_missing_module_is_named(zygote: ZygoteSlot) -> None:
    assert "no_such_module_at_all" in zygote.pair("import no_such_module_at_all\n").detail


def test_calls_of_unfilled_stubs_are_reported(zygote: ZygoteSlot) -> None:
    result = zygote.pair(DOUBLE + "    return other(x)\n")
    assert result.verdict is Verdict.FAIL
    assert result.reached == {"mod:other"}


def test_a_vacuous_run_of_other_tests_is_no_pass(zygote: ZygoteSlot) -> None:
    assert zygote.pair(GOOD, "def helper():\n    assert False\n").verdict is Verdict.FAIL


LARGEST = dataclasses.replace(LIMITS, output_bytes=8 << 20)
# Written by hand with the secret of the job, as a candidate can that knows the harness.
SAYING = """import gc, os, struct
channel = next(thing for thing in gc.get_objects() if type(thing).__name__ == 'Channel')
secret = next(cell.cell_contents for cell in channel.send.__closure__ if type(cell.cell_contents) is str)
def say(field):
    body = f'{{"secret": "{secret}", "type": "test", "phases": {field}}}'.encode()
    data = struct.pack('>I', len(body)) + body
    while data:
        data = data[os.write(3, data):]
"""


@pytest.mark.parametrize(
    ("field", "expected"),
    [("'[' + '1e15,' * 1_200_000 + '1]'", Verdict.OUTPUT), ("'[' * 30 + ']' * 30", Verdict.FAIL)],
    ids=["longer in our words", "as deep as a frame may be"],
)
def test_no_message_makes_an_answer_that_is_no_frame(zygote: ZygoteSlot, field: str, expected: Verdict) -> None:
    result = zygote.pair(SAYING + DOUBLE + f"    say({field})\n    return 4\n", limits=LARGEST)
    assert result.verdict is expected, result


def test_tests_share_a_job_whatever_the_setting_of_the_output(zygote: ZygoteSlot) -> None:
    tests = [GeneratedTest(id=name, name="test_it", source=f"{TEST}# {name}\n") for name in "abc"]
    overlay = {"mod.py": (MODULE + GOOD).encode()}
    sent, answer = zygote.ask(protocol.tests_job(overlay, [[test] for test in tests], LARGEST))
    results = verdict.tests_results(sent, answer, tests)
    assert {key: result.verdict for key, result in results.items()} == dict.fromkeys("abc", Verdict.PASS)


def test_a_job_with_more_results_than_allowed_is_stopped(zygote: ZygoteSlot) -> None:
    code = DOUBLE + "    import os\n    while True:\n        os.write(3, bytes(60_000))\n"
    assert zygote.pair(code, limits=dataclasses.replace(LIMITS, output_bytes=100_000)).verdict is Verdict.OUTPUT
    assert zygote.pair(GOOD).verdict is Verdict.PASS


_UNTIL_PID_1_HAS_A_SIGTERM = """
def double(x):
    pending = 0
    while not pending >> 14 & 1:
        pending = int(next(line.split()[1] for line in open("/proc/1/status") if line.startswith("ShdPnd")), 16)
    return 2 * x
"""


def test_a_sigterm_during_a_job_ends_the_slot_after_it_and_not_the_job(
    zygote: ZygoteSlot, client: DockerClient
) -> None:
    """Whoever sent it: what the kernel says of the sender can be lost, so a job could seem to be the engine."""
    zygote.pair(GOOD)  # its test is compiled, and the next process runs it
    job, test = zygote.tests_job(_UNTIL_PID_1_HAS_A_SIGTERM)
    sent = zygote.slot.put(job, time.monotonic() + 60)
    while len(client.api.top(zygote.slot.container)["Processes"]) < 2:
        pass
    client.api.kill(zygote.slot.container, "SIGTERM")
    result = zygote.slot.take(sent, time.monotonic() + 60)
    assert verdict.tests_results(sent, result, [test])["t"].verdict is Verdict.PASS
    assert result["clean"] is False
    assert zygote.pair(GOOD).verdict is Verdict.PASS


def test_a_sigterm_between_jobs_ends_the_slot(client: DockerClient, tmp_path: Path) -> None:
    (tmp_path / "mod.py").write_text(MODULE)
    slot = ZygoteSlot(tmp_path)
    client.api.kill(slot.slot.container, "SIGTERM")
    client.api.wait(slot.slot.container, timeout=60, condition="removed")
    slot.close()
