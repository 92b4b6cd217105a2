"""Split runs of the example project: the same verdicts as in one process, for right and for wrong bodies."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_supercharger import stubs, trusted
from pytest_supercharger.domain import Candidate, GeneratedTest, SourceFile, Stub, Verdict
from pytest_supercharger.fingerprints import Known
from pytest_supercharger.reopening import reopen
from pytest_supercharger.sandbox.docker import DockerSandbox
from pytest_supercharger.sandbox.split_scope import why_not
from pytest_supercharger.writeback import edits

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.docker

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
# For each stub of the example project a right body and a wrong one.
BODIES = {
    "Cart.total": ("return round(sum(p * self.quantities[n] for n, p in self.prices.items()), 2)\n", "return 6.25\n"),
    "Cart.most_expensive": (
        "return max(self.prices, key=self.prices.get, default=None)\n",
        "return 'milk'\n",
    ),
    "unique": ("return list(dict.fromkeys(names))\n", "return sorted(set(names))\n"),
    "fetch_prices": (
        "names = list(names)\nreturn dict(zip(names, await asyncio.gather(*map(fetch, names))))\n",
        "return {name: fetch(name) for name in names}\n",
    ),
    "add_tax": (
        "if net < 0 or rate < 0:\n    raise ValueError(rate)\nreturn round(net * (1 + rate), 2)\n",
        "return 12.0\n",
    ),
    "apply_discount": (
        "if not 0 <= percent <= 100:\n    raise ValueError(percent)\nreturn round(price * (100 - percent) / 100, 2)\n",
        "return price\n",
    ),
    "clamp": ("if low > high:\n    raise ValueError(low)\nreturn min(max(price, low), high)\n", "return low\n"),
    "slugify": ("import re\nreturn re.sub('[^a-z0-9]+', '-', title.lower()).strip('-')\n", "return title.lower()\n"),
    "truncate": (
        "if limit < len(ELLIPSIS):\n    raise ValueError(limit)\n"
        "return text if len(text) <= limit else text[: limit - len(ELLIPSIS)] + ELLIPSIS\n",
        "return text[:limit]\n",
    ),
    "word_counts": (
        "counts = {}\nfor word in text.lower().split():\n    counts[word] = counts.get(word, 0) + 1\nreturn counts\n",
        "return {text: 1}\n",
    ),
}
ASYNC = """import asyncio
from shop.orders import fetch_prices

def test_it():
    asked = []

    async def fetch(name):
        asked.append(name)
        await asyncio.sleep(0)
        return float(len(asked))

    assert asyncio.run(fetch_prices(["tea", "jam"], fetch)) == {"tea": 2.0, "jam": 2.0}
"""
MUTATION = """from shop.orders import unique

def test_it():
    names = ["b", "a", "b"]
    assert unique(names) == ["b", "a"]
    assert names == ["b", "a", "b"]
"""
ERRORS = """import pytest
from shop.pricing import clamp

@pytest.mark.parametrize("low", [2, 3])
def test_it(low):
    with pytest.raises(ValueError):
        clamp(1, low, 1)
"""
WRITTEN = {"fetch_prices": ASYNC, "unique": MUTATION, "clamp": ERRORS}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("examples") / "shop"
    shutil.copytree(EXAMPLES, root)
    return root


@pytest.fixture(scope="module")
def sandbox(project: Path) -> Iterator[DockerSandbox]:
    with DockerSandbox(project, slots=2) as sandbox:
        yield sandbox


def found(project: Path) -> dict[str, tuple[SourceFile, Stub]]:
    files = [
        SourceFile(path=path, relpath=f"shop/{path.name}", module=f"shop.{path.stem}", data=path.read_bytes())
        for path in (project / "shop").glob("*.py")
    ]
    return {stub.qualname: (file, stub) for file in files for stub in stubs.find(file)}


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("name", BODIES)
def test_verdicts_are_those_of_one_process(sandbox: DockerSandbox, project: Path, name: str, right: bool) -> None:
    file, stub = found(project)[name]
    candidate = Candidate(id="c", text_id="t", body=BODIES[name][0 if right else 1])
    overlay = {file.relpath: edits.fill(file.data, [(stub, candidate)])}
    tests = list(trusted.examples(stub))
    if name in WRITTEN:
        tests.append(GeneratedTest(id="written", name="test_it", source=WRITTEN[name]))
    together = {key: result.verdict for key, result in sandbox.run_tests(overlay, tests).items()}
    apart = sandbox.run_split(overlay, tests)
    assert {key: result.verdict for key, result in apart.items()} == together, apart
    assert tests
    assert (set(together.values()) == {Verdict.PASS}) is right


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("def test_it(tmp_path): pass", "uses tmp_path"),
        ("def test_it(monkeypatch): pass", "uses monkeypatch"),
        ("import os\ndef test_it(): pass", "imports os"),
        ("from unittest import mock\ndef test_it(): mock.patch('shop.text.x')", "uses mock"),
        ("from unittest.mock import Mock\ndef test_it(): pass", "imports unittest.mock"),
        ("import random\ndef test_it(): random.seed(1)", "uses random.seed"),
        ("def test_it(): open('x')", "uses open"),
        ("import sys\ndef test_it(): sys.modules", "uses sys.modules"),
        ("import asyncio, math, pytest, json\nfrom shop.text import slugify\ndef test_it(capsys): pass", ""),
        ("def test_it(:", ""),
    ],
)
def test_a_test_that_shares_more_than_values_is_not_run_split(body: str, reason: str) -> None:
    assert why_not(GeneratedTest(id="t", name="test_it", source=body)).startswith(reason or "")
    assert bool(why_not(GeneratedTest(id="t", name="test_it", source=body))) is bool(reason)


def test_what_is_not_run_split_is_told(sandbox: DockerSandbox) -> None:
    test = GeneratedTest(id="t", name="test_it", source="def test_it(tmp_path): pass")
    assert sandbox.run_split({}, [test])["t"].verdict is Verdict.NOT_ENCODABLE


@pytest.mark.parametrize(("body", "verdict"), [("return 4", Verdict.PASS), ("return Any()", Verdict.FAIL)])
def test_a_function_that_is_no_stub_any_more_is_run_apart_as_well(
    sandbox: DockerSandbox, body: str, verdict: Verdict
) -> None:
    code = f"def f(x):\n    class Any:\n        __eq__ = lambda *args: True\n    {body}\n".encode()
    test = GeneratedTest(
        id="t", name="test_it", source="from shop.text import f\n\ndef test_it():\n    assert f(2) == 4\n"
    )
    results = sandbox.run_split(
        {"shop/text.py": code}, [test], stubbed={"shop/text.py": reopen(code, [Known(qualname="f")])}
    )
    assert results["t"].verdict is verdict, results
