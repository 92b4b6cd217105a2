"""Which standard-library modules a candidate may import freely, and why; docs/effects.md shows the same tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["GUARDED", "PURE", "PureModule"]


@dataclass(frozen=True, slots=True)
class PureModule:
    """Why a module is harmless, which of its submodules are as well, and which of its names are not."""

    reason: str
    submodules: str = ""
    refused: str = ""


_ASYNCIO_INSIDES = (
    "base_events base_futures base_subprocess base_tasks constants coroutines events format_helpers futures graph log "
    "mixins proactor_events protocols runners selector_events sslproto staggered streams subprocess threads tools "
    "transports trsock unix_events windows_events windows_utils "
    "set_event_loop set_event_loop_policy"
)

PURE: Mapping[str, PureModule] = MappingProxyType(
    {
        "__future__": PureModule("switches of the compiler"),
        "abc": PureModule("declares abstract classes"),
        "array": PureModule("arrays of numbers in memory; reads and writes only file objects it is given"),
        "asyncio": PureModule(
            "coroutines, tasks, locks, queues; processes, sockets, signals and threads are refused by name",
            submodules="exceptions locks queues tasks taskgroups timeouts",
            refused=_ASYNCIO_INSIDES,
        ),
        "base64": PureModule("encodes bytes", refused="main test"),
        "binascii": PureModule("encodes bytes"),
        "bisect": PureModule("searches sorted lists"),
        "calendar": PureModule(
            "computes calendars",
            refused="LocaleHTMLCalendar LocaleTextCalendar different_locale main setfirstweekday",
        ),
        "cmath": PureModule("complex numbers"),
        "collections": PureModule("containers", submodules="abc"),
        "colorsys": PureModule("converts colours"),
        "contextlib": PureModule(
            "builds context managers and opens nothing by itself", refused="chdir redirect_stderr redirect_stdout"
        ),
        "copy": PureModule("copies values, by their own methods"),
        "dataclasses": PureModule("declares classes; compiles only names that it checks", refused="make_dataclass"),
        "datetime": PureModule("dates; reads the clock"),
        "decimal": PureModule(
            "decimal numbers; the context of a thread is not for a function to set", refused="getcontext setcontext"
        ),
        "difflib": PureModule("compares sequences"),
        "email.utils": PureModule("dates and addresses of mail; no look-up of names", refused="make_msgid"),
        "enum": PureModule("declares enumerations", refused="bltns global_enum"),
        "fractions": PureModule("rational numbers"),
        "functools": PureModule("wraps and combines functions"),
        "graphlib": PureModule("sorts graphs"),
        "hashlib": PureModule("digests of bytes, or of a file object it is given"),
        "heapq": PureModule("heaps in lists"),
        "hmac": PureModule("digests with a key"),
        "html": PureModule("escapes and parses text", submodules="entities parser"),
        "itertools": PureModule("iterators"),
        "json": PureModule("text to values and back", submodules="decoder encoder scanner", refused="tool"),
        "math": PureModule("numbers"),
        "numbers": PureModule("abstract classes of numbers"),
        "operator": PureModule("operators as functions; names of attributes must be constants"),
        "random": PureModule("random numbers; `seed` changes the state of this module alone"),
        "re": PureModule("searches text; may take long"),
        "secrets": PureModule("random bytes of the system"),
        "shlex": PureModule("quotes and splits text; a `shlex` object can open files", refused="shlex"),
        "statistics": PureModule("means and spreads"),
        "string": PureModule("constants and templates; formats that are made up at run time are refused"),
        "struct": PureModule("packs bytes"),
        "textwrap": PureModule("fills and indents text"),
        "time": PureModule(
            "reads clocks and waits",
            refused="clock_settime clock_settime_ns pthread_getcpuclockid tzset",
        ),
        "types": PureModule("names of types", refused="CodeType new_class prepare_class"),
        "typing": PureModule(
            "annotations; those written as text may not be evaluated",
            refused="ForwardRef evaluate_forward_ref get_type_hints",
        ),
        "unicodedata": PureModule("properties of characters"),
        "urllib.parse": PureModule("takes addresses apart"),
        "uuid": PureModule(
            "identifiers; not those that ask the machine, which may start programs", refused="getnode main uuid1 uuid6"
        ),
        "warnings": PureModule(
            "warns; filters belong to the user, and what formats a warning reads source files",
            refused="WarningMessage filterwarnings formatwarning resetwarnings showwarning simplefilter warn_explicit",
        ),
        "zlib": PureModule("compresses bytes"),
        "zoneinfo": PureModule("reads the time zones of the system", refused="reset_tzpath"),
    }
)

# An import of one of these says nothing about what else of it the module would have: each attribute counts by itself.
GUARDED: Mapping[str, str] = MappingProxyType(
    {
        "files and folders": (
            "os posix nt posixpath ntpath genericpath shutil pathlib tempfile io codecs fileinput mmap pickle marshal "
            "shelve dbm zipfile tarfile linecache"
        ),
        "processes, threads and signals": "subprocess multiprocessing concurrent signal pty fcntl resource atexit",
        "the interpreter": "sys builtins importlib runpy ctypes inspect gc site code codeop pkgutil",
        "the network": ("socket ssl socketserver http urllib ftplib smtplib poplib imaplib xmlrpc webbrowser"),
    }
)
