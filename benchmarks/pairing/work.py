"""The pairs that `benchmarks/pairs` runs: one small project, right and wrong candidates, tests that tell them apart."""

from __future__ import annotations

from pathlib import Path

from pytest_supercharger.domain import GeneratedTest

__all__ = ["MODULE", "candidates", "project", "rates", "tests"]

MODULE = "shop/text.py"
_HEAD = '''"""Text helpers of a shop."""

import re

from pytest_supercharger import supercharge

_WORD = re.compile(r"[a-z0-9]+")


def words(text: str) -> list[str]:
    """The words of a text."""
    return _WORD.findall(text.lower())


'''
_STUB = '@supercharge\ndef slugify(text: str, limit: int = 60) -> str:\n    """A name for web addresses."""\n    ...\n'
_RIGHT = '''def slugify(text: str, limit: int = 60) -> str:
    """A name for web addresses."""
    parts = words(text)
    slug = "-".join(parts)
    while parts and len(slug) > limit:
        parts.pop()
        slug = "-".join(parts)
    return slug
'''
_WRONG = (
    _RIGHT.replace('"-".join', '"_".join'),
    _RIGHT.replace("while parts and", "while False and"),
    _RIGHT.replace("parts = words(text)", "parts = text.split()"),
    _RIGHT.replace("return slug\n", "return slug or None\n"),
    _RIGHT.replace("> limit", "> limit - 1"),
)
_SHARE = 3  # every third candidate is wrong in one of these ways


def project(folder: Path) -> Path:
    """A project with one stub, readable by the users of containers."""
    (folder / "shop").mkdir()
    (folder / "shop" / "__init__.py").write_text("", encoding="utf-8")
    (folder / MODULE).write_text(_HEAD + _STUB, encoding="utf-8")
    folder.chmod(0o755)
    return folder


def candidates(count: int) -> list[dict[str, bytes]]:
    """As many overlays, each of another text."""
    bodies = [_WRONG[number // _SHARE % len(_WRONG)] if number % _SHARE == 2 else _RIGHT for number in range(count)]
    return [{MODULE: f"{_HEAD}{body}# candidate {number}\n".encode()} for number, body in enumerate(bodies)]


def tests(count: int) -> list[GeneratedTest]:
    """As many tests, of the kinds that models write."""
    return [
        GeneratedTest(id=str(number), name=f"test_slugify_{number}", source=_test(number)) for number in range(count)
    ]


def _test(number: int) -> str:
    name, word = f"test_slugify_{number}", f"word{number}"
    head = "import pytest\n\nfrom shop.text import slugify\n\n\n"
    kinds = (
        f'def {name}():\n    assert slugify("Hello, {word.title()}!") == "hello-{word}"\n',
        f'def {name}():\n    assert slugify("{word} " * 3, limit={len(word)}) == "{word}"\n',
        f'@pytest.mark.parametrize("gap", [" ", "\\t", "\\n"])\ndef {name}(gap):\n'
        f'    assert slugify(f"a{{gap}}{word}") == "a-{word}"\n',
        f'@pytest.fixture\ndef title():\n    return "The {word}"\n\n\ndef {name}(title):\n'
        f'    result = slugify(title)\n    assert isinstance(result, str)\n    assert result == "the-{word}"\n',
        f"def {name}():\n    with pytest.raises((TypeError, AttributeError)):\n        slugify({number})\n"
        f'    assert slugify("{word}") == "{word}"\n',
    )
    return head + kinds[number % len(kinds)]


def rates(pairs: int, wall: float, cpu: float) -> dict[str, float]:
    """The figures of so many pairs."""
    return {
        "pairs_a_second": round(pairs / wall, 2),
        "cpu_milliseconds_a_pair": round(cpu * 1000 / pairs, 3),
        "seconds": round(wall, 2),
    }
