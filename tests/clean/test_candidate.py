"""From an answer to a candidate, or a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_supercharger.clean.candidate import clean
from pytest_supercharger.domain import Candidate, FinishReason, Rejection, StubKind

if TYPE_CHECKING:
    from tests.clean.conftest import MakeAnswer, MakeStub

MODULE = """\
import re
from datetime import datetime
from pytest_supercharger import supercharge

LIMIT = 10

class Cart:
    def __init__(self):
        self.items = []

    @supercharge
    def total(self, rate=0.2):
        '''Sum.'''

@supercharge
def f(n: int) -> int:
    '''What it does.'''
"""


@pytest.fixture
def cleaned(make_stub: MakeStub, answer: MakeAnswer):
    def run(text: str, signature: str = "def f(n: int) -> int", **options: object) -> Candidate | Rejection:
        finish = options.pop("finish", FinishReason.EOS)
        result = clean(answer(text, finish), make_stub(signature, **options), MODULE)
        return result if isinstance(result, Rejection) else result[0]

    return run


def body(result: Candidate | Rejection) -> str:
    assert isinstance(result, Candidate), result
    return result.body


def reason(result: Candidate | Rejection) -> str:
    assert isinstance(result, Rejection), result
    return result.reason


def fenced(code: str) -> str:
    return f"Sure!\n```python\n{code}\n```\nThat is it."


def test_the_body_is_dedented_and_the_docstring_left_out(cleaned) -> None:
    code = 'def f(n: int) -> int:\n    """Other words."""\n    # why\n    return n  # so\n'
    assert body(cleaned(fenced(code))) == "# why\nreturn n  # so\n"


def test_strings_over_several_lines_keep_their_blanks(cleaned) -> None:
    code = 'def f(n):\n    text = """a\n      b\nc"""\n    return text\n'
    assert body(cleaned(fenced(code))) == 'text = """a\n      b\nc"""\nreturn text\n'


def test_a_one_line_definition(cleaned) -> None:
    assert body(cleaned(fenced("def f(n): return n + 1"))) == "return n + 1\n"


def test_the_body_is_laid_out(cleaned) -> None:
    assert body(cleaned(fenced("def f(n):\n  x=[1,2 ,3]\n  return  x"))) == "x = [1, 2, 3]\nreturn x\n"


def test_tabs_become_blanks(cleaned) -> None:
    assert body(cleaned(fenced("def f(n):\n\tif n:\n\t\treturn 1\n\treturn 2"))) == "if n:\n    return 1\nreturn 2\n"


def test_example_calls_prints_tests_and_main_are_dropped(cleaned) -> None:
    code = (
        "def f(n):\n    return n\n\nprint(f(3))\ndef test_f():\n    assert f(1)\nif __name__ == '__main__':\n    f(2)\n"
    )
    result = cleaned(fenced(code))
    assert body(result) == "return n\n"
    assert result.helpers == ()


def test_helpers_constants_and_imports_come_along_in_order(cleaned) -> None:
    code = (
        "from functools import lru_cache\nimport os\n\nSTEP = 2\nTABLE = {}\nTABLE['a'] = STEP\n\n\n"
        "class Box:\n    size = STEP\n\n# doubles\n@lru_cache\ndef twice(x):\n    return x * TABLE['a'] + Box.size\n\n"
        "def unused():\n    return os.getcwd()\n\ndef f(n):\n    return twice(n)\n"
    )
    result = cleaned(fenced(code))
    assert body(result) == "return twice(n)\n"
    assert result.imports == ("from functools import lru_cache",)
    assert [h.split("\n")[0] for h in result.helpers] == [
        "STEP = 2",
        "TABLE = {}",
        "TABLE['a'] = STEP",
        "class Box:",
        "# doubles",
    ]


def test_what_the_module_has_wins_over_the_answer(cleaned) -> None:
    result = cleaned(fenced("import re\nLIMIT = 99\n\ndef f(n):\n    return min(n, LIMIT, len(re.findall('a', 'a')))"))
    assert body(result)
    assert result.imports == result.helpers == ()


def test_an_import_that_clashes_with_the_module_moves_into_the_body(cleaned) -> None:
    result = cleaned(fenced("import datetime\n\ndef f(n):\n    return datetime.timezone.utc"))
    assert body(result) == "import datetime\nreturn datetime.timezone.utc\n"
    assert result.imports == ()


@pytest.mark.parametrize(
    ("expression", "statement"),
    [
        ("math.sqrt(n)", "import math"),
        ("Counter(n)", "from collections import Counter"),
        ("defaultdict(list)", "from collections import defaultdict"),
        ("os.path.join('a')", "import os.path"),
        ("collections.abc.Sized", "import collections.abc"),
        ("itertools.chain(n)", "import itertools"),
    ],
)
def test_a_clear_missing_import_is_added(cleaned, expression: str, statement: str) -> None:
    result = cleaned(fenced(f"def f(n):\n    return {expression}"))
    assert body(result)
    assert result.imports == (statement,)


def test_a_star_import_of_a_known_module_becomes_the_name(cleaned) -> None:
    result = cleaned(fenced("from math import *\n\ndef f(n):\n    return log(n)"))
    assert isinstance(result, Candidate)
    assert result.imports == ("from math import log",)


@pytest.mark.parametrize("expression", ["np.array(n)", "helper(n)", "math", "self.x"])
def test_nothing_is_guessed_beyond_that(cleaned, expression: str) -> None:
    assert reason(cleaned(fenced(f"def f(n):\n    return {expression}"))) == "undefined name"


def test_a_function_may_call_itself(cleaned) -> None:
    assert body(cleaned(fenced("def f(n):\n    return f(n - 1) if n else 0")))


@pytest.mark.parametrize(
    "code",
    [
        "def f(x):\n    return x",
        "def f(n, m):\n    return n",
        "def f(n=1):\n    return n",
        "def f(*n):\n    return n",
        "def f(*, n):\n    return n",
        "async def f(n):\n    return n",
    ],
)
def test_another_signature_is_refused(cleaned, code: str) -> None:
    assert reason(cleaned(fenced(code))) == "another signature"


def test_annotations_may_differ(cleaned) -> None:
    assert body(cleaned(fenced("def f(n: 'Any') -> 'Anything':\n    return n")))


@pytest.mark.parametrize(
    "code",
    [
        "pass",
        "...",
        "'''Doc.'''",
        "raise NotImplementedError",
        "raise NotImplementedError('todo')",
        "'''D.'''\n    pass",
    ],
)
def test_a_body_that_says_nothing_is_refused(cleaned, code: str) -> None:
    assert reason(cleaned(fenced(f"def f(n):\n    {code}"))) == "empty body"


def test_a_harmless_decorator_is_dropped_and_any_other_refused(cleaned) -> None:
    assert body(cleaned(fenced("@lru_cache(None)\ndef f(n):\n    return n")))
    assert reason(cleaned(fenced("@contextmanager\ndef f(n):\n    yield n"))) == "needs a decorator"


@pytest.mark.parametrize("finish", [FinishReason.LENGTH, FinishReason.LOOP, FinishReason.CANCELLED, FinishReason.ERROR])
def test_a_cut_off_answer_is_never_taken_for_a_whole_one(cleaned, finish: FinishReason) -> None:
    assert reason(cleaned("```python\ndef f(n):\n    total = n\n    return total", finish=finish)) == "cut off"


@pytest.mark.parametrize("tail", ["\n```\nAnd this is", "\n\ndef more():\n    return"])
def test_an_end_that_is_proven_counts_at_the_token_limit(cleaned, tail: str) -> None:
    assert body(cleaned(f"```python\ndef f(n):\n    return n{tail}", finish=FinishReason.LENGTH)) == "return n\n"


def test_a_stop_string_closes_the_fence(cleaned) -> None:
    assert body(cleaned("```python\ndef f(n):\n    return n", finish=FinishReason.STOP)) == "return n\n"


@pytest.mark.parametrize(
    "code",
    [
        "class Cart:\n    def total(self, rate=0.2):\n        return len(self.items) * rate",
        "def total(self, rate=0.2):\n    return len(self.items) * rate",
        "@dataclass\nclass Basket:\n    def total(self, rate=0.2):\n        return len(self.items) * rate",
    ],
)
def test_a_method_with_or_without_its_class(cleaned, code: str) -> None:
    result = cleaned(fenced(code), "def total(self, rate=0.2)", qualname="Cart.total", kind=StubKind.METHOD)
    assert body(result) == "return len(self.items) * rate\n"


def test_a_method_that_leans_on_a_method_only_the_answer_has_is_refused(cleaned) -> None:
    code = (
        "class Cart:\n    def total(self, rate=0.2):\n        return self._sum()\n    def _sum(self):\n        return 0"
    )
    result = cleaned(fenced(code), "def total(self, rate=0.2)", qualname="Cart.total", kind=StubKind.METHOD)
    assert reason(result) == "needs another method"


def test_a_method_does_not_see_its_own_bare_name(cleaned) -> None:
    code = "def total(self, rate=0.2):\n    return total(self)"
    result = cleaned(fenced(code), "def total(self, rate=0.2)", qualname="Cart.total", kind=StubKind.METHOD)
    assert reason(result) == "undefined name"


def test_an_async_function(cleaned) -> None:
    code = "async def f(n: int) -> int:\n    await asyncio.sleep(0)\n    return n"
    result = cleaned(fenced(code), "async def f(n: int) -> int")
    assert body(result) == "await asyncio.sleep(0)\nreturn n\n"
    assert result.imports == ("import asyncio",)
    assert reason(cleaned(fenced("def f(n):\n    return n"), "async def f(n: int) -> int")) == "another signature"


def test_a_body_without_its_header(cleaned) -> None:
    assert body(cleaned(fenced("m = n + 1\nreturn m"))) == "m = n + 1\nreturn m\n"


def test_a_helper_that_shadows_a_builtin_is_refused(cleaned) -> None:
    code = "def sum(x):\n    return 0\n\ndef f(n):\n    return sum(n)"
    assert reason(cleaned(fenced(code))) == "shadows a builtin"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("I cannot do that.", "no code"),
        (fenced("def g(n):\n    return n"), "no definition"),
        (fenced("def f(:::\n  ]] what = = ="), "does not parse"),
        ("```python\n" + "x = 1\n" * 20_000, "too long"),
        (fenced("def f(n):\n    return " + "(" * 5_000 + ")" * 5_000), "does not parse"),
    ],
)
def test_every_rejection_has_a_reason(cleaned, text: str, why: str) -> None:
    assert reason(cleaned(text)) == why


def test_the_same_code_in_other_clothes_is_the_same_candidate(cleaned) -> None:
    one = cleaned(fenced("def f(n):\n    '''Doc.'''\n    # note\n    return n+1"))
    two = cleaned("def f(n):\n    return (n + 1)")
    other = cleaned(fenced("def f(n):\n    return n + 2"))
    assert one.id == two.id != other.id
    assert one.text_id != two.text_id


def test_an_annotated_answer_may_need_other_imports_than_its_body(cleaned) -> None:
    result = cleaned(fenced("from typing import List\n\ndef f(n: List[int]) -> List[int]:\n    return n"))
    assert isinstance(result, Candidate)
    assert result.imports == ()


def test_equally_small_repairs_that_mean_different_things_are_several_candidates(
    make_stub: MakeStub, answer: MakeAnswer
) -> None:
    text = fenced("def f(n):\n    if n:\n        n += 1\n      return n\n    return 0")
    result = clean(answer(text), make_stub("def f(n)"), MODULE)
    assert isinstance(result, tuple)
    assert {candidate.body for candidate in result} == {
        "if n:\n    n += 1\n    return n\nreturn 0\n",
        "if n:\n    n += 1\nreturn n\nreturn 0\n",
    }


def test_repairs_that_come_to_the_same_candidate_are_one(make_stub: MakeStub, answer: MakeAnswer) -> None:
    text = fenced("def f(n):\n    return n\n\nif f(1):\n    print(1)\n  print(2)")
    result = clean(answer(text), make_stub("def f(n)"), MODULE)
    assert isinstance(result, tuple)
    assert [candidate.body for candidate in result] == ["return n\n"]
