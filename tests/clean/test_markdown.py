"""Where the code is in an answer."""

from __future__ import annotations

import pytest

from pytest_supercharger.clean.markdown import blocks, code_for, code_for_tests

TWO_BLOCKS = """# Two functions

First one:

```python
def add(a, b):
    return a + b
```

and a second:

```python
def multiply(a, b):
    return a * b
```
"""


def test_first_function_is_exact_and_has_no_trailing_newline() -> None:
    assert code_for(TWO_BLOCKS, "add") == "def add(a, b):\n    return a + b"


def test_the_block_that_defines_the_name_wins_over_earlier_ones() -> None:
    code = code_for(TWO_BLOCKS, "multiply")
    assert code is not None
    assert code.endswith("def multiply(a, b):\n    return a * b")


@pytest.mark.parametrize("fence", ["```", "````", "~~~", "~~~~~"])
def test_both_kinds_of_fence_of_any_length(fence: str) -> None:
    (block,) = blocks(f"Text\n{fence}python\nx = 1\n{fence}\nmore")
    assert (block.lang, block.code, block.closed) == ("python", "x = 1", True)


def test_an_unclosed_last_fence_is_told_apart() -> None:
    (block,) = blocks("```python\ndef f():\n    return 1")
    assert block.code == "def f():\n    return 1"
    assert not block.closed


@pytest.mark.parametrize("text", ["```python def f(x): return x```", "``` def f(x): return x ```"])
def test_a_one_line_fence(text: str) -> None:
    assert code_for(text, "f") == "def f(x): return x"


def test_code_on_the_line_of_the_opening_fence() -> None:
    assert code_for("```python def f(x):\n    return x\n```", "f") == "def f(x):\n    return x"


def test_a_closing_fence_glued_to_the_last_line() -> None:
    assert code_for("```python\ndef f(x):\n    return x```\nDone.", "f") == "def f(x):\n    return x"


def test_a_fence_in_an_indented_docstring_is_text() -> None:
    code = 'def f(x):\n    """Do it.\n\n    ```\n    f(1)\n    ```\n    """\n    return x'
    assert code_for(f"```python\n{code}\n```\n", "f") == code


def test_a_fence_in_a_string_at_column_zero_is_text() -> None:
    code = 'def f(x):\n    return """\n```\ncode\n```\n"""'
    assert code_for(f"```python\n{code}\n```\n", "f") == code


def test_a_block_under_a_list_item_loses_the_margin() -> None:
    assert code_for("1. This:\n\n   ```python\n   def f():\n       return 1\n   ```\n", "f") == "def f():\n    return 1"


def test_other_languages_never_win() -> None:
    text = "```bash\npip install default\n```\n```python\ndef f():\n    return 1\n```"
    assert code_for(text, "f") == "def f():\n    return 1"


def test_helpers_in_an_earlier_block_are_joined_and_examples_are_not() -> None:
    text = (
        "```python\nimport math\n```\n```python\ndef f(x):\n    return math.sqrt(x)\n```\n```python\nprint(f(3))\n```"
    )
    assert code_for(text, "f") == "import math\n\ndef f(x):\n    return math.sqrt(x)"


def test_a_block_that_parses_wins_over_a_broken_one() -> None:
    text = "```python\ndef f(x:\n  return x\n```\nFixed:\n```python\ndef f(x):\n    return x\n```"
    assert code_for(text, "f") == "def f(x):\n    return x"


def test_an_answer_without_fences() -> None:
    text = "Here is the function:\n\ndef f(x):\n    if x:\n        return 1\n\n    return 2\n\nIt returns one or two."
    assert code_for(text, "f") == "def f(x):\n    if x:\n        return 1\n\n    return 2"


def test_prose_that_looks_like_an_import_is_no_start() -> None:
    text = "from what I can tell this is easy\nimport the module first\ndef f(x):\n    return x"
    assert code_for(text, "f") == "def f(x):\n    return x"


def test_a_column_zero_line_in_a_string_does_not_end_bare_code() -> None:
    text = 'def f():\n    return """\nsome plain words here\n"""\n'
    assert code_for(text, "f") == text.rstrip()


def test_no_code_at_all() -> None:
    assert code_for("I am sorry, I cannot do that.", "f") is None


def test_a_repl_transcript_loses_prompts_and_output() -> None:
    text = "```\n>>> def f(x):\n...     return x\n...\n>>> f(3)\n3\n```"
    assert code_for(text, "f") == "def f(x):\n    return x\n\nf(3)"


def test_windows_line_ends_and_a_byte_order_mark() -> None:
    assert code_for("\ufeff```python\r\ndef f():\r\n    return 1\r\n```\r\n", "f") == "def f():\n    return 1"


def test_thinking_aloud_is_not_the_answer() -> None:
    text = "<think>```python\ndef f(): return 0\n```</think>\n```python\ndef f(): return 1\n```"
    assert code_for(text, "f") == "def f(): return 1"


def test_tests_of_all_blocks_are_read() -> None:
    text = "```python\ndef test_a():\n    assert f(1)\n```\nand\n```python\ndef test_b():\n    assert f(2)\n```"
    assert code_for_tests(text) == "def test_a():\n    assert f(1)\n\ndef test_b():\n    assert f(2)"
