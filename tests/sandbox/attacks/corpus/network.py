"""Attacks that want a network, or a kind of socket that reaches beyond the container."""

from __future__ import annotations

from corpus.attack import REFUSALS, tries

__all__ = ["ATTACKS"]

_UNREACHABLE = REFUSALS | {"ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "-2", "-3", "ECONNREFUSED"}

_ROUTES = tries(
    "network namespace with loopback alone",
    """
    ### 37: TCP and UDP, IPv4 and IPv6, the metadata address
    for host, port in (("198.51.100.1", 80), ("169.254.169.254", 80), ("172.17.0.1", 2375), ("10.0.0.1", 22), ("2001:db8::1", 443)):
        tried(f"TCP {host}", lambda: socket.create_connection((host, port), timeout=1))
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        tried(f"UDP {host}", lambda: socket.socket(family, socket.SOCK_DGRAM).sendto(b"x", (host, 53)))
    group = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    tried("multicast", group.sendto, b"x", ("224.0.0.1", 5353))
    group.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    tried("broadcast", group.sendto, b"x", ("255.255.255.255", 5353))
    ### 37: names are not resolved
    for name in ("example.org", "metadata.google.internal", "host.docker.internal"):
        tried(name, socket.getaddrinfo, name, 80)
    ### 37: the socket of the engine, and abstract sockets of the host
    for path in ("/var/run/docker.sock", "/run/docker.sock", "/run/dbus/system_bus_socket", "\\0/tmp/.X11-unix/X0", "\\0/containerd-shim"):
        tried(repr(path), lambda: socket.socket(socket.AF_UNIX).connect(path))
    ### 37: interfaces and routes
    for line in open("/proc/net/dev").read().splitlines()[2:]:
        if line.split(":")[0].strip() != "lo":
            _note(line.split(":")[0].strip(), "seen")
    for line in open("/proc/net/route").read().splitlines()[1:]:
        _note(line.split()[0], "seen")
    """,
    _UNREACHABLE,
)

_FAMILIES = tries(
    "seccomp: UNIX, INET and INET6 are the only families",
    """
    ### 37: every other family of sockets
    for family in range(64):
        if family not in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
                tried(f"{family}/{int(kind)}", lambda: socket.socket(family, kind))
    ### 37: AF_VSOCK, AF_ALG, AF_PACKET, AF_NETLINK by name
    for name in ("AF_VSOCK", "AF_ALG", "AF_PACKET", "AF_NETLINK", "AF_BLUETOOTH", "AF_CAN", "AF_TIPC", "AF_KEY", "AF_QIPCRTR"):
        if hasattr(socket, name):
            for kind in (socket.SOCK_STREAM, socket.SOCK_RAW, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
                tried(f"{name}/{int(kind)}", lambda: socket.socket(getattr(socket, name), kind))
    ### 37: raw sockets
    for family in (socket.AF_INET, socket.AF_INET6):
        for protocol in (1, 6, 17, 58, 255):
            tried(f"raw {family}/{protocol}", lambda: socket.socket(family, socket.SOCK_RAW, protocol))
    ### own: a family with bits where the kernel does not look
    for family in (40, 38, 16, 17):
        tried(f"socket {family}", system_call, 41, family | 1 << 32, 1, 0)
    pair = (ctypes.c_int * 2)()
    for family in (2, 10, 16, 17, 30, 38, 40):
        for kind in (1, 2, 3, 5):
            tried(f"socketpair {family}/{kind}", system_call, 53, family, kind, 0, ctypes.addressof(pair))
    ### 37: io_uring, which makes sockets past the filter
    parameters = ctypes.create_string_buffer(256)
    tried("io_uring_setup", system_call, 425, 8, ctypes.addressof(parameters))
    """,
    REFUSALS,
)

# The 32-bit table of system calls has one call for all of sockets, which no filter on socket() sees.
_MACHINE = """
import mmap, struct
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
low = mmap.mmap(-1, 4096)
def int80(number, first, second):
    # push rbx; mov eax, edi; mov ebx, esi; mov ecx, edx; int 0x80; pop rbx; ret
    page.seek(0)
    page.write(bytes.fromhex("5389f889f389d1cd805bc3"))
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    result = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_void_p)(address)(number, first, second)
    if result < 0:
        raise OSError(-result, "")
    return result
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
space = _libc.mmap(None, 4096, 3, 0x22 | 0x40, -1, 0)  # MAP_32BIT: its address fits into 32 bits
def guarded(name, number, first, second):
    in_a_child(name, int80, number, first, second)
def in_a_child(name, call, *arguments):
    pid = os.fork()
    if not pid:
        try:
            call(*arguments)
        except OSError as error:
            os._exit(error.errno)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status):
        return _note(name, f"signal {os.WTERMSIG(status)}")
    code = os.WEXITSTATUS(status)
    _note(name, errno.errorcode.get(code, str(code)) if code else "done")
"""

_INT80 = tries(
    "seccomp: the native table of system calls alone",
    "\n### 37: socketcall through int 0x80\n"
    + _MACHINE
    + """
for family in (16, 17, 38, 40, 2):
    (ctypes.c_int * 3).from_address(space)[:] = [family, 1, 0]
    guarded(f"socketcall {family}", 102, 1, space)
### own: getpid, fork and mount through int 0x80
"""
    + _MACHINE
    + """
for name, number in (("getpid", 20), ("mount", 21), ("ptrace", 26), ("unshare", 310)):
    guarded(name, number, 0, 0)
### own: the x32 table of system calls
"""
    + _MACHINE
    + """
for name, number in (("socket", 41), ("getpid", 39), ("ptrace", 521), ("mount", 165)):
    in_a_child(f"x32 {name}", system_call, number | 0x40000000, 16, 3, 0)
""",
    REFUSALS | {"signal 31", "signal 11"},
)

ATTACKS = (*_ROUTES, *_FAMILIES, *_INT80)
