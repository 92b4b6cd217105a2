"""Mutants of a candidate: few, valid, all different, the same for the same seed."""

from __future__ import annotations

import ast
import random
from pathlib import Path

import pytest

from pytest_supercharger import effects, stubs
from pytest_supercharger.clean.candidate import compile_problem, made
from pytest_supercharger.domain import SourceFile
from pytest_supercharger.mutants import ENOUGH, MOST, mutants_of

MEDIAN = """\
if not xs:
    raise ValueError("empty")
xs = sorted(xs)
half = len(xs) // 2
if len(xs) % 2 == 1 and half >= 0:
    return xs[half]
low, high = xs[half - 1:half + 1]
return (low + high) / 2
"""
ASYNC = "await pause()\nfor part in parts[1:]:\n    found.append(part)\nreturn found\n"
LONG = "".join(f"if x == {n}:\n    return {n * n}\n" for n in range(40)) + "return x\n"
TEXT = '''total = """
 two
  lines
""" + name.strip()
return f"{total:>{width}} {len(total) + 1}"
'''
BODIES = [("def f(xs)", MEDIAN), ("async def f(parts)", ASYNC), ("def f(x: int) -> int", LONG), ("def f(name)", TEXT)]


def stub_of(signature="def f(x: int) -> int"):
    data = f"from pytest_supercharger import supercharge\n\n\n@supercharge\n{signature}:\n    'Do.'\n    ...\n"
    (stub,) = stubs.find(SourceFile(path=Path("/p/m.py"), relpath="m.py", module="m", data=data.encode()))
    return stub


def mutants(body, signature="def f(x: int) -> int", *, seed=0, seen=(), known=(), helpers=(), limit=MOST):
    candidate = made(body, (), helpers)
    return mutants_of(candidate, stub_of(signature), seen=seen, known=known, rng=random.Random(seed), limit=limit)


def said(found):
    return [mutant.candidate.body for mutant in found]


@pytest.mark.parametrize(("signature", "body"), BODIES)
def test_mutants_are_few_valid_and_all_different(signature, body):
    found = mutants(body, signature)
    ids = {mutant.candidate.id for mutant in found}
    assert 2 <= len(found) <= MOST
    assert len(ids) == len(found)
    assert made(body, (), ()).id not in ids
    assert not any(compile_problem(mutant.candidate.body, (), stub_of(signature)) for mutant in found)


@pytest.mark.parametrize(("signature", "body"), BODIES)
def test_the_same_seed_makes_the_same_mutants(signature, body):
    assert mutants(body, signature, seed=3) == mutants(body, signature, seed=3)


def test_another_seed_makes_others():
    assert said(mutants(LONG, seed=1)) != said(mutants(LONG, seed=2))


def test_no_mutant_is_another_candidate():
    first = mutants("return x + 1\n", limit=1)[0].candidate.id
    assert first not in {mutant.candidate.id for mutant in mutants("return x + 1\n", known={first})}


def test_mutants_are_spread_over_lines_and_kinds_of_change():
    found = mutants(MEDIAN, "def f(xs)")
    assert len({mutant.line for mutant in found}) >= 5
    assert len({mutant.change for mutant in found}) >= 6


def changed(body, signature="def f(x)"):
    """All one-line mutants of one line, as text."""
    return {ast.unparse(ast.parse(text)) for text in said(mutants(body, signature, limit=99))}


@pytest.mark.parametrize(
    ("body", "mutant"),
    [
        ("return g(x < 3)", "return g(x <= 3)"),
        ("return g(x < 3)", "return g(x < 4)"),
        ("return g(x < 3)", "return g(x < 2)"),
        ("return g(x in y)", "return g(x not in y)"),
        ("return x - y", "return x + y"),
        ("return x - y", "return x"),
        ("return 'a' + x", "return x"),
        ("return x + 'a'", "return x"),
        ("return '-' * x", "return '-'"),
        ("return x and y", "return x or y"),
        ("return x and y", "return y"),
        ("return not x", "return x"),
        ("return x if y else z", "return x if not y else z"),
        ("return g(x[:3])", "return g(x[1:3])"),
        ("return g(x[:3])", "return g(x[:])"),
        ("return g(x[::-1])", "return g(x[:])"),
        ("return max(x)", "return min(x)"),
        ("return sorted(x)", "return list(x)"),
        ("return reversed(x)", "return iter(x)"),
        ("return x.strip()", "return x"),
        ("return g(True)", "return g(False)"),
        ("return g('-')", "return g('')"),
        ("return range(x)", "return range(1, x)"),
        ("return [i for i in x if i]", "return [i for i in x]"),
        ("x.sort()", "pass"),
        ("x += 1", "x -= 1"),
        ("for y in x: g(y)", "pass"),
    ],
)
def test_each_kind_of_change(body, mutant):
    assert ast.unparse(ast.parse(mutant)) in changed(body + "\n")


@pytest.mark.parametrize("body", ["y = g(x)\nreturn y\n", "raise ValueError('no')\n", "'''Text.'''\nreturn x\n"])
def test_what_would_only_raise_or_only_change_words_is_no_mutant(body):
    for text in said(mutants(body, "def f(x)")):
        assert "pass" not in text or "raise" in body
        assert "y = g(x)" in text or "y = g(x)" not in body
        assert "''" not in text


def test_the_result_becomes_what_was_seen_and_then_what_the_annotation_says():
    assert set(said(mutants("return g(x)\n", "def f(x)", seen=["(1, 'a')", "<object>", "(2, 'b')"]))) == {
        "return (1, 'a')\n",
        "return (2, 'b')\n",
    }
    assert set(said(mutants("return g(x)\n", "def f(x) -> 'list[str] | None'"))) == {"return []\n", "return [0]\n"}
    assert said(mutants("return g(x)\n", "def f(x)")) == []


def test_text_from_the_sandbox_is_taken_as_a_constant_and_never_as_code():
    seen = ["__import__('os').system('x')", "open('/etc/passwd')", "[" * 300, "1 +", "x" * 5000]
    found = mutants("return g(x)\n", "def f(x)", seen=seen)
    assert said(found) == []


def test_helpers_are_changed_too_and_one_part_at_a_time():
    helper = "def g(x):\n    return x > 0\n"
    found = mutants("return g(x) + 1\n", helpers=(helper,))
    assert any(mutant.candidate.helpers != (helper,) for mutant in found)
    for mutant in found:
        assert (mutant.candidate.helpers != (helper,)) != (mutant.candidate.body != "return g(x) + 1\n")


def test_what_may_run_for_ever_comes_last_and_only_where_little_else_is_left():
    loop = "while x > 1:\n    x = x // 2\n    x += y - 3\nreturn x\n"
    few = mutants(loop)
    assert 1 < len(few) <= ENOUGH
    assert [mutant.line for mutant in few[:2]] == [4, 4]
    many = mutants("z = [x < 1, x > 2, x == 3, x + 4, x[5:]]\n" + loop)
    assert all(mutant.line not in (2, 3, 4) for mutant in many)


def test_texts_of_several_lines_stay_what_they_are():
    texts = said(mutants(TEXT, "def f(name)", limit=99))
    assert len(texts) > 3
    for text in texts:
        assert "'\\n two\\n  lines\\n'" in text or "two" not in text


@pytest.mark.parametrize("body", ["return (\n", "return " + "(" * 300 + "1" + ")" * 300 + "\n"])
def test_what_cannot_be_read_has_no_mutants(body):
    assert mutants(body) == ()


def test_mutants_reach_no_further_than_their_candidate():
    body = "names = sorted(x)\nreturn [max(y, 3) for y in names if y.isupper()]\n"
    for mutant in mutants(body, limit=99):
        assert effects.undeclared(mutant.candidate, b"def f(x): ...", allow=frozenset()) == ()
