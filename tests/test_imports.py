"""Imports go one way, and cost nothing without the flag."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_supercharger

ROOT = Path(pytest_supercharger.__file__).parent
OUTSIDE_WORLDS = (
    "client",
    "localnode",
    "pipreqs",
    "pool.calls",
    "pool.loop",
    "sandbox.docker",
    "writeback.files",
    "writeback.journal",
    "project",
)
PURE = (
    "acceptance",
    "agreement",
    "calibration",
    "circles",
    "context",
    "dispute",
    "distributions",
    "domain",
    "earned",
    "effects",
    "errors",
    "fingerprints",
    "kills",
    "lastword",
    "mutants",
    "occurrences",
    "passing_on",
    "pool.policy",
    "pool.scheduler",
    "progress",
    "rankers",
    "refusals",
    "search",
    "source",
    "stubs",
    "trusted",
    "unfilled",
    "voting",
    "writeback.apart",
    "writeback.edits",
    "writeback.harmless",
    "writeback.import_settings",
    "writeback.imports",
    "writeback.renaming",
    "writeback.unfill",
    "writeback.verify",
    "clean.candidate",
    "clean.saved",
    "clean.tests",
    "probes",
)
# Not `threading`: a lock around process-wide state (warning filters, yapf's style) reaches no outside world.
FORBIDDEN_IN_PURE = {"pytest", "grpc", "docker", "subprocess", "socket", "os", "torch"}


def graph(root=ROOT):
    """Every module of a package with the names it imports anywhere, inside functions too."""
    found = {}
    for path in root.rglob("*.py"):
        parts = path.relative_to(root).with_suffix("").parts
        if "inside" in parts:
            continue  # runs in the container and imports nothing of the package
        name = ".".join(part for part in parts if part != "__init__")
        found[name] = set(imported(path, root))
    return found


def imported(path, root):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if root != ROOT:  # what only annotations need is never imported, and torch's part leans on it
        tree.body = [
            node for node in tree.body if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
        ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own(names, package):
    return {name.removeprefix(f"{package}.") for name in names if name.startswith(f"{package}.")}


def closure(name, edges, package=ROOT.name):
    seen, todo = set(), [name]
    while todo:
        for other in own(edges.get(todo.pop(), ()), package) & set(edges):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_never_reach_an_outside_world(name):
    edges = graph()
    assert name in edges
    reached = closure(name, edges) | {name}
    assert reached.isdisjoint(OUTSIDE_WORLDS)
    tops = {module.partition(".")[0] for inner in reached for module in edges[inner]}
    assert tops.isdisjoint(FORBIDDEN_IN_PURE)


@pytest.mark.parametrize("root", [ROOT, ROOT.with_name("model_node")], ids=lambda root: root.name)
def test_the_import_graph_has_no_circle(root):
    edges = graph(root)
    circles = {name for name in edges if name and name in closure(name, edges, root.name)}
    assert not circles


@pytest.mark.parametrize(
    ("library", "home"),
    [
        ("grpc", {"client", "pool.calls"}),
        ("docker", None),
        ("yapf", {"clean.layout"}),
        ("opentelemetry", {"telemetry"}),
    ],
)
def test_each_outside_library_is_used_in_one_place(library, home):
    users = {name for name, names in graph().items() if any(n.partition(".")[0] == library for n in names)}
    assert users, f"nobody uses {library}"
    if home is None:
        assert all(name.startswith("sandbox.") for name in users)
    else:
        assert users <= home


def loaded_after(code):
    script = f"import sys\n{code}\nprint(sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(ast.literal_eval(done.stdout.splitlines()[-1]))


HEAVY = {"grpc", "docker", "yapf", "torch", "transformers", "google", "opentelemetry"}


def test_the_marker_loads_nothing_but_itself():
    extra = loaded_after("from pytest_supercharger import supercharge") - loaded_after("")
    assert extra.isdisjoint(HEAVY | {"pytest", "ast", "asyncio"})


def test_opentelemetry_is_loaded_for_a_traced_run_alone():
    assert "opentelemetry" not in loaded_after("import pytest_supercharger.run, pytest_supercharger.client")
    assert "opentelemetry" not in loaded_after("import model_node.server, model_node.ray_app")


def test_a_run_without_the_flag_loads_nothing_heavy(pytester):
    pytester.makepyfile(
        f"""
        import sys

        def test_light():
            loaded = {{name.partition(".")[0] for name in sys.modules}}
            assert "pytest_supercharger" in loaded
            assert loaded.isdisjoint({HEAVY!r})
            own = {{name for name in sys.modules if name.startswith("pytest_supercharger.")}}
            names = ("flags", "hookspecs", "marker", "plugin", "values")
            assert own == {{"pytest_supercharger." + name for name in names}}
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)
