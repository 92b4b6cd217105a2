"""Draws raw answers from a running node, with the questions that a search asks."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

from cleaning.answers import Raw
from pytest_supercharger import context, prompting, session
from pytest_supercharger.client import NodePool
from pytest_supercharger.domain import Question, QuestionKind, SourceFile, Stub
from pytest_supercharger.errors import SuperchargeError
from pytest_supercharger.project import Project

__all__ = ["draw"]

_SECONDS = 3600.0
_CHARACTERS = 8_000  # of the stub and what stands around it
_AT_ONCE = 16  # questions; the node batches them


def draw(address: str, folder: Path, count: int, temperature: float) -> Iterator[Raw]:
    """Yield `count` answers about the stubs of a project, code and tests in turn, as they come.

    The program ends where the node cannot be reached.
    """
    work = session.find(Project.discover(folder, norecurse=(), pythonpath=()))
    if not work.stubs:
        sys.exit(f"clean: {folder} has no stubs; give a project with functions marked @supercharge")
    sources = {source.relpath: source for source in work.sources.values()}
    rounds = itertools.product(itertools.count(), ("code", "tests"), work.stubs)
    asked = [(kind, stub, sources[stub.relpath], number) for number, kind, stub in itertools.islice(rounds, count)]
    try:
        with NodePool([address]) as pool:
            for start in range(0, count, _AT_ONCE):
                yield from _answers(pool, asked[start : start + _AT_ONCE], temperature)
    except SuperchargeError as error:
        sys.exit(f"clean: {error}")


def _answers(pool: NodePool, asked: list[tuple[str, Stub, SourceFile, int]], temperature: float) -> Iterator[Raw]:
    questions = [_question(kind, stub, source, number, temperature) for kind, stub, source, number in asked]
    for index, answer in pool.generate(questions, samples=1, deadline_seconds=_SECONDS):
        kind, stub, source, _ = asked[index]
        yield Raw(kind=kind, stub=stub, source=source, answer=answer)


def _question(kind: str, stub: Stub, source: SourceFile, number: int, temperature: float) -> Question:
    described = context.describe(stub, source, max_chars=_CHARACTERS)
    ask = prompting.code_question if kind == "code" else prompting.test_question
    question = ask(stub, described, variant=number, seed=number + 1, temperature=temperature)
    assert question.kind is (QuestionKind.CODE if kind == "code" else QuestionKind.TEST)
    return question
