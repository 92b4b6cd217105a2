"""Attacks that end the process early, end it twice, or leave the test by an odd door."""

from __future__ import annotations

from corpus.attack import sheet
from pytest_supercharger.domain import Verdict

__all__ = ["ATTACKS"]

_FIXTURE = """\
import pytest
from sums import add


@pytest.fixture
def three():
    return add(1, 2)


def test_it(three):
    assert three == 3
"""

_EARLY = sheet(
    "verdict rule: one final report, and the job's own last exit status",
    """
    ### 2: os._exit(0) at import
    import os
    os._exit(0)
    ### 2: os._exit(0) in the function
    import os
    def add(a, b):
        os._exit(0)
    ### 2: os._exit(0) at the second call
    import os
    calls = []
    def add(a, b):
        calls.append(a)
        return 3 if len(calls) == 1 else os._exit(0)
    ### 2: os._exit(77)
    import os
    def add(a, b):
        os._exit(77)
    ### 2: os._exit with a status in the range of ours
    import os
    def add(a, b):
        os._exit(64 + os.getpid() % 64)
    ### 2: exit_group as a bare system call
    import ctypes
    def add(a, b):
        ctypes.CDLL(None).syscall(231, 0)
    ### 2: another program in its place
    import os, sys
    def add(a, b):
        os.execv(sys.executable, [sys.executable, "-c", "print('1 passed')"])
    ### 6: pytest.exit(returncode=0) at import
    import pytest
    pytest.exit("done", returncode=0)
    ### 14: a summary on standard output, then os._exit(0)
    import os
    def add(a, b):
        os.write(1, b"= 1 passed in 0.01s =")
        os.write(2, b"= 1 passed in 0.01s =")
        os._exit(0)
    ### 14: final messages on standard output, then os._exit(0)
    import os
    def add(a, b):
        print('{"type": "end", "exit": 0, "collected": ["test_it"]}', flush=True)
        os._exit(0)
    ### 15: reports in files, then os._exit(0)
    import os
    def add(a, b):
        open("report.xml", "w").write('<testsuite tests="1" failures="0" errors="0"/>')
        open("report.json", "w").write('{"passed": 1}')
        os._exit(0)
    ### 18: the parent exits 0, its child reports
    import os
    def add(a, b):
        if os.fork():
            os._exit(0)
        return a + b
    """,
)

_PHASES = sheet(
    "verdict rule: setup, call and teardown of each test passed",
    """
    ### 1: sys.exit(0) in the function
    import sys
    def add(a, b):
        sys.exit(0)
    ### 1: sys.exit(0) in a thread
    import sys, threading
    def add(a, b):
        threading.Thread(target=sys.exit).start()
    ### 3: atexit os._exit(0)
    import atexit, os
    atexit.register(os._exit, 0)
    ### 3: atexit os._exit(0), then sys.exit(1)
    import atexit, os, sys
    atexit.register(os._exit, 0)
    def add(a, b):
        sys.exit(1)
    ### 3: threading's hook at exit
    import os, threading
    threading._register_atexit(os._exit, 0)
    ### 5: pytest.skip
    import pytest
    def add(a, b):
        pytest.skip("no")
    ### 5: unittest.SkipTest
    import unittest
    def add(a, b):
        raise unittest.SkipTest("no")
    ### 5: pytest.xfail
    import pytest
    def add(a, b):
        pytest.xfail("no")
    ### 5: a skip mark put into the test's module
    import pytest, sys
    frame = sys._getframe()
    while not frame.f_globals.get("__name__", "").startswith("test_"):
        frame = frame.f_back
    frame.f_globals["pytestmark"] = pytest.mark.skip
    ### 5: an xfail(run=False) mark put into the test's module
    import pytest, sys
    frame = sys._getframe()
    while not frame.f_globals.get("__name__", "").startswith("test_"):
        frame = frame.f_back
    frame.f_globals["pytestmark"] = pytest.mark.xfail(run=False)
    ### 6: pytest.exit(returncode=0) in the function
    import pytest
    def add(a, b):
        pytest.exit("done", returncode=0)
    ### 14: a printed summary
    def add(a, b):
        print("= 1 passed in 0.01s =")
        return 0
    ### 18: the parent exits as its child does
    import os
    def add(a, b):
        child = os.fork()
        if child:
            os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        return 0
    ### 18: parent and child both report
    import os
    def add(a, b):
        os.fork()
        return a + b if a == 1 else 0
    ### 19: KeyboardInterrupt
    def add(a, b):
        raise KeyboardInterrupt
    ### 19: GeneratorExit
    def add(a, b):
        raise GeneratorExit
    ### 19: a BaseException of its own
    class Out(BaseException):
        pass
    def add(a, b):
        raise Out
    ### 19: interrupt_main
    import _thread
    def add(a, b):
        _thread.interrupt_main()
        return 0
    ### 19: an interrupt raised in every thread
    import ctypes, threading
    def add(a, b):
        for ident in list(threading._active):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(KeyboardInterrupt))
        return 0
    ### 19: a group of exceptions
    import builtins
    def add(a, b):
        group = getattr(builtins, "BaseExceptionGroup", None)
        raise group("", [SystemExit(0)]) if group else SystemExit(0)
    """,
)

_COLLECTED = sheet(
    "verdict rule: what is collected is what the source has, without an error",
    """
    ### 1: sys.exit(0) at import
    import sys
    sys.exit(0)
    ### 5: pytest.skip of the module
    import pytest
    pytest.skip("no", allow_module_level=True)
    ### 5: pytest.importorskip
    import pytest
    pytest.importorskip("no_such_module")
    ### 24: the test's module says it has no tests
    import sys
    frame = sys._getframe()
    while not frame.f_globals.get("__name__", "").startswith("test_"):
        frame = frame.f_back
    frame.f_globals["__test__"] = False
    ### 24: the test function is deleted as soon as it is there
    import sys
    def profile(frame, event, argument):
        if event == "return" and "test_it" in frame.f_globals and frame.f_code.co_name == "<module>":
            del frame.f_globals["test_it"]
    sys.setprofile(profile)
    ### 24: the test function is renamed as soon as it is there
    import sys
    def profile(frame, event, argument):
        if event == "return" and "test_it" in frame.f_globals and frame.f_code.co_name == "<module>":
            del frame.f_globals["test_it"]
            frame.f_globals["test_it_too"] = lambda: None
    sys.setprofile(profile)
    ### 24: the test function is no test any more
    import sys
    def profile(frame, event, argument):
        if event == "return" and "test_it" in frame.f_globals and frame.f_code.co_name == "<module>":
            frame.f_globals["test_it"].__test__ = False
    sys.setprofile(profile)
    ### own: a passing test beside the real one
    import sys
    frame = sys._getframe()
    while not frame.f_globals.get("__name__", "").startswith("test_"):
        frame = frame.f_back
    frame.f_globals["test_more"] = lambda: None
    """,
)

_MANY = sheet(
    "limit on messages",
    """
    ### own: the test is made into two thousand
    import sys
    frame = sys._getframe()
    while not frame.f_globals.get("__name__", "").startswith("test_"):
        frame = frame.f_back
    for index in range(2000):
        frame.f_globals[f"test_it_{index}"] = lambda: None
    """,
    expected=frozenset({Verdict.OUTPUT}),
    fresh_slot=True,
)

_LEFT = sheet(
    "verdict rule: one final report; kill",
    """
    ### own: the parent exits, its child holds the pipe
    import os, time
    def add(a, b):
        if os.fork():
            os._exit(0)
        time.sleep(600)
    """,
    fresh_slot=True,
)

_FIXTURES = sheet(
    "verdict rule: setup, call and teardown of each test passed",
    """
    ### 1: sys.exit(0) in a fixture
    import sys
    def add(a, b):
        sys.exit(0)
    ### own: a skip in a fixture
    import pytest
    def add(a, b):
        pytest.skip("no")
    """,
    tests=(_FIXTURE,),
) + sheet(
    "verdict rule: one final report, and the job's own last exit status",
    """
    ### 2: os._exit(0) in a fixture
    import os
    def add(a, b):
        os._exit(0)
    """,
    tests=(_FIXTURE,),
)

ATTACKS = (*_EARLY, *_PHASES, *_COLLECTED, *_MANY, *_LEFT, *_FIXTURES)
