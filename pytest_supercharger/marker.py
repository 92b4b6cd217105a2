"""The `@supercharge` marker and the error an unfilled stub raises; production code imports this, so it imports nothing.

PYTEST_DONT_REWRITE: the marker must behave the same with and without pytest.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it as True; importing `typing` would cost every user of the package
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Sequence
    from typing import Any, TypeVar, overload

    F = TypeVar("F", bound=Callable[..., Any])
else:

    def overload(function):
        """Stand in for `typing.overload`, which is not needed at run time."""
        return function


__all__ = ["OPTIONS", "StubNotFilled", "recorder", "stand_in", "supercharge"]

OPTIONS = ("confidence", "examples", "samples", "uses")

# Set by the sandbox: called with the stub's id each time an unfilled stub is reached.
recorder: Callable[[str], None] | None = None

# Set by the sandbox: makes the function that takes the place of a stub, from the stub and its id.
stand_in: Callable[[Any, str], Any] | None = None

# Set by the sandbox: tells the stubs apart whose module and qualified name are the same.
identify: Callable[[Any, str], str] | None = None

# The values of inspect.CO_GENERATOR and so on; `inspect` alone costs more than this whole package.
_GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x200
_COPIED = ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__", "__type_params__")


class StubNotFilled(NotImplementedError):
    """A stub was called before `pytest --supercharge` wrote its body."""

    def __init__(self, stub_id: str) -> None:
        super().__init__(stub_id)
        self.stub_id = stub_id

    def __str__(self) -> str:
        return (
            f"{self.stub_id} is a stub without a body yet; "
            f"run: pytest --supercharge --supercharge-only {self.stub_id!r}"
        )


@overload
def supercharge(function: F, /) -> F: ...
@overload
def supercharge(  # noqa: F811 - ruff does not know our stand-in for overload
    *,
    confidence: float = ...,
    samples: int = ...,
    uses: Sequence[object] = ...,
    examples: Sequence[object] = ...,
) -> Callable[[F], F]: ...
def supercharge(function: Any = None, /, **options: Any) -> Any:  # noqa: F811 - as above
    """Mark a function or method whose body `pytest --supercharge` is to write.

    It stands directly on the function, below `@property`, `@classmethod` and `@staticmethod`. The options overrule
    the settings for this stub: `confidence` (0 to 1), `samples` (candidates to draw), `uses` (functions the body
    should call) and `examples` (known results). A call of the marked function raises `StubNotFilled`.
    """
    for name in options:
        if name not in OPTIONS:
            raise TypeError(f"supercharge has no option {name!r}; it takes {', '.join(OPTIONS)}")
    return _mark if function is None else _mark(function)


def _mark(function: Any) -> Any:
    if isinstance(function, type):
        raise TypeError(f"supercharge cannot mark the class {function.__name__!r}; put it on the class's methods")
    if isinstance(function, (classmethod, staticmethod, property)):
        raise TypeError(f"supercharge stands above @{type(function).__name__}; put it below, directly on the function")
    if not callable(function):
        raise TypeError(f"supercharge cannot mark {function!r}; put it on a function, and give options by name")
    return _like(function, _wrapper(function))


def _wrapper(function: Any) -> Any:
    """Return a function of the same kind (plain, coroutine, generator) that raises when it runs."""
    stub_id = f"{_text(function, '__module__')}:{_text(function, '__qualname__')}"
    flags = getattr(getattr(function, "__code__", None), "co_flags", 0)
    if identify is not None:
        stub_id = identify(function, stub_id)
    if stand_in is not None:
        return stand_in(function, stub_id)
    place = _place(function)

    def plain(*args: Any, **kwargs: Any) -> Any:
        raise _reached(stub_id, place)

    async def coroutine(*args: Any, **kwargs: Any) -> Any:
        raise _reached(stub_id, place)

    def generator(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        raise _reached(stub_id, place)
        yield

    async def async_generator(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        raise _reached(stub_id, place)
        yield

    if flags & _COROUTINE:
        return coroutine
    if flags & _ASYNC_GENERATOR:
        return async_generator
    return generator if flags & _GENERATOR else plain


def _reached(stub_id: str, place: str) -> StubNotFilled:
    if recorder is not None:
        recorder(stub_id)
    else:
        _tell_parent(stub_id, place)
    return StubNotFilled(stub_id)


def _tell_parent(stub_id: str, place: str) -> None:
    """Note the call in the file that the sandbox names to processes that a project test starts."""
    import sys  # here, as what production code imports brings nothing along; `os` is loaded wherever Python runs

    path = sys.modules["os"].environ.get("PYTEST_SUPERCHARGE_REACHED")
    if not path:
        return
    module, _, qualname = stub_id.partition(":")
    if module == "__main__":  # `python -m NAME`: the stub is known under the name
        module = getattr(getattr(sys.modules[module], "__spec__", None), "name", module)
    try:
        with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123 (pathlib would be an import of every user)
            file.write(f"{module}:{qualname}\t{place}\n")
    except OSError:
        return  # the error that tells of the stub is on its way, and no other may take its place


def _place(function: Any) -> str:
    """Return the line and the file of a function, by which the sandbox tells those of one name apart."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    code = getattr(function, "__code__", None)
    return f"{code.co_firstlineno}\t{code.co_filename}" if code is not None else ""


def _text(function: Any, attribute: str) -> str:
    return str(getattr(function, attribute, None) or type(function).__name__)


def _like(function: Any, wrapper: Any) -> Any:
    """Do what `functools.update_wrapper` does, without importing functools."""
    for name in _COPIED:
        if hasattr(function, name):
            setattr(wrapper, name, getattr(function, name))
    wrapper.__dict__.update(getattr(function, "__dict__", {}))
    wrapper.__wrapped__ = function
    return wrapper
