"""All that a saved test may name: what is not in these tables it may not use."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from types import MappingProxyType

from pytest_supercharger.purity import PATH_WRITES, REFUSED_ATTRIBUTES, REFUSED_NAMES, words

__all__ = ["ATTRIBUTES", "BUILTINS", "EXPECTED", "ITEMS", "MODULES", "NEVER", "PARAMETER", "PYTEST"]

# Exceptions that are expected and never raised.
EXPECTED = frozenset({"SystemExit", "KeyboardInterrupt"})
_EXCEPTIONS = frozenset(
    name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)
) - (EXPECTED | {"BaseException", "GeneratorExit"})

BUILTINS = _EXCEPTIONS | words(
    "abs all any ascii bin bool bytearray bytes callable chr complex dict divmod enumerate filter float format "
    "frozenset hash hex int isinstance issubclass iter len list map max min next object oct ord pow range repr "
    "reversed round set slice sorted str sum tuple type zip NotImplemented"
)

# Functions, classes and constants one by one: modules hold other modules, such as `re.enum.sys`.
MODULES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "array": words("array"),
        "asyncio": words(
            "CancelledError Event InvalidStateError Lock Queue QueueEmpty QueueFull Semaphore TimeoutError create_task "
            "gather run sleep wait_for"
        ),
        "base64": words(
            "b16decode b16encode b32decode b32encode b64decode b64encode urlsafe_b64decode urlsafe_b64encode"
        ),
        "bisect": words("bisect bisect_left bisect_right insort insort_left insort_right"),
        "cmath": words("exp inf infj isclose isfinite isinf isnan log nan nanj phase pi polar rect sqrt tau"),
        "collections": words("ChainMap Counter OrderedDict UserDict UserList defaultdict deque"),
        "collections.abc": words(
            "AsyncIterator Awaitable Callable Collection Container Coroutine Generator Hashable ItemsView Iterable "
            "Iterator KeysView Mapping MutableMapping MutableSequence MutableSet Sequence Set Sized ValuesView"
        ),
        "copy": words("copy deepcopy"),
        "dataclasses": words("FrozenInstanceError asdict astuple is_dataclass replace"),
        "datetime": words("MAXYEAR MINYEAR UTC date datetime time timedelta timezone"),
        "decimal": words(
            "Decimal DivisionByZero InvalidOperation Overflow ROUND_05UP ROUND_CEILING ROUND_DOWN ROUND_FLOOR "
            "ROUND_HALF_DOWN ROUND_HALF_EVEN ROUND_HALF_UP ROUND_UP"
        ),
        "fractions": words("Fraction"),
        "functools": words("cmp_to_key partial reduce"),
        "heapq": words("heapify heappop heappush heappushpop heapreplace merge nlargest nsmallest"),
        "html": words("escape unescape"),
        "inspect": words(
            "isasyncgen isasyncgenfunction isawaitable isclass iscoroutine iscoroutinefunction isfunction isgenerator "
            "isgeneratorfunction"
        ),
        "io": words("BytesIO StringIO"),
        "itertools": words(
            "accumulate chain combinations combinations_with_replacement compress count cycle dropwhile filterfalse "
            "groupby islice pairwise permutations product repeat starmap takewhile tee zip_longest"
        ),
        "json": words("JSONDecodeError dumps loads"),
        "math": words(
            "acos acosh asin asinh atan atan2 atanh ceil comb copysign cos cosh degrees dist e erf erfc exp expm1 fabs "
            "factorial floor fmod frexp fsum gamma gcd hypot inf isclose isfinite isinf isnan isqrt lcm ldexp lgamma "
            "log log10 log1p log2 modf nan nextafter perm pi pow prod radians remainder sin sinh sqrt tan tanh tau "
            "trunc ulp"
        ),
        "numbers": words("Complex Integral Number Rational Real"),
        "operator": words(
            "add and_ concat contains eq floordiv ge getitem gt inv invert is_ is_not itemgetter le lshift lt matmul "
            "mod mul ne neg not_ or_ pos pow rshift sub truediv truth xor"
        ),
        "re": words(
            "A ASCII DOTALL I IGNORECASE M MULTILINE S VERBOSE X compile error escape findall finditer fullmatch match "
            "search split sub subn"
        ),
        "statistics": words(
            "StatisticsError fmean geometric_mean harmonic_mean mean median median_high median_low mode multimode "
            "pstdev pvariance quantiles stdev variance"
        ),
        "string": words(
            "ascii_letters ascii_lowercase ascii_uppercase digits hexdigits octdigits printable punctuation whitespace"
        ),
        "struct": words("calcsize error pack unpack"),
        "sys": words("float_info maxsize maxunicode"),
        "textwrap": words("dedent fill indent shorten wrap"),
        "types": words("AsyncGeneratorType CoroutineType GeneratorType MappingProxyType NoneType SimpleNamespace"),
        "unicodedata": words("category combining name normalize"),
        "uuid": words("UUID"),
        "zoneinfo": words("ZoneInfo ZoneInfoNotFoundError"),
    }
)
ITEMS = frozenset(f"{module}.{name}" for module, names in MODULES.items() for name in names)
PARAMETER = "given_"  # what the names of parameters begin with
PYTEST = words("approx param raises warns")  # to be called on the spot

_TYPES = (str, bytes, bytearray, int, float, complex, list, tuple, dict, set, frozenset, range, slice)
_METHODS = {name for type_ in _TYPES for name in vars(type_) if not name.startswith("_")}
# Of what the functions above give: dates, decimals, fractions, matches, queues, text streams, tasks, what was raised.
_MORE = words(
    "appendleft args as_integer_ratio as_tuple astimezone automatic cancel cancelled category clear combine ctime "
    "date day days done elements end err errno exception expand expected extendleft fold fromisocalendar "
    "fromisoformat fromordinal fromtimestamp fullmatch get_nowait getvalue group groupdict groups hour is_finite "
    "is_infinite is_nan is_set is_signed is_zero isocalendar isoformat isoweekday lastgroup lastindex "
    "limit_denominator locked match max maxlen message microsecond microseconds min minute month most_common "
    "move_to_end name normalize now out pattern popleft put put_nowait qsize quantize read readline readlines "
    "readouterr rotate search second seconds seek send set_result span start stop strftime strptime sub subtract "
    "task_done tell throw time timestamp timetuple to_integral_value today total_seconds type typename tzinfo "
    "tzname utcoffset value weekday write writelines year zfill "
)
# Text templates read attributes by names of their own.
ATTRIBUTES = (_METHODS | _MORE) - {"format", "format_map"}
# Also where the user's own classes have them: the same name may lead elsewhere on another value.
NEVER = (
    REFUSED_ATTRIBUTES
    | REFUSED_NAMES
    | PATH_WRITES
    | words(
        "format format_map mark frame tb traceback modules builtins importlib loader register with_traceback func "
        "get_loop getsource stack"
    )
)
