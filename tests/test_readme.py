"""What the README and the other pages say is true of the code."""

from __future__ import annotations

import inspect
import os
import re
import runpy
import shlex
from pathlib import Path

import pytest
from readme import AFTER, BEFORE, ROOT, blocks, body

from model_node.flags import parser
from pytest_supercharger import StubNotFilled, acceptance, cli, hookspecs, stubs, trusted
from pytest_supercharger.domain import Candidate, SourceFile
from pytest_supercharger.flags import COMMAND_LINE_ONLY, INI_ONLY, TABLE
from pytest_supercharger.marker import OPTIONS
from pytest_supercharger.options import Settings
from pytest_supercharger.writeback import edits

DOCS = sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))
PAGES = ["README.md", "CONTRIBUTING.md", "examples/README.md", *DOCS]
NODE_FLAGS = {flag for action in parser()._actions for flag in action.option_strings}
CALIBRATE_FLAGS = set(cli.parser()._subparsers._group_actions[0].choices["calibrate"]._option_string_actions)
PROGRAM = r"(?:pytest|supercharger-node|scripts/[^\s`]+|benchmarks/[^\s`]+)"
PYTEST_FLAGS = {option.flag for option in TABLE if option.field not in INI_ONLY}
SOURCES = [*ROOT.glob("pytest_supercharger/**/*.py"), *ROOT.glob("model_node/**/*.py")]


def page(name):
    return (ROOT / name).read_text(encoding="utf-8")


def stub_of(text):
    path = Path("/project/shapes.py")
    found = stubs.find(SourceFile(path=path, relpath="shapes.py", module="shapes", data=text.encode()))
    assert len(found) == 1
    return found[0]


def test_the_example_is_a_stub():
    assert stub_of(BEFORE).id == "shapes:area"


def test_calling_the_example_names_the_stub_and_the_command(tmp_path):
    (tmp_path / "shapes.py").write_text(BEFORE)
    area = runpy.run_path(str(tmp_path / "shapes.py"), run_name="shapes")["area"]
    with pytest.raises(StubNotFilled, match=r"shapes:area is a stub .* pytest --supercharge"):
        area(2, 3)


def test_the_options_of_the_marker_are_those_the_readme_names():
    named = re.search(r"The marker takes options.*?(?=\n\n)", page("README.md"), re.DOTALL)
    assert set(re.findall(r"`(\w+)(?:=[^`]*)?`", named[0])) == set(OPTIONS)
    given = re.findall(r"`(\w+=[^`]*)`", named[0])
    call = f"@supercharge({', '.join(given)})"
    stub = stub_of(BEFORE.replace("@supercharge", call))
    assert len(trusted.examples(stub)) == len(trusted.examples(stub_of(BEFORE))) + 1


def test_the_filled_example_is_what_write_back_makes_of_it():
    candidate = Candidate(id="a", text_id="a", body=body())
    assert edits.fill(BEFORE.encode(), [(stub_of(BEFORE), candidate)]).decode() == AFTER


def test_the_first_two_commands_are_files_that_run():
    for line in blocks("README.md", "sh")[:2]:
        assert os.access(ROOT / line.strip(), os.X_OK)


def test_ci_runs_exactly_the_line_of_the_readme():
    line = blocks("README.md", "sh")[1].strip()
    assert page(".ci/run").splitlines()[-1] == f"exec {line}"
    assert os.access(ROOT / ".ci/run", os.X_OK)


def commands():
    """Every command line of the pages: fenced ones, and those in running text."""
    for name in PAGES:
        lines = [line for block in blocks(name, "sh") for line in block.replace("\\\n", " ").splitlines()]
        lines += re.findall(
            r"`((?:pytest|supercharger(?:-node)?|scripts/[^\s`]+|benchmarks/[^\s`]+)(?: [^`\n]*)?)`", page(name)
        )
        yield from ((name, line) for line in lines if line.strip())


@pytest.mark.parametrize(("name", "line"), sorted(set(commands())))
def test_every_command_of_the_pages_can_be_typed(name, line):
    words = shlex.split(line, comments=True)
    flags = {word.partition("=")[0] for word in words if word.startswith("--") and word != "--"}
    if "supercharger-node" in words:
        assert flags <= NODE_FLAGS
    elif "pytest" in words:
        assert {flag for flag in flags if "supercharge" in flag} <= PYTEST_FLAGS
    elif words[:1] == ["supercharger"]:
        assert flags <= CALIBRATE_FLAGS
    elif words and words[0].startswith(("scripts/", "benchmarks/", ".ci/")):
        assert os.access(ROOT / words[0], os.X_OK)
    else:
        assert not words or words[0] in {"pip", "docker", "systemctl", "sudo", "git", "export"}, f"{name}: {line}"


def rows():
    """Flag, metavar, ini key and meaning of each row of the README's table; the key stands for a missing flag."""
    row = r"^\| (?:`(--\S+?)(?:[ =](\S+))?` )?\| (?:`(\w+)`)? ?\| (.*?) \|$"
    found = re.findall(row, page("README.md"), re.MULTILINE)
    return {flag or key: (metavar, key, meaning) for flag, metavar, key, meaning in found if flag or key}


def test_the_table_of_flags_is_the_table_of_the_code():
    assert rows().keys() == PYTEST_FLAGS | {option.key for option in TABLE if option.field in INI_ONLY}


@pytest.mark.parametrize("option", TABLE, ids=lambda option: option.field)
def test_a_row_of_the_table_says_what_the_code_says(option):
    metavar, key, meaning = rows()[option.key if option.field in INI_ONLY else option.flag]
    assert metavar == (option.metavar or "")
    assert key == ("" if option.field in COMMAND_LINE_ONLY else option.key)
    default = re.search(r"\(default: (.*)\)", option.help)
    if default is not None:
        assert meaning.endswith(f"({default[1]})")
    if default is not None and default[1][0].isdecimal():
        assert float(default[1]) == getattr(Settings(), option.field)


@pytest.mark.parametrize("name", PAGES)
def test_every_linked_file_exists(name):
    for target in re.findall(r"\]\(([^)\s]+)\)", page(name)):
        if "://" not in target:
            assert ((ROOT / name).parent / target.partition("#")[0]).exists(), f"{name} links to {target}"


@pytest.mark.parametrize("name", PAGES)
def test_every_file_that_is_named_exists(name):
    named = set(re.findall(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|proto|json|toml|ini|md))`", page(name)))
    folders = ("pytest_supercharger", "model_node", "protos", "prompts", "tests", "examples", "docs")
    known = [str(path.relative_to(ROOT)) for folder in folders for path in ROOT.joinpath(folder).rglob("*")]
    missing = {file for file in named if not any(f"/{path}".endswith(f"/{file}") for path in known)}
    assert missing <= {".supercharge/evidence/MODULE/QUALNAME.json", "test_MODULE_saved.py"}


@pytest.mark.parametrize("name", PAGES)
def test_every_flag_and_variable_that_is_named_exists(name):
    text = page(name)
    assert set(re.findall(r"--supercharge[a-z-]*\b", text)) <= PYTEST_FLAGS
    readers = [*SOURCES, ROOT / "tests/model_node/conftest.py"]
    code = "\n".join(path.read_text(encoding="utf-8") for path in readers)
    variables = set(re.findall(r"\b(?:PYTEST_SUPERCHARGE|SUPERCHARGER)_[A-Z_]+\b", text))
    assert all(variable in code for variable in variables)


def test_the_formula_of_the_pages_is_that_of_the_code():
    text = page("docs/decisions.md")
    rows = re.findall(r"^\| `(\w+)` \| (-?[\d.]+) \|", text, re.MULTILINE)
    assert {name: float(weight) for name, weight in rows} == acceptance._COEFFICIENTS
    assert f"is {acceptance._INTERCEPT} plus" in text


def test_the_page_of_hooks_has_each_of_them_with_its_arguments():
    hooks = {name: inspect.signature(hook) for name, hook in vars(hookspecs).items() if name.startswith("pytest_")}
    rows = re.findall(r"^\| `(\w+)\((.*?)\)` \|", page("docs/hooks.md"), re.MULTILINE)
    assert {name: arguments.split(", ") for name, arguments in rows} == {
        name: [*signature.parameters] for name, signature in hooks.items()
    }


def test_contributing_names_the_three_commands():
    lines = [shlex.split(line, comments=True) for line in blocks("CONTRIBUTING.md", "sh")[0].splitlines()]
    assert [words[0] for words in lines] == ["scripts/test", "scripts/test", "scripts/demo"]
