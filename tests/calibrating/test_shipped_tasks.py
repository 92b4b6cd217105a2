"""The shipped tasks: what they say is true of their references, and hard enough to be worth asking."""

from __future__ import annotations

import builtins
import copy
import doctest
import importlib
from collections import Counter
from pathlib import Path

import pytest

from pytest_supercharger import stubs, trusted
from pytest_supercharger.calibrating import library, shipped
from pytest_supercharger.domain import SourceFile

TASKS = library.shipped()
MODULES = {path.stem for path in Path(shipped.__file__).parent.glob("*.py")} - {"__init__"}


def functions():
    """The references as functions: they are our own code, and no model had a hand in it."""
    for name in sorted(MODULES):
        module = importlib.import_module(f"{shipped.__name__}.{name}")
        yield from ((key, value) for key, value in vars(module).items() if callable(value) and key != "cases")


FUNCTIONS = dict(functions())


def example_tests(task):
    file = SourceFile(path=Path(task.relpath), relpath=task.relpath, module=task.module, data=task.source.encode())
    (stub,) = stubs.find(file)
    return trusted.examples(stub)


def test_there_are_a_few_dozen_most_of_them_easy_and_enough_without_examples():
    groups = Counter(task.group for task in TASKS)
    assert groups == {"easy": 22, "medium": 14, "tricky": 14}
    assert len({task.module for task in TASKS}) == len(FUNCTIONS) == 50
    assert sum(not example_tests(task) for task in TASKS) == 12


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_examples_of_a_reference_hold(name):
    finder, runner = doctest.DocTestFinder(recurse=False), doctest.DocTestRunner(verbose=False)
    for found in finder.find(FUNCTIONS[name], name):
        assert runner.run(found).failed == 0


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_every_input_has_an_answer_or_a_documented_exception_and_no_constant_is_right(task):
    documented = tuple(getattr(builtins, name) for name in task.raises)
    answers = []
    for given in task.inputs:
        try:
            answers.append(repr(FUNCTIONS[task.name](*copy.deepcopy(given))))
        except documented as error:
            answers.append(type(error).__name__)
    assert len(answers) >= 5
    assert Counter(answers).most_common(1)[0][1] < len(answers)
    assert set(task.raises) <= set(answers), "a documented exception that no input raises"


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_a_stub_shows_nothing_of_its_reference(task):
    body = task.reference.rpartition('"""\n')[2]
    assert body.strip()
    assert body not in task.source
    assert "cases" not in task.source + task.reference
