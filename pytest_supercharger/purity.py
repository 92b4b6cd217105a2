"""What is harmless in a candidate, and what never is unless the user's module does it too."""

from __future__ import annotations

import sys

from pytest_supercharger.pure_modules import GUARDED, PURE

__all__ = [
    "GUARDED_MODULES",
    "HARMLESS_PAIRS",
    "OURS",
    "PATH_WRITES",
    "PLAIN_DUNDERS",
    "PURE_MODULES",
    "PURE_SUBMODULES",
    "REFUSED_ATTRIBUTES",
    "REFUSED_METHODS",
    "REFUSED_NAMES",
    "REFUSED_OF_PURE",
    "is_dunder",
    "is_impure",
    "words",
]


def words(text: str) -> frozenset[str]:
    """A set that reads as a list."""
    return frozenset(text.split())


OURS = "pytest_supercharger"  # imported by whoever has a stub, for the marker; it starts programs and writes files
PURE_MODULES = frozenset(PURE)
PURE_SUBMODULES = frozenset(f"{name}.{sub}" for name, module in PURE.items() for sub in module.submodules.split())
# Of modules that are harmless otherwise.
REFUSED_OF_PURE = frozenset(f"{name}.{taken}" for name, module in PURE.items() for taken in module.refused.split())
GUARDED_MODULES = frozenset(name for names in GUARDED.values() for name in names.split())
HARMLESS_PAIRS = words(
    "os.path os.fspath os.sep os.altsep os.pathsep os.linesep os.extsep os.curdir os.pardir os.PathLike "
    "sys.maxsize sys.maxunicode sys.version_info sys.platform sys.byteorder sys.float_info sys.int_info sys.intern "
    "sys.getsizeof pathlib.Path pathlib.PurePath pathlib.PurePosixPath pathlib.PureWindowsPath "
    "io.StringIO io.BytesIO urllib.parse http.HTTPStatus inspect.cleandoc"
)
# Of paths, where the module knows paths at all; `replace` has so many honest owners that its call is looked at.
PATH_WRITES = words(
    "write_text write_bytes unlink rmdir mkdir rename touch chmod lchmod symlink_to hardlink_to link_to open"
)
REFUSED_NAMES = words(
    "open eval exec compile __import__ input breakpoint globals locals vars exit quit help copyright credits license "
    "SystemExit KeyboardInterrupt __builtins__ __loader__ __spec__ __file__"
)
REFUSED_ATTRIBUTES = words(
    # frames and code objects
    "f_back f_globals f_locals f_builtins f_code gi_frame gi_code cr_frame cr_code ag_frame ag_code tb_frame tb_next "
    # processes and sockets behind asyncio
    "create_subprocess_exec create_subprocess_shell subprocess_exec subprocess_shell open_connection "
    "open_unix_connection start_server start_unix_server create_server create_connection run_in_executor "
    "to_thread urlopen create_datagram_endpoint create_unix_connection create_unix_server sock_connect getaddrinfo "
    "connect_read_pipe connect_write_pipe connect_accepted_socket sock_accept sock_recv sock_recv_into sock_recvfrom "
    "sock_recvfrom_into sock_sendall sock_sendfile sock_sendto start_tls getnameinfo add_reader add_writer "
    "add_signal_handler set_default_executor set_exception_handler set_task_factory set_debug make_msgid "
    "_add_reader _add_writer _selector _make_socket_transport _make_subprocess_transport _make_read_pipe_transport "
    "_make_write_pipe_transport _make_datagram_transport "
    # run text as code, or read any attribute by a name made up at run time
    "get_type_hints evaluate_forward_ref ForwardRef CodeType get_field vformat sourcehook _convert_ "
    # of os and sys: also where the module uses them for something harmless
    "_exit abort system popen fork forkpty kill killpg execv execve execl execle execlp execvp execvpe posix_spawn "
    "_getframe settrace setprofile addaudithook setrecursionlimit"
)
# In a class of the candidate: run when nobody looks, or say what runs when a value is unpickled.
REFUSED_METHODS = words("__del__ __reduce__ __reduce_ex__ __getattribute__")
PLAIN_DUNDERS = words(
    "__name__ __qualname__ __doc__ __init__ __new__ __post_init__ __init_subclass__ __call__ __len__ __iter__ __next__ "
    "__aiter__ __anext__ __enter__ __exit__ __aenter__ __aexit__ __await__ __getitem__ __setitem__ __delitem__ "
    "__contains__ __reversed__ __missing__ __repr__ __str__ __bytes__ __format__ __hash__ __bool__ __eq__ __ne__ "
    "__lt__ __le__ __gt__ __ge__ __add__ __radd__ __iadd__ __sub__ __rsub__ __isub__ __mul__ __rmul__ __imul__ "
    "__matmul__ __truediv__ __rtruediv__ __floordiv__ __rfloordiv__ __mod__ __rmod__ __divmod__ __pow__ __rpow__ "
    "__and__ __or__ __xor__ __rand__ __ror__ __rxor__ __lshift__ __rshift__ __neg__ __pos__ __abs__ __invert__ "
    "__int__ __float__ __complex__ __index__ __round__ __trunc__ __floor__ __ceil__ __members__ __version__ "
    "__debug__"
)


def is_impure(name: str) -> bool:
    """Whether this is our package, or a module of Python's that reaches beyond values; private aliases included."""
    plain = name.lstrip("_")
    return plain == OURS or (plain in sys.stdlib_module_names and plain not in PURE_MODULES)


def is_dunder(name: str) -> bool:
    """Whether Python itself gives this name its meaning."""
    return len(name) > 4 and name.startswith("__") and name.endswith("__")
