"""Attacks that want out of the container or at PID 1; each tells what came of what it tried."""

from __future__ import annotations

from corpus.attack import REFUSALS, sheet, tries
from pytest_supercharger.domain import Verdict

__all__ = ["ATTACKS"]

_STAND = frozenset({Verdict.FAIL, Verdict.TIMEOUT, Verdict.INFRA})
_NO_EFFECT = REFUSALS | {"done", "EINVAL"}

_SIGNALS = (
    *tries(
        "PID namespace: its first process takes no signal from inside",
        """
        ### 28: every signal to PID 1
        for number in range(1, 65):
            tried(f"signal {number}", os.kill, 1, number)
        ### 28: SIGINT and SIGTERM to PID 1, many times
        for _ in range(500):
            os.kill(1, signal.SIGINT)
            os.kill(1, signal.SIGTERM)
        _note("1000 signals", "done")
        ### own: PID 1 is made the owner of a pipe that tells of its data with SIGTERM
        import fcntl
        for number in (0, signal.SIGTERM, signal.SIGKILL):
            left, right = socket.socketpair()
            fcntl.fcntl(left, fcntl.F_SETOWN, 1)
            tried(f"F_SETSIG {int(number)}", fcntl.fcntl, left, 10, int(number))
            fcntl.fcntl(left, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
            for _ in range(100):
                right.send(b"x")
        """,
        _NO_EFFECT,
    ),
    *tries(
        "seccomp: no signal with a sender of one's choice",
        """
        ### own: a SIGTERM that seems to come from outside of the container
        for name, number, *target in (("rt_sigqueueinfo", 129, 1), ("rt_tgsigqueueinfo", 297, 1, 1)):
            info = (ctypes.c_int * 32)(signal.SIGTERM, 0, -1, 0, 0, 0)
            tried(name, system_call, number, *target, int(signal.SIGTERM), ctypes.addressof(info))
        """,
    ),
    *tries(
        "PID 1: a SIGTERM during a job is the job's",
        """
        ### own: a SIGTERM that has lost its sender, as the queue of signals is full
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN, signal.SIGRTMIN + 1])
        for index in range(3000):
            os.kill(os.getpid(), signal.SIGRTMIN + index % 2)
        tried("tgkill", system_call, 234, 1, 1, int(signal.SIGTERM))
        tried("tkill", system_call, 200, 1, int(signal.SIGTERM))
        import time
        time.sleep(0.2)
        """,
        _NO_EFFECT,
    ),
    *sheet(
        "kill: everything but PID 1 belongs to the job",
        """
        ### 28: kill(-1, SIGKILL)
        import os
        def add(a, b):
            os.kill(-1, 9)
            return 0
        ### 28: killpg(0, SIGKILL)
        import os
        def add(a, b):
            os.killpg(0, 9)
            return 0
        ### 28: killpg(0, SIGSTOP)
        import os, signal
        def add(a, b):
            os.killpg(0, signal.SIGSTOP)
            return 0
        ### 28: kill(-1, SIGSTOP) from a child of another session
        import os, signal
        def add(a, b):
            if not os.fork():
                os.setsid()
                os.kill(-1, signal.SIGSTOP)
                os._exit(0)
            os.wait()
            return 0
        """,
        expected=_STAND,
        fresh_slot=True,
    ),
)

_PID_1 = tries(
    "PID 1 is not dumpable; seccomp",
    """
    ### 29: the memory and files of PID 1
    for name in ("mem", "environ", "maps", "auxv", "syscall", "stack", "fd/0", "fd/1", "fdinfo/0", "root/etc/passwd",
                 "cwd/x", "exe", "map_files/x", "ns/pid", "task/1/mem"):
        tried(f"read {name}", lambda: open(f"/proc/1/{name}", "rb").read(1))
    for name in ("mem", "fd/1", "comm", "oom_score_adj", "autogroup", "coredump_filter", "clear_refs", "timerslack_ns",
                 "uid_map", "setgroups", "loginuid", "attr/current"):
        tried(f"write {name}", write, f"/proc/1/{name}", "1")
    tried("list fd", os.listdir, "/proc/1/fd")
    ### 29: ptrace, process_vm_readv, process_vm_writev, pidfd_getfd, process_madvise, kcmp
    memory = ctypes.create_string_buffer(64)
    vector = (ctypes.c_long * 2)(ctypes.addressof(memory), 64)
    pidfd = os.pidfd_open(1)
    for request in (0, 16, 0x4206):
        tried(f"ptrace {request}", system_call, 101, request, 1, 0, 0)
    for name, number in (("process_vm_readv", 310), ("process_vm_writev", 311)):
        tried(name, system_call, number, 1, ctypes.addressof(vector), 1, ctypes.addressof(vector), 1, 0)
    for fd in range(4):
        tried(f"pidfd_getfd {fd}", system_call, 438, pidfd, fd, 0)
    tried("process_madvise", system_call, 440, pidfd, ctypes.addressof(vector), 1, 21, 0)
    tried("pidfd_send_signal", system_call, 424, pidfd, 15, 0, 0)
    tried("process_mrelease", system_call, 448, pidfd, 0)
    tried("kcmp", system_call, 312, 1, os.getpid(), 0, 0, 1)
    ### 30: limits, affinity and priorities of PID 1
    import resource
    tried("prlimit of 1", resource.prlimit, 1, resource.RLIMIT_NOFILE, (3, 3))
    tried("prlimit64 by a large number", system_call, 302, (1 << 32) + 1, 7, 0, 0)
    tried("setpriority", os.setpriority, os.PRIO_PROCESS, 1, 19)
    tried("setpriority of the user", os.setpriority, os.PRIO_USER, os.getuid(), 19)
    tried("setpriority of the group", os.setpriority, os.PRIO_PGRP, os.getpgid(1), 19)
    tried("sched_setaffinity", os.sched_setaffinity, 1, {0})
    tried("sched_setscheduler", os.sched_setscheduler, 1, os.SCHED_IDLE, os.sched_param(0))
    tried("ioprio_set", system_call, 251, 1, 1, 3 << 13)
    tried("ioprio_set of the user", system_call, 251, 3, os.getuid(), 3 << 13)
    tried("setpgid", os.setpgid, 1, 1)
    """,
    REFUSALS | {"EINVAL", "ESRCH", "ENOTDIR", "OverflowError"},
)

_WRITES = tries(
    "read-only root, read-only mounts",
    """
    ### 38: files of the system, the interpreter and our own code
    for path in ("/x", "/etc/passwd", "/etc/x", "/usr/x", "/usr/lib/x", "/snapshot/sums.py", "/snapshot/x", "/root/x", "/var/x",
                 "/supercharger/x", f"{sys.prefix}/x", f"{os.__file__}", f"{sys.executable}", f"{socket.__file__}", "/home/x", "/opt/x"):
        tried(path, write, path)
    ### 38: /proc/sys, /sys and cgroup files
    for path in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/kernel/ns_last_pid", "/proc/sys/vm/drop_caches",
                 "/proc/sys/vm/overcommit_memory", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/modprobe", "/proc/sys/fs/mqueue/msg_max",
                 "/proc/sysrq-trigger", "/proc/kcore", "/proc/kmsg", "/sys/kernel/uevent_helper",
                 "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/release_agent", "/sys/fs/cgroup/pids/pids.max",
                 "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory/cgroup.procs", "/sys/fs/cgroup/devices/devices.allow"):
        tried(path, write, path, "1")
    tried("a group below ours", os.mkdir, "/sys/fs/cgroup/memory/x")
    tried("a group below ours, v2", os.mkdir, "/sys/fs/cgroup/x")
    """,
) + tries(
    "no device but the harmless ones",
    """
    ### own: every place that can be written is known
    import stat
    known = ("/proc", "/tmp", "/dev/shm", "/dev/mqueue", "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty",
             "/dev/ptmx", "/dev/pts", "/dev/fd", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/core")
    mounts = [line.split()[4] for line in open("/proc/self/mountinfo") if " rw," in line and "tmpfs" in line]
    for folder, folders, files in os.walk("/"):
        folders[:] = [n for n in folders if f"{folder.rstrip('/')}/{n}" not in ("/proc", "/sys", "/tmp", "/dev/shm", "/dev/mqueue", *mounts)]
        for name in (".", *files):
            path = os.path.normpath(f"{folder}/{name}")
            mode = os.lstat(path).st_mode
            if os.access(path, os.W_OK) and (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and not path.startswith(known):
                _note(path, "writable")
    """,
)

_KERNEL = tries(
    "seccomp; no capabilities, no new privileges",
    """
    ### 39: new namespaces
    for name, flag in (("user", 0x10000000), ("mount", 0x20000), ("net", 0x40000000), ("pid", 0x20000000), ("ipc", 0x8000000), ("time", 0x80)):
        tried(f"unshare {name}", system_call, 272, flag)
        if name != "time":
            tried(f"clone {name}", system_call, 56, flag | 17, 0, 0, 0, 0)
    tried("setns", system_call, 308, os.open("/proc/self/ns/net", os.O_RDONLY), 0)
    tried("clone3", system_call, 435, ctypes.addressof((ctypes.c_long * 11)(0x10000000)), 88)
    ### 39: mounts, roots, modules, the machine
    for name, number in (("mount", 165), ("umount2", 166), ("pivot_root", 155), ("chroot", 161), ("open_tree", 428), ("move_mount", 429),
                         ("fsopen", 430), ("init_module", 175), ("finit_module", 313), ("kexec_load", 246), ("reboot", 169), ("swapon", 167),
                         ("sethostname", 170), ("iopl", 172), ("settimeofday", 164), ("acct", 163), ("quotactl", 179), ("syslog", 103),
                         ("open_by_handle_at", 304), ("name_to_handle_at", 303), ("lookup_dcookie", 212), ("mount_setattr", 442)):
        tried(name, system_call, number, 0, 0, 0, 0, 0)
    ### 39: keyctl, bpf, userfaultfd, perf, personality, io_uring, fanotify and other wide doors
    for name, number in (("keyctl", 250), ("add_key", 248), ("request_key", 249), ("bpf", 321), ("userfaultfd", 323), ("perf_event_open", 298),
                         ("personality", 135), ("io_uring_setup", 425), ("io_uring_enter", 426), ("io_uring_register", 427), ("fanotify_init", 300),
                         ("io_setup", 206), ("memfd_secret", 447), ("process_madvise", 440), ("move_pages", 279), ("migrate_pages", 256),
                         ("modify_ldt", 154), ("vhangup", 153), ("uselib", 134), ("ustat", 136), ("sysfs", 139), ("_sysctl", 156), ("shmget", 29),
                         ("semget", 64), ("msgget", 68), ("mq_open", 240), ("set_mempolicy", 238), ("kcmp", 312), ("map_shadow_stack", 453)):
        tried(name, system_call, number, 0, 0, 0, 0, 0)
    ### 39: privileges are gone for good
    status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
    for name, wanted in (("NoNewPrivs", 1), ("CapEff", 0), ("CapPrm", 0), ("CapInh", 0), ("CapBnd", 0), ("CapAmb", 0), ("Seccomp", 2)):
        if int(status[name], 16) != wanted:
            _note(f"{name} is {status[name]}", "done")
    for name, number in (("setuid", 105), ("setgid", 106), ("setreuid", 113), ("setfsuid to root", 122)):
        result = _libc.syscall(number, 0, 0)
        if os.getuid() == 0 or os.geteuid() == 0:
            _note(name, "done")
    tried("chown", lambda: (write("/tmp/p/own"), os.chown("/tmp/p/own", 0, 0)))
    tried("mknod", os.mknod, "/tmp/p/disk", 0o60600, os.makedev(8, 0))
    # Files in /tmp can be run, as those of the project can; a setuid bit on one gives nothing.
    write("/tmp/p/program", '''#!/bin/sh
    while read -r name real effective rest; do
        case $name in
            Uid:|Gid:) [ "$real" = "$effective" ] || exit 7 ;;
            CapPrm:|CapEff:) [ "$real" = 0000000000000000 ] || exit 8 ;;
        esac
    done < /proc/$$/status
    exit 9
    ''')
    os.chmod("/tmp/p/program", 0o6755)
    pid = os.fork()
    if not pid:
        os.execv("/tmp/p/program", ["program"])
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status != 9:
        _note(f"a setuid program in /tmp ends with {status}", "done")
    for name in ("su", "sudo", "mount", "passwd", "newgrp", "chsh"):
        path = f"/usr/bin/{name}"
        if os.path.exists(path):
            pid = os.fork()
            if not pid:
                null = os.open("/dev/null", os.O_RDWR)
                os.execv(path, [path, "--version"])
            os.waitpid(pid, 0)
    """,
    REFUSALS | {"EINVAL"},
)

_DIES = sheet(
    "kill: the job dies, PID 1 stays",
    """
    ### 41: SIGSEGV through ctypes
    import ctypes
    def add(a, b):
        return ctypes.string_at(0)
    ### 41: the C stack overflows
    import sys
    sys.setrecursionlimit(1 << 30)
    def add(a, b):
        value = []
        for _ in range(500_000):
            value = [value]
        return repr(value)
    ### 41: abort
    import os
    def add(a, b):
        os.abort()
    ### 41: SIGBUS from a file that was cut
    import mmap, os
    def add(a, b):
        with open("/dev/shm/cut", "w+b") as stream:
            stream.truncate(1 << 20)
            view = mmap.mmap(stream.fileno(), 1 << 20)
            stream.truncate(0)
            return view[4096]
    ### 41: SIGILL and SIGTRAP
    import os, signal
    def add(a, b):
        os.kill(os.getpid(), signal.SIGILL if a == 2 else signal.SIGTRAP)
        return 0
    """,
    expected=_STAND,
    fresh_slot=True,
)

ATTACKS = (*_SIGNALS, *_PID_1, *_WRITES, *_KERNEL, *_DIES)
