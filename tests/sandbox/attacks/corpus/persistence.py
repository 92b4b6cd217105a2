"""Attacks that want to be there when the next pair runs, and tests that look for them."""

from __future__ import annotations

from corpus.attack import sheet, tries
from pytest_supercharger.domain import Verdict

__all__ = ["ATTACKS", "LOOK"]

_WIPE = "wipe: every writable folder is emptied when the job is dead"
_FORK = "fork: a job changes nothing of PID 1, from which the next one is forked"

# What an earlier job may have left, seen by a test; the folders that lead to mounts stay and cannot be written to.
LOOK = """\
import os, sys
from sums import add


def test_it():
    mounts = [line.split()[4] for line in open("/proc/self/mountinfo") if " rw," in line]
    own = [p for p in mounts if os.path.isdir(p) and (os.access(p, os.W_OK) or os.stat(p).st_uid == os.getuid())]
    found = []
    for top in own:
        if top.startswith(("/proc", "/sys", "/dev/pts")) or top == "/dev":
            continue
        assert os.access(top, os.R_OK | os.W_OK | os.X_OK), f"{top} is closed"
        for folder, folders, files in os.walk(top):
            folders[:] = [n for n in folders if not (folder == "/tmp" and n == "p")]
            found += [f"{folder}/{n}" for n in files]
            found += [f"{folder}/{n}" for n in folders if not any(m.startswith(f"{folder}/{n}") for m in mounts)]
        found += [f"{top} has {os.listxattr(top)}"] if os.listxattr(top) else []
    assert found == []
    processes = [n for n in os.listdir("/proc") if n.isdigit() and int(n) not in (1, os.getpid())]
    assert processes == []
    for kind in ("shm", "sem", "msg"):
        assert len(open(f"/proc/sysvipc/{kind}").readlines()) <= 1
    listening = [l for n in ("tcp", "udp", "tcp6", "udp6") for l in open(f"/proc/net/{n}").readlines()[1:]]
    assert [line for line in listening if line.split()[3] == "0A"] == []
    assert [line for line in open("/proc/net/unix") if "@left" in line or "/left" in line] == []
    assert "LEFT" not in os.environ and "left" not in sys.modules and not hasattr(os, "left")
    assert add(1, 2) == 3
"""

_FILES = sheet(
    _WIPE,
    """
    ### 36: files in every folder that can be written
    import os
    for folder in ("/tmp", "/dev/shm", "/var/tmp", "/run/lock", "/dev/mqueue", "/run", "/var/run"):
        try:
            open(f"{folder}/left", "w").write("x")
        except OSError:
            pass
    ### own: message queues as files in /dev/mqueue
    import os
    for index in range(20):
        try:
            os.close(os.open(f"/dev/mqueue/left{index}", os.O_CREAT | os.O_RDWR, 0o600))
        except OSError:
            break
    ### 34: folders a thousand deep
    import os
    os.chdir("/tmp")
    for _ in range(1000):
        os.mkdir("d")
        os.chdir("d")
    ### 34: folders that are closed
    import os
    os.makedirs("/tmp/left/in/side")
    open("/tmp/left/in/side/file", "w")
    for path in ("/tmp/left/in/side", "/tmp/left/in", "/tmp/left"):
        os.chmod(path, 0)
    ### 34: odd names
    import os
    for name in (b"\\xff\\xfe", b"-rf", b" ", b"a\\nb", b"x" * 255, b"*", b"$(id)", "\\u202e".encode(), b".wipe-1"):
        os.makedirs(b"/tmp/" + name + b"/.wipe-1")
        open(b"/dev/shm/" + name, "w")
    ### 34: links that go round, links out, hard links, pipes and sockets
    import os, socket
    os.makedirs("/tmp/left")
    os.symlink("/tmp/left", "/tmp/left/again")
    os.symlink("b", "/tmp/a")
    os.symlink("a", "/tmp/b")
    os.symlink("/proc/1", "/tmp/left/proc")
    os.symlink("/snapshot", "/dev/shm/left")
    open("/tmp/left/file", "w")
    for index in range(200):
        os.link("/tmp/left/file", f"/tmp/left/hard{index}")
    os.mkfifo("/tmp/left/pipe")
    os.mkfifo("/dev/shm/pipe")
    socket.socket(socket.AF_UNIX).bind("/tmp/left/socket")
    ### own: attributes of files and folders
    import os
    os.makedirs("/tmp/left")
    for path in ("/tmp/left", "/tmp", "/dev/shm", "/dev/mqueue"):
        try:
            os.setxattr(path, "user.left", b"x")
        except OSError:
            pass
    ### own: a file that cannot be removed while it is locked, mapped and leased
    import fcntl, mmap, os
    stream = open("/tmp/left", "w+b")
    stream.truncate(4096)
    view = mmap.mmap(stream.fileno(), 4096)
    fcntl.flock(stream, fcntl.LOCK_EX)
    try:
        fcntl.fcntl(stream, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except OSError:
        pass
    ### 12: a conftest.py and settings beside the test
    for name, text in (
        ("conftest.py", "import os; os._exit(0)"), ("pytest.ini", "[pytest]\\npython_functions = nothing"),
        ("pyproject.toml", "[tool.pytest.ini_options]\\naddopts = '--co'"), ("tox.ini", "[pytest]\\naddopts = --co"),
        ("setup.cfg", "[tool:pytest]\\naddopts = --co"), ("sitecustomize.py", "import os; os._exit(0)"),
        ("usercustomize.py", "import os; os._exit(0)"), ("pytest.py", "raise SystemExit"), ("_pytest.py", "raise SystemExit"),
        ("x.pth", "import os; os._exit(0)"), ("sums.py", "def add(a, b): return 3"),
    ):
        for folder in ("/tmp/p", "/tmp", "/dev/shm"):
            open(f"{folder}/{name}", "w").write(text)
    ### 12: a compiled file of the module
    import os, py_compile
    open("/tmp/right.py", "w").write("def add(a, b):\\n    return a + b\\n")
    for folder in ("/snapshot/__pycache__", "/tmp/p/__pycache__"):
        try:
            os.makedirs(folder, exist_ok=True)
            py_compile.compile("/tmp/right.py", f"{folder}/sums.cpython-311.pyc")
        except OSError:
            pass
    """,
    after=LOOK,
)

_ROOM = sheet(
    _WIPE,
    """
    ### 34: as many files as there is room for
    def add(a, b):
        index = 0
        while True:
            open(f"/tmp/p/{index}", "w").close()
            index += 1
    """,
    expected=frozenset({Verdict.DISK}),
    after=LOOK,
)

# The copy of the project is the one folder whose owner is the job's own user.
_PROJECT = """
import os, subprocess
places = [line.split()[4] for line in open("/proc/self/mountinfo") if "tmpfs" in line and " rw," in line]
places = [p for p in places if os.path.isdir(p) and p not in ("/tmp", "/dev", "/dev/shm") and os.access(p, os.W_OK)]
"""

_TOP = sheet(
    "tmpfs of the project: its top folder is not the job's own; wipe",
    "### own: a file in the copy of the project, which is then closed\n"
    + _PROJECT
    + """
for place in places:
    open(f"{place}/conftest.py", "w").write("import os; os._exit(0)")
    try:
        os.chmod(place, 0o500)
    except OSError:
        pass
### own: attributes of the top folder of the project's copy
"""
    + _PROJECT
    + """
for place in places:
    try:
        os.setxattr(place, "user.left", b"x")
    except OSError:
        pass
### own: the top folder of the project's copy is closed to its owner
"""
    + _PROJECT
    + """
for place in places:
    open(f"{place}/left", "w")
    try:
        os.chmod(place, 0)
    except OSError:
        pass
""",
    after=LOOK,
)

_PROCESSES = sheet(
    "kill: everything but PID 1 is killed and reaped; verdict rule: no process left",
    """
    ### 27: a daemon that writes into the folder of the next pair
    import os, time
    def add(a, b):
        if not os.fork():
            os.setsid()
            if not os.fork():
                while True:
                    try:
                        os.makedirs("/tmp/p", exist_ok=True)
                        open("/tmp/p/conftest.py", "w").write("import os; os._exit(0)")
                    except OSError:
                        pass
            os._exit(0)
        os.wait()
        return a + b
    ### 27: a daemon that sends reports on the descriptor it has kept
    import os, struct, time
    def add(a, b):
        if not os.fork():
            os.setsid()
            if not os.fork():
                time.sleep(0.3)
                while True:
                    os.write(3, struct.pack(">I", 2) + b"{}")
                    time.sleep(0.01)
            os._exit(0)
        os.wait()
        return a + b
    ### 36: a listener on the loopback, abstract sockets
    import os, socket, time
    listener = socket.create_server(("127.0.0.1", 40404))
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind("\\0left")
    abstract.listen()
    if not os.fork():
        os.setsid()
        time.sleep(600)
    """,
    after=LOOK,
    fresh_slot=True,
)

_MEMORY = sheet(
    _FORK,
    """
    ### 36: variables, modules and functions of the process
    import builtins, os, sys
    os.environ["LEFT"] = "1"
    os.putenv("LEFT", "1")
    sys.modules["left"] = os.left = builtins.len
    os.umask(0o777)
    sys.path.insert(0, "/dev/shm")
    ### own: limits and settings of the process
    import os, resource, signal, sys
    for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC, resource.RLIMIT_STACK):
        try:
            resource.setrlimit(kind, (4, 4))
        except (OSError, ValueError):
            pass
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    sys.setrecursionlimit(100)
    """,
    after=LOOK,
) + tries(
    "seccomp: System V objects and queues by call cannot be made",
    """
    ### 36: shared memory, semaphores and queues of System V, POSIX queues
    for name, number in (("shmget", 29), ("semget", 64), ("msgget", 68)):
        tried(name, system_call, number, 0x4C454654, 4096, 0o1666)
    attributes = (ctypes.c_long * 8)(0, 10, 64, 0)
    tried("mq_open", system_call, 240, ctypes.c_char_p(b"left"), os.O_CREAT | os.O_RDWR, 0o666, ctypes.addressof(attributes))
    tried("keyctl", system_call, 250, 0, -3, 1)
    tried("add_key", system_call, 248, ctypes.c_char_p(b"user"), ctypes.c_char_p(b"left"), ctypes.c_char_p(b"x"), 1, -4)
    """,
    after=LOOK,
)

ATTACKS = (*_FILES, *_ROOM, *_TOP, *_PROCESSES, *_MEMORY)
