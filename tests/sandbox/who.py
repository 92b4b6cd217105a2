"""What tests and candidates can find out about the user they are, in every environment."""

from __future__ import annotations

__all__ = ["WHO"]

WHO = """
import getpass, grp, os, pwd, socket

def who():
    me = pwd.getpwuid(os.getuid())
    assert me.pw_uid >= 10050
    assert getpass.getuser() == os.environ["LOGNAME"] == me.pw_name
    assert pwd.getpwnam(getpass.getuser()).pw_uid == os.getuid()
    assert grp.getgrgid(os.getgid()).gr_name == me.pw_name
    assert os.path.expanduser("~") == os.path.expanduser(f"~{me.pw_name}") == "/tmp"
    assert socket.gethostbyname("localhost") == socket.gethostbyname(socket.gethostname()) == "127.0.0.1"
    assert not os.access("/etc/hosts", os.W_OK) and not os.access("/etc/passwd", os.W_OK)
    return me.pw_uid
"""
