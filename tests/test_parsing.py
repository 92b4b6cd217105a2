"""Trees are built by one thread at a time, and copied whole."""

from __future__ import annotations

import ast
import gc
import threading
from pathlib import Path

import pytest

import pytest_supercharger
from pytest_supercharger import parsing

ROOT = Path(pytest_supercharger.__file__).parent


def test_threads_that_parse_at_the_same_moment_do_not_disturb_each_other():
    """In Python 3.11.0 to 3.11.7 they do, as soon as a collection in the middle lets another one run."""
    text = "x = [" + ", ".join(f"f({i}, a={i})" for i in range(400)) + "]\n"
    other_has_run = threading.Event()

    def let_others_run(phase, info):
        other_has_run.wait(0.001)

    errors = []

    def parse():
        try:
            for _ in range(20):
                parsing.module(text)
        except SystemError as error:
            errors.append(error)

    threads = [threading.Thread(target=parse) for _ in range(3)]
    before = gc.get_threshold()
    gc.callbacks.append(let_others_run)
    gc.set_threshold(500)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(let_others_run)
    assert errors == []


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nobody_else_builds_trees(path):
    if path.name == "parsing.py" or "inside" in path.parts:  # there, a process has one thread
        return
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    assert [node.lineno for node in calls if ast.unparse(node.func) == "ast.parse"] == []


@pytest.mark.parametrize("path", sorted(ROOT.glob("*.py")), ids=lambda path: path.name)
def test_a_copy_is_equal_with_its_positions_and_shares_no_node(path):
    tree = parsing.module(path.read_bytes())

    copy = parsing.copied(tree)

    assert ast.dump(copy, include_attributes=True) == ast.dump(tree, include_attributes=True)
    assert {id(node) for node in ast.walk(copy)}.isdisjoint(id(node) for node in ast.walk(tree))


def test_a_change_of_a_copy_leaves_the_tree_alone():
    tree = parsing.module("x = [1, 2]")

    parsing.copied(tree).body.append(ast.Pass())
    parsing.copied(tree).body[0].value.elts.clear()

    assert ast.unparse(tree) == "x = [1, 2]"
