"""Attacks that want more than their share: processes, memory, time, output, disk, descriptors."""

from __future__ import annotations

from corpus.attack import sheet
from pytest_supercharger.domain import Verdict

__all__ = ["ATTACKS"]

# A machine that is too busy to give a loop its seconds says INFRA, never PASS.
_TIME = frozenset({Verdict.TIMEOUT, Verdict.INFRA})
_MEMORY = frozenset({Verdict.MEMORY})
_ENDS = _TIME | _MEMORY | {Verdict.FAIL}

_PROCESSES = sheet(
    "cgroup: processes, CPU; time limit of PID 1; kill",
    """
    ### 26: a fork bomb
    import os
    def add(a, b):
        while True:
            os.fork()
    ### 26: a fork bomb that takes no error for an answer
    import os
    def add(a, b):
        while True:
            try:
                os.fork()
            except OSError:
                pass
    ### 26: a fork bomb of sessions of their own
    import os
    def add(a, b):
        while True:
            try:
                if not os.fork():
                    os.setsid()
            except OSError:
                pass
    ### 26: a fork bomb that ignores signals
    import os, signal
    def add(a, b):
        for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
        while True:
            try:
                os.fork()
            except OSError:
                pass
    ### 32: a thread that does not end
    import threading
    def spin():
        while True:
            pass
    def add(a, b):
        threading.Thread(target=spin).start()
        return 0
    ### 35: descriptors without end
    import os, socket
    def add(a, b):
        kept = []
        while True:
            kept.append(os.open("/dev/null", os.O_RDONLY))
    ### 35: descriptors in the queues of sockets
    import array, os, socket
    def add(a, b):
        kept = []
        for _ in range(100):
            left, right = socket.socketpair()
            kept.append((left, right))
            descriptors = array.array("i", [left.fileno()] * 200)
            left.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
        return 0
    """,
    expected=_ENDS,
    fresh_slot=True,
)

_THREADS = sheet(
    "cgroup: processes",
    """
    ### 26: threads without end
    import threading, time
    def add(a, b):
        while True:
            threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    """,
    expected=frozenset({Verdict.PROCESSES}),
    fresh_slot=True,
)

_BOMBS = sheet(
    "cgroup: memory; limit on the address space",
    """
    ### 31: one large memory bomb
    def add(a, b):
        kept = []
        while True:
            kept.append(bytearray(1 << 24))
    ### 31: one huge object
    def add(a, b):
        return bytearray(1 << 40)
    ### 31: sixty small ones
    import os, time
    def add(a, b):
        for _ in range(60):
            if not os.fork():
                kept = bytearray(16 << 20)
                time.sleep(60)
        kept = []
        while True:
            kept.append(bytearray(1 << 22))
    ### 31: anonymous maps
    import mmap
    def add(a, b):
        kept = []
        while True:
            kept.append(mmap.mmap(-1, 1 << 22))
            kept[-1].write(bytes(1 << 22))
    ### 31: memory files
    import os
    def add(a, b):
        kept = []
        while True:
            kept.append(os.memfd_create("x"))
            for _ in range(8):
                os.write(kept[-1], bytes(1 << 20))
    """,
    expected=_MEMORY | {Verdict.FAIL, Verdict.TIMEOUT},
    fresh_slot=True,
)

_TIMES = sheet(
    "time limit of PID 1, outside of the job",
    """
    ### 32: a loop
    def add(a, b):
        while True:
            pass
    ### 32: a loop at import
    while True:
        pass
    ### 32: sleep
    import time
    def add(a, b):
        time.sleep(600)
    ### 32: alarms and handlers are reset
    import signal
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    signal.alarm(0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    def add(a, b):
        while True:
            pass
    ### 32: a regular expression that never ends
    import re
    def add(a, b):
        return re.match(r"(a+)+$", "a" * 64 + "b")
    ### 32: a power that never ends
    def add(a, b):
        return 7 ** (10 ** 9)
    ### 32: a lock that is never given
    import threading
    def add(a, b):
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()
    ### 32: a pipe that nobody writes to
    import os
    os.mkfifo("/tmp/p/pipe")
    def add(a, b):
        return open("/tmp/p/pipe").read()
    ### 28: the process group is stopped
    import os, signal
    def add(a, b):
        os.kill(0, signal.SIGSTOP)
    ### own: time spent in children that are never waited for
    import os
    def add(a, b):
        while True:
            if not os.fork():
                for _ in range(10**6):
                    pass
                os._exit(0)
            os.wait()
    """,
    expected=_TIME,
    fresh_slot=True,
)

_OUTPUT = sheet(
    "limit on messages; standard output leads nowhere; texts are cut on their way",
    """
    ### 33: standard output without end
    def add(a, b):
        while True:
            print("x" * 10_000)
    ### 33: standard error without end, past Python
    import os
    def add(a, b):
        while True:
            os.write(2, b"x" * 65536)
    ### 33: odd bytes
    import os, sys
    def add(a, b):
        print("x" * 500_000)
        os.write(1, b"\\xff\\xfe\\x00\\x1b[2J\\x1b]0;title\\x07" * 1000)
        print("\\ud800", file=sys.stderr)
        return 0
    ### 33: a message of control characters
    def add(a, b):
        raise ValueError("\\x1b[31m\\x00\\u202e\\ud800\\x07\\r\\n" * 500)
    ### 33: a message of 100 MB
    def add(a, b):
        raise ValueError("x" * 100_000_000)
    ### 33: a text of a value that never ends
    class Long(list):
        def __repr__(self):
            return "".join(map(repr, [Long()] * 10))
    def add(a, b):
        return Long()
    ### 33: a value too deep to print
    def add(a, b):
        value = []
        for _ in range(100_000):
            value = [value]
        return value
    """,
    expected=_ENDS,
    fresh_slot=True,
)

_DISK = sheet(
    "tmpfs: size and number of files; limit on the size of a file",
    """
    ### 34: a big file
    def add(a, b):
        with open("/tmp/p/big", "wb") as stream:
            while True:
                stream.write(bytes(1 << 20))
    ### 34: many big files
    def add(a, b):
        for index in range(100):
            with open(f"/dev/shm/{index}", "wb") as stream:
                stream.write(bytes(4 << 20))
    ### 34: a sparse file of 1024 TiB
    import os
    def add(a, b):
        with open("/tmp/p/sparse", "wb") as stream:
            stream.truncate(1 << 50)
    ### 34: room is reserved and not written
    import os
    def add(a, b):
        for index in range(10):
            with open(f"/tmp/p/{index}", "wb") as stream:
                os.posix_fallocate(stream.fileno(), 0, 60 << 20)
    """,
    expected=frozenset({Verdict.DISK}),
    fresh_slot=True,
)

_SHARED = sheet(
    "tmpfs, cgroup: shared memory",
    """
    ### 31: shared memory is filled
    import mmap, os
    def add(a, b):
        with open("/dev/shm/x", "w+b") as stream:
            stream.truncate(60 << 20)
            view = mmap.mmap(stream.fileno(), 60 << 20)
            for place in range(0, 60 << 20, 4096):
                view[place] = 1
    ### 31: /tmp and /dev/shm are filled, then memory
    def add(a, b):
        for folder in ("/tmp/p", "/dev/shm"):
            try:
                with open(f"{folder}/x", "wb") as stream:
                    while True:
                        stream.write(bytes(1 << 20))
            except OSError:
                pass
        kept = []
        while True:
            kept.append(bytearray(1 << 22))
    """,
    expected=_ENDS,
    fresh_slot=True,
)

ATTACKS = (*_PROCESSES, *_THREADS, *_BOMBS, *_TIMES, *_OUTPUT, *_DISK, *_SHARED)
