"""The README's own examples, for tests that carry them out."""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a page in one language, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


BEFORE, AFTER = blocks("README.md", "python")[:2]


def body() -> str:
    """The statements that the README shows as written, docstring left out."""
    function = ast.parse(AFTER).body[0]
    assert isinstance(function, ast.FunctionDef)
    lines = AFTER.splitlines(keepends=True)[function.body[1].lineno - 1 :]
    return textwrap.dedent("".join(lines))
