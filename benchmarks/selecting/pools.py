"""Verdict matrices of a pool of samples, and draws from them in the form in which the plugin weighs evidence."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pytest_supercharger.behaviour import Behaviour, Evidence
from pytest_supercharger.domain import Output, OutputKind

POOLS = ("weak", "strong")
ALL = 99  # trusted examples: all there are
_KINDS = {-1: OutputKind.EXCEPTION, -2: OutputKind.INVALID, -3: OutputKind.TIMEOUT}


class BadPool(Exception):
    """A folder or file that is not in the format of the pools."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One candidate of a task: what it did on everything."""

    loads: bool
    tests: tuple[bool, ...]
    outputs: tuple[Output, ...]  # on the inputs of the tests, then on the mutated ones
    examples: tuple[bool, ...]
    right: bool
    right_humaneval: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task of a pool."""

    name: str
    samples: tuple[int, ...]
    suites: tuple[tuple[int, ...], ...]
    tests: int
    mutated: int
    examples: int
    rows: tuple[Row, ...]

    def labels(self, *, humaneval: bool = False) -> dict[str, bool]:
        """Which candidates are right, by id."""
        return {str(i): row.right_humaneval if humaneval else row.right for i, row in enumerate(self.rows)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The samples and suites of a task in the order in which they are drawn."""

    task: Task
    codes: tuple[int, ...]
    suites: tuple[int, ...]

    def evidence(self, codes: int, suites: int, *, trusted: int, as_live: bool = True) -> Evidence:
        """What is known after so many draws, with the first `trusted` examples trusted.

        In a live run a candidate that fails a trusted test is not run on the generated ones; without `as_live` it is.
        """
        task, trusted = self.task, min(trusted, self.task.examples)
        drawn = Counter(self.codes[:codes])
        weights = Counter(test for suite in self.suites[:suites] for test in task.suites[suite])
        tests = sorted(weights)
        inputs = [*tests, *range(task.tests, task.tests + task.mutated)]
        return Evidence(
            behaviours=tuple(
                _behaviour(i, n, task.rows[i], tests, inputs, trusted, as_live) for i, n in sorted(drawn.items())
            ),
            weights=tuple(float(weights[test]) for test in tests),
            test_answers=min(suites, len(self.suites)),
            trusted_checks=trusted,
        )


def orders(task: Task, draws: int, seed: str = "") -> Iterator[Order]:
    """So many independent orders of the task's samples and suites, always the same ones."""
    for draw in range(draws):
        rng = random.Random(f"{seed}:{task.name}:{draw}")
        codes = rng.sample(task.samples, len(task.samples))
        suites = rng.sample(range(len(task.suites)), len(task.suites))
        yield Order(task=task, codes=tuple(codes), suites=tuple(suites))


def read(folder: Path) -> dict[str, tuple[Task, ...]]:
    """The pools of a folder.

    Raises:
        BadPool: a file is missing or not in the format.
    """
    pools = {}
    for name in POOLS:
        path = folder / f"{name}.jsonl.gz"
        try:
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                pools[name] = tuple(_task(json.loads(line)) for line in lines)
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            raise BadPool(f"{path} is not a pool ({type(error).__name__}: {error})") from None
    return pools


def _behaviour(
    i: int, n: int, row: Row, tests: Sequence[int], inputs: Sequence[int], trusted: int, as_live: bool
) -> Behaviour:
    vouched = all(row.examples[:trusted])
    return Behaviour(
        id=str(i),
        samples=n,
        loads=row.loads,
        trusted=vouched and row.loads,
        passes=tuple(row.tests[test] for test in tests) if vouched or not as_live else (),
        outputs=tuple(row.outputs[x] for x in inputs) if row.loads else (),
    )


def _task(record: dict[str, Any]) -> Task:
    rows = record["candidates"]
    tests, mutated = record["tests"], max((len(row["fuzz"]) for row in rows), default=0)
    return Task(
        name=record["task"],
        samples=tuple(record["samples"]),
        suites=tuple(map(tuple, record["suites"])),
        tests=tests,
        mutated=mutated,
        examples=record["examples"],
        rows=tuple(_row(row, tests, mutated) for row in rows),
    )


def _row(row: dict[str, Any], tests: int, mutated: int) -> Row:
    """A candidate that does not load may have no verdicts and no outputs."""
    numbers = [*row["outputs"], *row["fuzz"]]
    if row["loads"] and (len(row["tests"]) != tests or len(numbers) != tests + mutated):
        raise ValueError("a candidate without all verdicts and outputs")
    return Row(
        loads=row["loads"],
        tests=tuple(mark == "1" for mark in row["tests"]) or (False,) * tests,
        outputs=tuple(map(_output, numbers)),
        examples=tuple(map(bool, row["examples"])),
        right=row["right"],
        right_humaneval=row["right_humaneval"],
    )


@cache
def _output(number: int) -> Output:
    kind = _KINDS.get(number, OutputKind.VALUE)
    return Output(kind=kind, text=str(number) if number >= 0 else "")
