"""Draws raw answers from a running node, with the questions that a search asks."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

from cleaning.answers import Raw
from pytest_supercharger import context, finding, prompting
from pytest_supercharger.client import NodePool
from pytest_supercharger.domain import Question, Stub
from pytest_supercharger.errors import SuperchargeError
from pytest_supercharger.project import Project

__all__ = ["draw", "question"]

_SECONDS = 3600.0
_CHARACTERS = 8_000  # of the stub and what stands around it
_AT_ONCE = 16  # questions; the node batches them


def draw(address: str, folder: Path, count: int, temperature: float) -> Iterator[Raw]:
    """Yield `count` answers about the stubs of a project, code and tests in turn, as they come.

    The program ends where the node cannot be reached.
    """
    try:
        work = finding.find(Project.discover(folder, norecurse=(), pythonpath=()))
        if not work.stubs:
            sys.exit(f"clean: {folder} has no stubs; give a project with functions marked @supercharge")
        everything = ((n, stub, kind) for n in range(count) for stub in work.stubs for kind in ("code", "tests"))
        asked = [*itertools.islice(everything, count)]
        with NodePool([address]) as pool:
            for start in range(0, count, _AT_ONCE):
                yield from _answers(pool, work, asked[start : start + _AT_ONCE], temperature)
    except SuperchargeError as error:
        sys.exit(f"clean: {error}")


def _answers(
    pool: NodePool, work: finding.Work, asked: list[tuple[int, Stub, str]], temperature: float
) -> Iterator[Raw]:
    questions = [
        question(work, stub, kind, variant=number, seed=number + 1, temperature=temperature)
        for number, stub, kind in asked
    ]
    for index, answer in pool.generate(questions, samples=1, deadline_seconds=_SECONDS):
        _, stub, kind = asked[index]
        yield Raw(kind=kind, stub=stub, source=work.sources[stub.relpath], answer=answer)


def question(
    work: finding.Work, stub: Stub, kind: str, *, variant: int, seed: int, temperature: float = prompting.TEMPERATURE
) -> Question:
    """What the plugin would ask about a stub: for code, or for tests."""
    source = work.sources[stub.relpath]
    described = context.describe(stub, source, neighbours=work.project.neighbours(source), max_chars=_CHARACTERS)
    ask = prompting.code_question if kind == "code" else prompting.test_question
    return ask(stub, described, variant=variant, seed=seed, temperature=temperature)
