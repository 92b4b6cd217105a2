"""What an answer may forget to import and still be clear about: standard-library names that mean one thing."""

from __future__ import annotations

import sys

__all__ = ["NETWORK_MODULES", "import_for", "is_stdlib", "namesake", "star_import"]

_CLEAR = {
    "abc": "ABC abstractmethod",
    "bisect": "bisect_left bisect_right insort insort_left insort_right",
    "collections": "ChainMap Counter OrderedDict defaultdict deque namedtuple",
    "contextlib": "contextmanager asynccontextmanager suppress redirect_stdout ExitStack",
    "copy": "deepcopy",
    "dataclasses": "dataclass asdict astuple",
    "datetime": "timedelta",
    "decimal": "Decimal ROUND_HALF_UP ROUND_DOWN ROUND_HALF_EVEN InvalidOperation",
    "enum": "Enum IntEnum",
    "fractions": "Fraction",
    "functools": "cmp_to_key lru_cache partial reduce total_ordering wraps",
    "heapq": "heapify heappop heappush heappushpop heapreplace nlargest nsmallest",
    "itertools": (
        "accumulate chain combinations combinations_with_replacement dropwhile groupby islice pairwise permutations "
        "product starmap takewhile zip_longest"
    ),
    "math": "ceil comb factorial floor gcd hypot inf isclose isnan isqrt lcm pi prod sqrt",
    "operator": "attrgetter itemgetter methodcaller",
    "pathlib": "Path PurePath PurePosixPath",
    "string": "ascii_letters ascii_lowercase ascii_uppercase hexdigits",
    "types": "MappingProxyType SimpleNamespace",
    "typing": (
        "Any Awaitable Callable ClassVar Dict Final FrozenSet Generator Generic Iterable Iterator List Literal Mapping "
        "MutableMapping NamedTuple Optional Protocol Sequence Set Tuple Type TypedDict TypeVar Union cast"
    ),
}
_HOME = {name: module for module, names in _CLEAR.items() for name in names.split()}
# A star import is resolved only for modules whose names cannot depend on the machine.
_STAR = frozenset({"collections", "functools", "heapq", "itertools", "math", "operator", "re", "string", "typing"})
_SUBMODULES = frozenset(
    {
        "collections.abc",
        "concurrent.futures",
        "email.utils",
        "html.parser",
        "importlib.metadata",
        "importlib.resources",
        "importlib.util",
        "json.decoder",
        "logging.handlers",
        "os.path",
        "unittest.mock",
        "urllib.error",
        "urllib.parse",
        "urllib.request",
        "xml.etree.ElementTree",
        "xml.sax.saxutils",
    }
)
# Modules that hold something of their own name: which of the two a name means shows in what is read from it.
_NAMESAKES = frozenset({"copy", "datetime", "glob", "pprint", "random", "time"})
_DATETIME_MODULE = frozenset({"date", "datetime", "time", "timedelta", "timezone", "tzinfo", "UTC"})

NETWORK_MODULES = frozenset(
    {
        "aiohttp",
        "ftplib",
        "http",
        "httpx",
        "imaplib",
        "nntplib",
        "paramiko",
        "poplib",
        "requests",
        "selenium",
        "smtplib",
        "socket",
        "socketserver",
        "ssl",
        "telnetlib",
        "urllib3",
        "websocket",
        "websockets",
        "xmlrpc",
    }
)


def is_stdlib(module: str) -> bool:
    """Tell whether the dotted name belongs to the standard library."""
    return module.partition(".")[0] in sys.stdlib_module_names


def import_for(name: str, attributes: frozenset[str], *, only_attributes: bool) -> str | None:
    """Return the import that `name` clearly stands for; None when it is not clear.

    `attributes` are the dotted chains read from it ("path.join"); `only_attributes`: it is never used in another way.
    """
    if name == "datetime":
        heads = {chain.partition(".")[0] for chain in attributes}
        module = only_attributes and heads <= _DATETIME_MODULE
        return "import datetime" if module else "from datetime import datetime"
    if name in _HOME:
        return f"from {_HOME[name]} import {name}"
    if name.startswith("_") or name not in sys.stdlib_module_names or not only_attributes:
        return None
    for chain in sorted(attributes, key=len, reverse=True):
        parts = chain.split(".")
        for size in range(len(parts), 0, -1):
            dotted = ".".join([name, *parts[:size]])
            if dotted in _SUBMODULES:
                return f"import {dotted}"
    return f"import {name}"


def star_import(module: str, name: str) -> str | None:
    """Return the import that `from module import *` gives for `name`, None when it gives none or is not known."""
    if module not in _STAR:
        return None
    # Only modules of the fixed list above, which the interpreter itself ships.
    found = __import__(module)
    return f"from {module} import {name}" if not name.startswith("_") and hasattr(found, name) else None


def namesake(ours: str, name: str, attributes: frozenset[str], *, plain: bool) -> str:
    """Return the import that code means which cannot mean ours (`from time import time`, and `time.sleep` is read).

    `plain`: the name is also used in another way than `name.attribute`. "" where ours will do.
    """
    if name not in _NAMESAKES:
        return ""
    module = __import__(name)  # of the fixed list above, which the interpreter itself ships
    heads = {chain.partition(".")[0] for chain in attributes}
    in_module, in_member = heads <= set(dir(module)), heads <= set(dir(getattr(module, name)))
    if ours == f"from {name} import {name}" and heads and in_module and not in_member and not plain:
        return f"import {name}"
    if ours == f"import {name}" and in_member and (plain or not in_module):
        return f"from {name} import {name}"
    return ""
