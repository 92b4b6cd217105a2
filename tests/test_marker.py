"""The marker: harmless to import, loud when called, and the same kind of function as the one it marks."""

from __future__ import annotations

import asyncio
import functools
import inspect
import pickle
import subprocess
import sys
import typing
from pathlib import Path

import pytest

from pytest_supercharger import StubNotFilled, marker, supercharge


@supercharge
def slugify(text: str, *, sep: str = "-") -> str:
    """Make a slug."""
    raise NotImplementedError


@supercharge(confidence=0.9, samples=20, uses=[slugify], examples=[("a", "b")])
def with_options(text: str) -> str:
    """Do something."""
    raise NotImplementedError


class Cart:
    @property
    @supercharge
    def total(self) -> int:
        """The total."""
        raise NotImplementedError

    @classmethod
    @supercharge
    def empty(cls) -> Cart:
        """An empty one."""
        raise NotImplementedError

    @staticmethod
    @supercharge
    def round(value: float) -> int:
        """Round."""
        raise NotImplementedError

    @supercharge
    def add(self, item: str) -> None:
        """Add."""
        raise NotImplementedError


def test_a_call_names_the_stub_and_the_command() -> None:
    with pytest.raises(StubNotFilled) as caught:
        slugify("x")
    assert isinstance(caught.value, NotImplementedError)
    stub_id = f"{__name__}:slugify"
    assert caught.value.stub_id == stub_id
    assert f"pytest --supercharge --supercharge-only '{stub_id}'" in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_options_do_not_change_what_a_call_does() -> None:
    with pytest.raises(StubNotFilled, match="with_options"):
        with_options("x")
    with pytest.raises(StubNotFilled):
        supercharge()(lambda: 1)()


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: Cart().total, "Cart.total"),
        (lambda: Cart.empty(), "Cart.empty"),
        (lambda: Cart().empty(), "Cart.empty"),
        (lambda: Cart.round(1.5), "Cart.round"),
        (lambda: Cart().add("x"), "Cart.add"),
    ],
)
def test_members_of_classes_raise_under_their_qualified_name(call: typing.Callable[[], object], name: str) -> None:
    with pytest.raises(StubNotFilled, match=f":{name} "):
        call()


def test_metadata_is_that_of_the_marked_function() -> None:
    assert slugify.__name__ == slugify.__qualname__ == "slugify"
    assert slugify.__module__ == __name__
    assert slugify.__doc__ == "Make a slug."
    assert str(inspect.signature(slugify)) == "(text: 'str', *, sep: 'str' = '-') -> 'str'"
    assert typing.get_type_hints(slugify) == {"text": str, "sep": str, "return": str}
    assert not inspect.iscoroutinefunction(slugify)


def test_attributes_set_on_the_function_are_kept() -> None:
    def function() -> None: ...

    function.tag = 1  # type: ignore[attr-defined]
    assert supercharge(function).tag == 1  # type: ignore[attr-defined]


def test_a_coroutine_function_stays_one() -> None:
    @supercharge
    async def fetch(url: str) -> str:
        """Fetch."""
        raise NotImplementedError

    assert inspect.iscoroutinefunction(fetch)
    with pytest.raises(StubNotFilled):
        asyncio.run(fetch("x"))


def test_an_async_generator_stays_one() -> None:
    @supercharge
    async def lines() -> typing.AsyncIterator[str]:
        """Lines."""
        raise NotImplementedError
        yield

    async def drain() -> None:
        async for _ in lines():
            pass

    assert inspect.isasyncgenfunction(lines)
    with pytest.raises(StubNotFilled):
        asyncio.run(drain())


def test_a_generator_stays_one() -> None:
    @supercharge
    def numbers() -> typing.Iterator[int]:
        """Numbers."""
        raise NotImplementedError
        yield

    assert inspect.isgeneratorfunction(numbers)
    with pytest.raises(StubNotFilled):
        next(numbers())


def test_other_decorators_may_stand_on_both_sides() -> None:
    @functools.lru_cache
    @supercharge
    @functools.lru_cache
    def cached(value: int) -> int:
        """Cached."""
        raise NotImplementedError

    with pytest.raises(StubNotFilled, match="cached"):
        cached(1)


def test_the_recorder_hears_of_the_stub_before_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr(marker, "recorder", heard.append)
    assert heard == []
    with pytest.raises(StubNotFilled):
        slugify("x")
    assert heard == [f"{__name__}:slugify"]


def test_an_unknown_option_is_named_with_the_known_ones() -> None:
    with pytest.raises(TypeError, match="no option 'tries'; it takes confidence, examples, samples, uses"):
        supercharge(tries=3)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (int, "class 'int'; put it on the class's methods"),
        (property(len), "above @property; put it below"),
        (classmethod(print), "above @classmethod; put it below"),
        (staticmethod(len), "above @staticmethod; put it below"),
        (0.9, "cannot mark 0.9; put it on a function, and give options by name"),
    ],
)
def test_what_cannot_be_marked_is_refused(target: object, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        supercharge(target)  # type: ignore[call-overload]


def test_importing_the_marker_imports_nothing_else() -> None:
    script = "import sys; old = set(sys.modules); import pytest_supercharger; print(*sorted(set(sys.modules) - old))"
    # -S: with site packages an editable install may have imported what we look for.
    path = str(Path(marker.__file__).parents[1])
    run = subprocess.run(
        [sys.executable, "-S", "-E", "-c", f"import sys; sys.path.insert(0, {path!r}); {script}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == ["__future__", "pytest_supercharger", "pytest_supercharger.marker"]
