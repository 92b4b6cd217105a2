"""What cannot be filled is said, not skipped."""

from __future__ import annotations

import pytest
from stub_files import IMPORT, file, marked, only

from pytest_supercharger.errors import SourceError
from pytest_supercharger.stubs import find, problems


@pytest.mark.parametrize(
    "body",
    [
        ' "Do."',
        ' "Do."; ...',
        '\n    """Do."""',
        '\n    """Do."""\n    ...',
        '\n    """Do."""\n    pass',
        '\n    """Do."""\n    # use a heap\n    raise NotImplementedError',
        '\n    """Do."""\n    raise NotImplementedError()',
        '\n    """Do."""\n    raise NotImplementedError("later") from None',
        '\n    """Do."""\n    raise NotImplementedError\n    yield',
        "\n\tr'''Do.'''\n\t...",
    ],
)
def test_a_docstring_and_placeholders_make_a_stub(body: str) -> None:
    assert only(file(f"{IMPORT}@supercharge\ndef f():{body}\n")).docstring == "Do."


@pytest.mark.parametrize(
    "body",
    [
        "return 1",
        "yield",
        "yield 1",
        "return NotImplemented",
        "raise ValueError",
        "raise",
        "x = ...",
        "...; return",
        "if True: pass",
        "'another string'",
    ],
)
def test_a_real_body_is_a_problem(body: str) -> None:
    source = file(f'{IMPORT}class A:\n    @supercharge\n    def total(self):\n        """Do."""\n        {body}\n')
    assert find(source) == ()
    assert problems(source) == ("shop/cart.py:4: A.total is marked but has a body; remove the marker or the body",)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("@supercharge\nclass A: ...", "3: A is a class and cannot be filled; mark its methods instead"),
        (
            "def outer():\n    @supercharge\n    def inner():\n        'Do.'",
            "4: outer.inner is marked but stands inside a function; move it to the module or to a class",
        ),
        (
            "def outer():\n    class A:\n        @supercharge\n        def f(self): 'Do.'",
            "5: outer.A.f is marked but stands inside a function; move it to the module or to a class",
        ),
        ("@supercharge\ndef f(): ...", "3: f is marked but has no docstring; describe in one what it does"),
        ("@supercharge\ndef f():\n    '  '", "3: f is marked but has no docstring; describe in one what it does"),
        ("@supercharge\n@supercharge\ndef f(): 'Do.'", "4: f carries the marker twice; remove one"),
        ("@overload\n@supercharge\ndef f(): 'Do.'", "4: f is marked but is an overload; mark the implementation"),
        (
            "class A:\n    @supercharge\n    @property\n    def f(self): 'Do.'",
            "5: A.f has the marker above @property; put it below, directly on the function",
        ),
        (
            "@supercharge(tries=3)\ndef f(): 'Do.'",
            "3: f gives the marker the unknown option 'tries'; it takes confidence, examples, samples, uses",
        ),
        ("@supercharge(0.9)\ndef f(): 'Do.'", "3: f gives the marker an option by position; give it by name"),
        (
            "@supercharge(**o)\ndef f(): 'Do.'",
            "3: f gives the marker the unknown option '**'; it takes confidence, examples, samples, uses",
        ),
        (
            "@supercharge(confidence=2)\ndef f(): 'Do.'",
            "3: f gives the marker confidence=2; write a number above 0 and up to 1 instead",
        ),
        (
            "@supercharge(samples=N)\ndef f(): 'Do.'",
            "3: f gives the marker samples=N; write a whole number from 1 instead",
        ),
        ("@supercharge(uses=g())\ndef f(): 'Do.'", "3: f gives the marker uses=g(); write a list of names instead"),
        (
            "@supercharge(examples=[g(1)])\ndef f(): 'Do.'",
            "3: f gives the marker examples=[g(1)]; write a list of literals instead",
        ),
    ],
)
def test_each_problem_is_one_line_with_its_place(text: str, line: str) -> None:
    source = file(f"{IMPORT}{text}\n")
    assert find(source) == ()
    assert line.startswith(("3:", "4:", "5:"))
    assert problems(source) == (f"shop/cart.py:{line}",)


def test_one_bad_marker_does_not_hide_the_good_ones() -> None:
    source = marked("""
    @supercharge
    def f(): "Do."
    @supercharge
    def g(): return 1
    """)
    assert [stub.qualname for stub in find(source)] == ["f"]
    assert len(problems(source)) == 2  # a body, and no docstring


def test_a_file_with_the_marker_that_does_not_parse_is_an_error_with_its_line() -> None:
    with pytest.raises(SourceError, match=r"shop/cart\.py:2: does not parse"):
        find(file(f"{IMPORT}def f(:\n"))
    with pytest.raises(SourceError, match=r"shop/cart\.py:1: cannot be decoded"):
        problems(file(b"# pytest_supercharger supercharge \xff"))
