"""The README's example, from its first block to its second."""

from __future__ import annotations

import pytest
from readme import AFTER, BEFORE, body
from replay import TESTS, lines


@pytest.mark.docker
def test_the_example_ends_as_the_readme_shows_it(pytester, fill):
    (pytester.path / "shapes.py").write_text(BEFORE)
    code = f"def area(width: float, height: float) -> float:\n{indented(body())}"
    result, decided = fill(lines(codes=(code,), tests=TESTS))
    assert result.ret == 0, result.stdout.str()
    assert decided["shapes:area"]["decision"] == "accepted"
    assert (pytester.path / "shapes.py").read_text() == AFTER


def indented(text):
    return "".join(f"    {line}" for line in text.splitlines(keepends=True))
