"""Attacks that look for devices, terminals, secrets and the work of others around them."""

from __future__ import annotations

from corpus.attack import REFUSALS, tries

__all__ = ["ATTACKS"]

_DEVICES = tries(
    "no terminal, no device",
    """
    ### 40: /dev/full, /dev/tty, TIOCSTI, disks and memory
    import fcntl, termios
    tried("/dev/full", write, "/dev/full")
    tried("/dev/tty", write, "/dev/tty")
    for fd in range(4):
        tried(f"TIOCSTI {fd}", fcntl.ioctl, fd, termios.TIOCSTI, b"x")
        tried(f"TIOCLINUX {fd}", fcntl.ioctl, fd, 0x541C, b"\\x03")
    for path in ("/dev/sda", "/dev/vda", "/dev/mem", "/dev/kmsg", "/dev/kvm", "/dev/fuse", "/dev/net/tun", "/dev/vsock", "/dev/loop0", "/dev/console"):
        tried(path, lambda: open(path, "rb").read(1))
    ### 40: /dev/random is drained
    left = 1 << 20
    with open("/dev/random", "rb", 0) as stream:
        while left > 0:
            left -= len(stream.read(1 << 16))
    """,
    REFUSALS | {"ENOSPC", "ENXIO", "ENOTTY", "EINVAL", "EIO", "ENODEV"},
)

_SECRETS = tries(
    "nothing of the host or of another job is mounted or passed on",
    """
    ### 42: variables, files and processes of the host
    for name, value in os.environ.items():
        if any(word in name.upper() for word in ("TOKEN", "SECRET", "PASSWORD", "AWS", "SSH", "DOCKER", "CREDENTIAL")):
            _note(name, "variable")
    for path in ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/root/.ssh", "/home", "/etc/shadow", "/etc/hostname.host",
                 "/root/.netrc", "/var/run/secrets", "/run/secrets", "/proc/1/environ", "/snapshot/.env", "/snapshot/.git", "/var/lib/docker"):
        tried(path, lambda: os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1))
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) not in (1, os.getpid()):
            _note(f"process {name}", "seen")
    ### 42: sources of other pairs
    import gc
    for folder in ("/tmp", "/dev/shm", "/dev/mqueue", "/var/tmp", "/run/lock"):
        try:
            for where, folders, files in os.walk(folder):
                for name in files:
                    if not where.startswith("/tmp/p"):
                        _note(f"{where}/{name}", "seen")
        except OSError:
            pass
    """,
)

ATTACKS = (*_DEVICES, *_SECRETS)
