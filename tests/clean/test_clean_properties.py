"""Whatever a model says, cleaning answers with a value."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_supercharger.clean._syntax import indent_code
from pytest_supercharger.clean.candidate import clean
from pytest_supercharger.clean.tests import clean_tests
from pytest_supercharger.domain import FinishReason, GeneratedTest, Rejection

if TYPE_CHECKING:
    from tests.clean.conftest import MakeAnswer, MakeStub

MODULE = "import re\n\n\ndef f(n):\n    ...\n"
ANSWERS = [
    'Sure!\n```python\nimport math\n\ndef f(n: int) -> int:\n    """Doc.\n\n    ```\n    f(1)\n    ```\n    """\n'
    "    # note\n    total = 0\n    for i in range(n):\n        if i % 2 == 0:\n            total += math.isqrt(i)\n"
    "    return total\n```\nThis adds them up.",
    "```python\ndef test_f():\n    xs = [1, 2]\n    assert f(xs[0]) == 1\n    with pytest.raises(ValueError):\n"
    "        f(-1)\n"
    "    for x in xs:\n        assert f(x) == {'a': (x, 'b')}['a'][0]\n```",
    "def f(n):\n    return [x for x in (1, 2) if x != n] and f'{n!r:>{4}}'\n\nprint(f(1))",
    ">>> def f(n):\n...     return n\n...\n>>> f(2)\n2",
]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A real answer with a few pieces cut out, doubled, or replaced."""
    text = draw(st.sampled_from(ANSWERS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 20)))
        new = draw(
            st.sampled_from(
                ["", text[start:end] * 2, "\n", "```\n", "'''", "(", ")", ":", "\t", "\u201c", "\x00", "    "]
            )
        )
        text = text[:start] + new + text[end:]
    return text


finishes = st.sampled_from(list(FinishReason))
slow_is_fine = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@slow_is_fine
@given(text=st.one_of(mutated(), st.text(max_size=300)), finish=finishes)
def test_cleaning_never_raises_and_a_candidate_always_parses(
    make_stub: MakeStub, answer: MakeAnswer, text: str, finish: FinishReason
) -> None:
    result = clean(answer(text, finish), make_stub("def f(n)"), MODULE)
    if isinstance(result, Rejection):
        assert result.reason
        return
    assert 1 <= len(result) <= 3
    for candidate in result:
        ast.parse("async def _():\n" + indent_code(candidate.body, "    "))
        ast.parse("\n".join([*candidate.imports, *candidate.helpers]))


@slow_is_fine
@given(text=st.one_of(mutated(), st.text(max_size=300)), finish=finishes)
def test_cleaning_tests_never_raises_and_a_test_always_parses(
    make_stub: MakeStub, answer: MakeAnswer, text: str, finish: FinishReason
) -> None:
    result = clean_tests(answer(text, finish), make_stub("def f(n)"), MODULE)
    if isinstance(result, Rejection):
        assert result.reason
        return
    for test in (part for part in result if isinstance(part, GeneratedTest)):
        assert f"def {test.name}(" in test.source
        ast.parse(test.source)
