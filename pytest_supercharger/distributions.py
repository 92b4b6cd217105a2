"""Which distribution brings a module, where that is well known; names that were looked up, not guessed.

Models write imports of packages that do not exist, and others register those names. So a name that is not in here is
never fetched unless the user gives it.
"""

from __future__ import annotations

import re

__all__ = ["KNOWN", "is_distribution", "same"]

# Where the module has another name than what is installed.
_OTHER = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "Crypto": "pycryptodome",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "faiss": "faiss-cpu",
    "fitz": "PyMuPDF",
    "git": "GitPython",
    "grpc": "grpcio",
    "hydra": "hydra-core",
    "igraph": "python-igraph",
    "jose": "python-jose",
    "jwt": "PyJWT",
    "kafka": "kafka-python",
    "Levenshtein": "python-Levenshtein",
    "magic": "python-magic",
    "markdown": "Markdown",
    "MySQLdb": "mysqlclient",
    "nacl": "PyNaCl",
    "OpenSSL": "pyOpenSSL",
    "ahocorasick": "pyahocorasick",
    "PIL": "Pillow",
    "pkg_resources": "setuptools",
    "pptx": "python-pptx",
    "psycopg2": "psycopg2-binary",
    "ruamel": "ruamel.yaml",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "slugify": "python-slugify",
    "socks": "PySocks",
    "usb": "pyusb",
    "websocket": "websocket-client",
    "win32api": "pywin32",
    "yaml": "PyYAML",
    "zmq": "pyzmq",
}
# Where it has the same.
_SAME = """
    aiofiles aiohttp anyio asyncpg babel boltons cachetools cattrs certifi chardet charset_normalizer click
    colorama construct cryptography cycler deepdiff dill distlib emoji faker fastapi filelock flask fsspec ftfy
    gmpy2 h5py httpx humanize hypothesis idna inflect inflection iniconfig intervaltree isodate jellyfish jinja2
    jmespath joblib jsonpatch jsonpointer jsonschema lark lxml markupsafe matplotlib more_itertools mpmath
    msgpack multidict mypy_extensions natsort networkx numba numexpr numpy openpyxl orjson packaging pandas
    parse parso pathspec pendulum phonenumbers platformdirs pluggy ply polars portion prettytable protobuf
    psutil psycopg pyarrow pydantic pygments pyparsing pyperclip pyrsistent pytest pytz rapidfuzz redis regex
    requests rich scipy seaborn semver setuptools shapely simplejson six sniffio sortedcontainers soupsieve
    sqlalchemy sqlparse starlette statsmodels structlog sympy tabulate tenacity termcolor text_unidecode
    tinycss2 toml tomli tomlkit toolz torch tornado tqdm typing_extensions tzdata tzlocal ujson unidecode
    urllib3 validators watchdog wcwidth webcolors werkzeug wrapt xmltodict xxhash yarl zstandard
"""
KNOWN = {**{name: name.replace("_", "-") for name in _SAME.split()}, **_OTHER}

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


def is_distribution(name: str) -> bool:
    """Whether this can be the name of a distribution, and nothing else: no option, path, address or version."""
    return len(name) <= 100 and _NAME.fullmatch(name) is not None


def same(one: str, other: str) -> bool:
    """Whether two names mean one distribution."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
