"""Tasks in the format of HumanEval+ and MBPP+ as modules with one stub each, and what their answers are judged by."""

from __future__ import annotations

import ast
import builtins
import gzip
import hashlib
import json
import random
import textwrap
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_supercharger import parsing, stubs
from pytest_supercharger.calibrating import inputs
from pytest_supercharger.domain import SourceFile
from pytest_supercharger.errors import SettingsError

__all__ = ["BODY", "MARKER", "Row", "Task", "TaskError", "checked", "choose", "make", "module_of"]

Row = Mapping[str, Any]
MARKER = "from pytest_supercharger import supercharge\n"
BODY = "    raise NotImplementedError\n"
# HumanEval/32 asks for any root of a polynomial: another root than the reference's is as right.
_ROOT = "lambda got, xs: abs(sum(c * got**i for i, c in enumerate(xs))) < 1e-4"
_VIEWS = {"set": "lambda got, *_: set(got)", "bool": "lambda got, *_: bool(got)", "value": "lambda got, *_: got"}


class TaskError(Exception):
    """A task that cannot be used; its text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One stub, and a reference that says what is right."""

    id: str
    group: str  # the part of the id in front of the slash: "HumanEval", "Mbpp", or "easy" and the like of our own
    module: str
    name: str
    source: str  # of the module with the stub
    reference: str  # of a module with a right function
    contract: str  # a function that raises on an input outside of the task
    inputs: tuple[list[Any], ...]
    atol: float
    view: str  # what of a result is compared: source of a function of the result and the input
    raises: tuple[str, ...] = ()  # builtin exceptions that are an answer as well

    @property
    def stub_id(self) -> str:
        """As the plugin names it."""
        return f"{self.module}:{self.name}"

    @property
    def relpath(self) -> str:
        """Of the module in the project."""
        return f"{self.module}.py"


def choose(file: Path, count: int, seed: int) -> list[Row]:
    """`count` tasks of a file, all for 0; the same for the same seed, and more of them include the fewer.

    Raises:
        SettingsError: the file cannot be read.
    """
    try:
        data = file.read_bytes()
        text = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        rows: list[Row] = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (OSError, EOFError, ValueError, RecursionError, zlib.error) as error:
        raise SettingsError(f"{file} cannot be read ({error}); give a file of JSON lines") from None
    if not all(isinstance(row, dict) for row in rows):
        raise SettingsError(f"{file} holds other things than tasks; give one JSON object a line")
    random.Random(f"{seed}:{file.name}").shuffle(rows)
    return rows[:count] if count else rows


def make(row: Row) -> Task:
    """The task of a row.

    Raises:
        TaskError: it cannot be made into a stub, or has nothing to be judged by.
    """
    try:
        task = _mbpp(row) if "assertion" in row else _humaneval(row)
        return checked(task)
    except TaskError:
        raise
    except Exception as error:  # whatever a file holds, the other tasks go on
        raise TaskError(f"no stub can be made of it: {type(error).__name__}: {error}") from error


def checked(task: Task) -> Task:
    """The task, if its source has the one stub.

    Raises:
        TaskError: it has another one, or nothing to be judged by.
    """
    file = SourceFile(path=Path(task.relpath), relpath=task.relpath, module=task.module, data=task.source.encode())
    found = stubs.find(file)
    if [stub.id for stub in found] != [task.stub_id]:
        raise TaskError(f"its source has the stubs {[stub.id for stub in found]}, not {task.stub_id}")
    if not task.inputs:
        raise TaskError("it has no inputs")
    return task


def _humaneval(row: Row) -> Task:
    prompt, name = row["prompt"].strip("\n") + "\n", row["entry_point"]
    head, define, rest = prompt.rpartition(f"def {name}(")
    source = f"{MARKER}{head.rstrip()}\n\n\n@supercharge\n{define}{rest}{BODY}"
    reference = f"{prompt}{row['canonical_solution']}"
    view = _ROOT if row["task_id"] == "HumanEval/32" else _VIEWS["value"]
    return _task(row, source, reference, [*row["base_input"], *row["plus_input"]], view)


def _mbpp(row: Row) -> Task:
    text, shown = _described(row["prompt"])
    define = _function(row["canonical_solution"], row["entry_point"])
    example = shown.removeprefix("assert ")
    docstring = f"{text}\n\nFor example:\n    {example}" if example else text
    escaped = textwrap.indent(docstring.replace("\\", "\\\\").replace('"""', '\\"\\"\\"'), "    ").strip()
    source = f'{MARKER}\n\n@supercharge\n{_signature(define)}\n    """{escaped}\n    """\n{BODY}'
    typed = inputs.typed([*row["base_input"], *row["plus_input"]], row["assertion"], row["entry_point"])
    return _task(row, source, row["canonical_solution"], typed, _view(shown, row["entry_point"]))


def _task(row: Row, source: str, reference: str, given: list[list[Any]], view: str) -> Task:
    name = row["entry_point"]
    parameters = ast.unparse(_bare(_function(reference, name).args))
    contract = row.get("contract", "").strip("\n")
    return Task(
        id=row["task_id"],
        group=row["task_id"].partition("/")[0],
        module=module_of(row["task_id"]),
        name=name,
        source=source,
        reference=reference,
        contract=f"def contract({parameters}):\n{contract}\n    return None\n" if _fits(contract) else "",
        inputs=tuple(given),
        atol=float(row["atol"]),
        view=view,
    )


def module_of(task_id: str) -> str:
    """A neutral name for the module of a task: that of the set would remind a model of it."""
    return f"part_{hashlib.sha256(task_id.encode()).hexdigest()[:8]}"


def _fits(contract: str) -> bool:
    try:
        parsing.module(f"def contract():\n{contract}\n    return None\n")
    except SyntaxError:
        return False
    return bool(contract)


def _described(prompt: str) -> tuple[str, str]:
    """The words of an MBPP prompt, and the assert that it shows."""
    lines = prompt.strip().strip('"').strip().splitlines()
    shown = [line.strip() for line in lines if line.startswith("assert ")]
    return "\n".join(line for line in lines if not line.startswith("assert ")).strip(), shown[0] if shown else ""


def _function(source: str, name: str) -> ast.FunctionDef:
    found = [node for node in parsing.module(source).body if isinstance(node, ast.FunctionDef) and node.name == name]
    if not found:
        raise TaskError(f"its reference has no function {name}")
    return found[-1]


def _signature(define: ast.FunctionDef) -> str:
    """The header of the reference; annotations stay where they need no import."""
    arguments, returns = define.args, define.returns
    notes = [node.annotation for node in ast.walk(arguments) if isinstance(node, ast.arg) and node.annotation]
    used = {
        part.id
        for note in [*notes, *([returns] if returns else [])]
        for part in ast.walk(note)
        if isinstance(part, ast.Name)
    }
    if not used <= set(dir(builtins)):
        arguments, returns = _bare(arguments), None
    result = f" -> {ast.unparse(returns)}" if returns else ""
    return f"def {define.name}({ast.unparse(arguments)}){result}:"


def _bare(arguments: ast.arguments) -> ast.arguments:
    for node in ast.walk(bare := parsing.module(f"def _({ast.unparse(arguments)}): ...")):
        if isinstance(node, ast.arg):
            node.annotation = None
    define = bare.body[0]
    assert isinstance(define, ast.FunctionDef)
    return define.args


def _view(shown: str, name: str) -> str:
    """MBPP compares some results as sets, and some by their truth alone; the assert that is shown tells."""
    match parsing.module(shown or "assert f() == 0").body[0]:
        case ast.Assert(test=ast.Compare(left=ast.Call(func=ast.Name(id="set")))):
            return _VIEWS["set"]
        case ast.Assert(test=ast.Call(func=ast.Name(id=called))) if called == name:
            return _VIEWS["bool"]
        case ast.Assert(test=ast.UnaryOp()):
            return _VIEWS["bool"]
    return _VIEWS["value"]
