"""Valid code as answers: every function of the standard library in, an equal tree out."""

from __future__ import annotations

import ast
import sysconfig
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_supercharger.clean._signature import is_empty
from pytest_supercharger.clean._syntax import FunctionNode, indent_code, without_docstring
from pytest_supercharger.clean.candidate import clean
from pytest_supercharger.domain import Answer, FinishReason, Rejection, Stub, StubKind

__all__ = ["Function", "change", "functions"]

_KINDS = {
    "classmethod": StubKind.CLASS_METHOD,
    "staticmethod": StubKind.STATIC_METHOD,
    "property": StubKind.PROPERTY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function or method of a module, its lines as they stand there."""

    stub: Stub
    lines: tuple[str, ...]
    module: str  # the source of its module

    def answer(self, way: str) -> str:
        """The function as a model would answer it: `fenced`, `bare`, or with Windows line ends as `windows`."""
        margin = len(self.lines[0]) - len(self.lines[0].lstrip())
        code = "\n".join(line[margin:] if not line[:margin].strip() else line for line in self.lines)
        if margin and _dump(code) != _dump("if 1:\n" + "\n".join(self.lines), inner=True):
            code = "\n".join(self.lines)  # a string over several lines reaches into the margin
        fenced = f"Here it is:\n\n```python\n{code}\n```\nIt does what you asked."
        return {"fenced": fenced, "bare": f"{code}\n", "windows": fenced.replace("\n", "\r\n")}[way]


def functions(folder: Path | None = None, *, largest: int = 1_000_000) -> Iterator[Function]:
    """Yield the functions of the modules in a folder, that of the standard library by default; no empty ones."""
    for path in sorted((folder or Path(sysconfig.get_paths()["stdlib"])).glob("*.py")):
        if path.stat().st_size <= largest:
            try:
                source = path.read_text(encoding="utf-8").replace("\r\n", "\n")
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    tree = ast.parse(source)
            except (SyntaxError, UnicodeDecodeError):
                continue
            yield from _of_module(path, source, tree)


def _of_module(path: Path, source: str, tree: ast.Module) -> Iterator[Function]:
    lines = source.split("\n")
    owners = [("", tree.body), *((f"{n.name}.", n.body) for n in tree.body if isinstance(n, ast.ClassDef))]
    for prefix, body in owners:
        defined = [n for n in body if isinstance(n, FunctionNode)]
        for node in defined:
            again = sum(other.name == node.name for other in defined) > 1
            if again or is_empty(node) or node.body[0].lineno == node.lineno:
                continue
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            yield Function(
                stub=_stub(path, prefix, node), lines=tuple(lines[first - 1 : node.end_lineno]), module=source
            )


def _stub(path: Path, prefix: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Stub:
    header = type(node)(name=node.name, args=node.args, returns=node.returns, body=[ast.Pass()], decorator_list=[])
    names = [n.id for d in node.decorator_list for n in ast.walk(d) if isinstance(n, ast.Name)]
    kind = next((kind for name, kind in _KINDS.items() if name in names), StubKind.METHOD)
    return Stub(
        module=path.stem,
        qualname=f"{prefix}{node.name}",
        path=path,
        relpath=path.name,
        line=node.lineno,
        kind=kind if prefix else StubKind.FUNCTION,
        is_async=isinstance(node, ast.AsyncFunctionDef),
        signature=ast.unparse(ast.fix_missing_locations(ast.copy_location(header, node))).rpartition(":")[0],
        docstring="",
    )


def change(function: Function, way: str) -> str:
    """What cleaning changes in a function that is right as it is; "" for nothing."""
    answer = Answer(text=function.answer(way), finish_reason=FinishReason.EOS, sample_index=0)
    result = clean(answer, function.stub, function.module)
    if isinstance(result, Rejection):
        return f"rejected: {result.reason}: {result.detail}"
    margin = "    " if "." in function.stub.qualname else ""
    wanted = ast.parse(f"if 1:\n{'' if margin else ' '}" + ("\n".join(function.lines) if margin else "pass"))
    node = wanted.body[0].body[0] if margin else ast.parse("\n".join(function.lines)).body[0]
    expected = [ast.dump(statement) for statement in without_docstring(node.body)]
    made = ast.parse("async def _():\n" + indent_code(result[0].body, "    ")).body[0]
    found = [ast.dump(statement) for statement in made.body]
    if len(result) != 1:
        return f"{len(result)} candidates"
    if found != expected:
        return f"changed: {result[0].body[:200]!r}"
    return f"helpers: {result[0].helpers[0][:100]!r}" if result[0].helpers else ""


def _dump(source: str, *, inner: bool = False) -> str:
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return ""
    return ast.dump(body[0].body[0] if inner else body[0])
