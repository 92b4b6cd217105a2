"""Several repairs side by side, answers that were cut off, and the limits of a search."""

from __future__ import annotations

import ast
import random
import tokenize
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_supercharger.clean._syntax import MAX_SOURCE
from pytest_supercharger.clean.repair import repair

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def breakage():
    """The functions and the ways to break them that `benchmarks/repair` uses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        from breakage import corpus, ways

    library = Path(tokenize.__file__).parent
    found = [
        pair for name in ("json", "email", "logging") for pair in corpus.functions(library / name, random.Random(1))
    ]
    return random.Random(1).sample(found, len(found)), ways.WAYS


def tree(text: str) -> str:
    return ast.dump(ast.parse(text))


def test_equally_small_repairs_that_differ_come_side_by_side() -> None:
    texts = repair("def f(x):\n    if x:\n        y = 1\n      return y\n    return x\n")
    assert {tree(t) for t in texts} == {
        tree("def f(x):\n    if x:\n        y = 1\n        return y\n    return x\n"),
        tree("def f(x):\n    if x:\n        y = 1\n    return y\n    return x\n"),
    }
    assert len(repair("x = d['a + b]\ny = f(x.y\nz = 3\n", limit=2)) == 2


def test_each_repair_says_what_was_done() -> None:
    found = repair("def f(x)\n    return (x))\n")
    assert found.edits == (("line 2: ')' taken out", "line 1: ':' added"),)


def test_several_faults_are_mended_one_after_the_other() -> None:
    """The seed took the `break` out of its `if`."""
    source = (
        "def less(a, b\nreturn a - b\n\ndef half(a)\n    return a / 2\n\n// a prime?\ndef prime(n):\n"
        "        found = True\n    for i in range(2, n):\n        if n % i = 0:\n                found = False\n"
        "            break\n    return found\n"
    )
    meant = (
        "def less(a, b):\n    return a - b\n\ndef half(a):\n    return a / 2\n\ndef prime(n):\n"
        "    found = True\n    for i in range(2, n):\n        if n % i == 0:\n            found = False\n"
        "            break\n    return found\n"
    )
    assert tree(meant) in map(tree, repair(source))


def test_a_fault_that_is_mended_is_not_mended_in_other_ways_first() -> None:
    broken = "".join(f"def f{n}(x):\n    y = g('a, x)\n    return y\n\n" for n in range(5))
    meant = "".join(f"def f{n}(x):\n    y = g('a', x)\n    return y\n\n" for n in range(5))
    assert tree(meant) in map(tree, repair(broken))


def test_a_line_of_code_is_never_taken_for_prose() -> None:
    source = "def f(x):\n    print(x.join(y, a = \n    self.data = [\n    return x\n"
    for text in repair(source):
        assert all(word in text for word in ("print", "self.data", "return"))


CUT = [
    "def f(x):\n    return g(x, ",
    "def f(x):\n    if x > 1:\n",
    "def f(x):\n    for i in ran",
    "def f(x):\n    try:\n        y = g(x)\n",
    "def f(x):\n    try:\n        y = g(x)\n    exc",
    'def f(x):\n    """What it does.\n\n    And how it',
    'def f(x):\n    """What it does.\n    ""',
    "def f(x):\n    raise ValueError('must not be neg",
    "def f(x):\n    y = x +",
    "def f(x):\n    y = x i",
    "def f(x):\n    @",
    "def f(x, y",
    "x = [\n    1,\n    2,\n",
]


@pytest.mark.parametrize("source", CUT)
@pytest.mark.parametrize("end", ["", "\n"])
def test_what_was_cut_off_is_said_and_left_alone(source: str, end: str) -> None:
    found = repair(source + end)
    assert found == (source + end,)
    assert found.cut_off


@pytest.mark.parametrize(
    "source",
    [
        "def f(x:\n    return x\n",
        "def f(x):\n    y = 'a\n    return x\n",
        "def f(x):\n    return x\nHope this helps, it's simple.\n",
        "def f(x):\n    y = g(\n        1\n        2,\n    )\n",
        "def f(x):\n    ''What.\n    '''\n    return x\n",
        "def f(x):\n    return x y\n",
    ],
)
def test_what_was_lost_further_up_is_no_cut(source: str) -> None:
    assert not repair(source).cut_off


def test_an_ending_that_is_known_is_mended() -> None:
    source = "def f(x):\n    return g(x\n"
    assert repair(source) == (source,)
    found = repair(source, ended=True)
    assert tree(found[0]) == tree("def f(x):\n    return g(x)\n")
    assert found.cut_off


def test_whole_functions_never_change(breakage) -> None:
    functions, _ = breakage
    assert len(functions) > 100
    for _, source in functions[:400]:
        assert repair(source) == (source,)


def test_most_broken_functions_become_what_they_were(breakage) -> None:
    functions, ways = breakage
    for name, share in {"colon": 1, "comma": 0.9, "quote": 0.8, "extraclose": 0.9, "dedent_line": 0.8}.items():
        chance, right, broken = random.Random(1), 0, 0
        for _, source in functions[:40]:
            lines = source.rstrip("\n").split("\n")
            try:
                ways[name](lines, chance)
            except IndexError:
                continue
            found = repair("\n".join(lines) + "\n", ended=True)
            if found.edits != ((),):
                broken += 1
                right += tree(source) in map(tree, found)
        assert broken > 5, name
        assert right >= share * broken, name


@pytest.mark.parametrize(
    "source",
    [
        "f(" * 5000,
        "[x for x in " * 3000,
        "x = " + "-" * 9000 + "1 1",
        "not " * 9000,
        "x = " + "9" * 20000 + " y",
        "\0def f(x)\n",
        "\ud800 x y",
        "if x:\n " * 3000,
        "'" * 3001,
        "x" * MAX_SOURCE + "(",
        "a b\n" * 15000,
    ],
    ids=range(11),
)
def test_hostile_texts_come_to_an_end(source: str) -> None:
    assert 1 <= len(repair(source, ended=True)) <= 3


def test_a_text_that_is_too_long_is_not_looked_at() -> None:
    source = "def f(x)\n" + "#" * MAX_SOURCE
    assert repair(source) == (source,)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_repair_parses_and_no_two_are_alike(breakage, data) -> None:
    functions, _ = breakage
    _, source = data.draw(st.sampled_from(functions[:200]))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(source)))
        gone = data.draw(st.integers(0, 3))
        put = data.draw(st.sampled_from(["", *"()[]{}'\":=,\n \t#\\", "\u2019", "\u00a0", "def ", '"""', "else:"]))
        source = source[:at] + put + source[at + gone :]
    found = repair(source)
    assert len(found) == len(found.edits) <= 3
    if found[0] != source:
        assert len({tree(text) for text in found}) == len(found)
