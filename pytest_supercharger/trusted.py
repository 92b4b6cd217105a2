"""Trusted tests from the stub itself: the examples of its docstring and of its marker.

Two forms are read: doctest (`>>>`), judged as doctest judges it, and plain lines such as `slugify("A b") == "a-b"`,
`f(2) -> 4`, `f(2) => 4`, `f(2) returns 4`, `f(-1) raises ValueError`. Nothing is executed here: each example becomes
the source of a test module that runs in the sandbox.
"""

from __future__ import annotations

import ast
import builtins
import doctest
import hashlib
import re
from collections.abc import Iterator, Sequence

from pytest_supercharger import parsing
from pytest_supercharger.domain import GeneratedTest, Probe, Stub
from pytest_supercharger.errors import SettingsError
from pytest_supercharger.probes import from_statements
from pytest_supercharger.probes.calls import Caller, parsed
from pytest_supercharger.probes.making import is_literal

__all__ = ["examples"]

# Earlier examples are set-up here and have tests of their own, so what they print is not judged again.
_DOCTEST = """\
import asyncio
import doctest
import importlib

BEFORE = {before!r}
EXAMPLE = {example!r}


class Runner(doctest.DocTestRunner):
    # Tells a failure in one line.

    def report_failure(self, out, test, example, got):
        out(f"{{example.source.strip()}} gave {{got.strip() or 'nothing'}}, not {{example.want.strip()}}")

    def report_unexpected_exception(self, out, test, example, exc_info):
        out(f"{{example.source.strip()}} raised {{exc_info[0].__name__}}: {{exc_info[1]}}")


def test_docstring_example_{number}():
    names = dict(vars(importlib.import_module({module!r})))
    names.setdefault("asyncio", asyncio)
    for source in (BEFORE, EXAMPLE):
        report = []
        parsed = doctest.DocTestParser().get_doctest(source, names, {name!r}, {file!r}, {line})
        parsed.globs = names
        result = Runner(verbose=False).run(parsed, out=report.append, clear_globs=False)
    assert result.attempted == 1, "the example did not run"
    if result.failed:
        raise AssertionError(report[-1])
"""

_PLAIN = """\
{imports}


def test_stated_example_{number}():
{body}
"""

_SEPARATORS = re.compile(r"\s*(?:==|->|=>|→|\s(?:should\s+return|returns?|gives|should\s+raise|raises?)\s)\s*")
_END = re.compile(r"[\s.,;`]*$")


def examples(stub: Stub) -> tuple[GeneratedTest, ...]:
    """One trusted test for each example of the docstring and of the marker's option `examples`.

    Raises:
        SettingsError: an entry of the marker's `examples` is no example.
    """
    number = 0
    found: dict[str, GeneratedTest] = {}
    for text, required in [(stub.docstring, False), *((text, True) for text in _marked(stub))]:
        tests = [*_doctests(stub, text, number), *_stated(stub, text, number)]
        if required and not tests:
            raise SettingsError(
                f'{stub.id}: the example {text!r} is not understood; write it as "{stub.name}(...) == value"'
            )
        found |= {test.id: test for test in tests if test.id not in found}
        number += len(tests)
    return tuple(found.values())


def _marked(stub: Stub) -> Sequence[str]:
    entries = stub.options.get("examples", ())
    if isinstance(entries, str):
        return [entries]
    if not isinstance(entries, (list, tuple)) or not all(isinstance(entry, str) for entry in entries):
        raise SettingsError(f"{stub.id}: examples={entries!r} is not a list of strings; write one example a string")
    return entries


def _test(name: str, source: str, probes: tuple[Probe, ...], shown: str) -> GeneratedTest:
    # The number in the name tells nothing apart: the same example twice is one test.
    plain = re.sub(rf"\b{name}\b", "test", source)
    digest = hashlib.sha256(ast.dump(parsing.module(plain)).encode()).hexdigest()
    return GeneratedTest(id=digest[:32], name=name, source=source, trusted=True, probes=probes, shown=shown)


def _doctests(stub: Stub, text: str, number: int) -> Iterator[GeneratedTest]:
    """Doctest examples that want an output; those before them run first."""
    try:
        parts = doctest.DocTestParser().get_examples(text)
    except ValueError:
        return
    before: list[doctest.Example] = []
    for part in parts:
        source = _runnable(part.source)
        part = doctest.Example(source, part.want, part.exc_msg, part.lineno, part.indent, part.options)
        if (part.want or part.exc_msg) and not part.options.get(doctest.SKIP):
            number += 1
            probes = _example_probes(stub, before, part)
            yield _doctest(stub, "".join(map(_prompted, before)), _prompted(part), number, probes)
        before.append(part)


def _doctest(stub: Stub, before: str, example: str, number: int, probes: tuple[Probe, ...]) -> GeneratedTest:
    source = _DOCTEST.format(
        before=before,
        example=example,
        number=number,
        module=stub.module,
        name=stub.qualname,
        file=stub.relpath,
        line=stub.line,
    )
    return _test(f"test_docstring_example_{number}", source, probes, _shown(before + example))


def _shown(text: str) -> str:
    return re.sub(r"\n{2,}", "\n", text).strip("\n")


def _prompted(example: doctest.Example) -> str:
    """The example as doctest reads it; a missing want of set-up stays missing."""
    first, *rest = example.source.rstrip("\n").split("\n")
    return "\n".join([f">>> {first}", *(f"... {line}".rstrip() for line in rest)]) + f"\n{example.want}\n"


def _runnable(source: str) -> str:
    """`await f(x)` at the prompt becomes `asyncio.run(f(x))`, which doctest can run."""
    tree = parsed(source)
    if tree is None or not any(isinstance(node, ast.Await) for node in _outside_functions(tree)):
        return source
    return ast.unparse(_Running().visit(tree)) + "\n"


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from _outside_functions(child)


class _Running(ast.NodeTransformer):
    def visit_Await(self, node: ast.Await) -> ast.expr:
        self.generic_visit(node)
        return _asyncio_run(node.value)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.stmt:
        return node


def _asyncio_run(call: ast.expr) -> ast.Call:
    run = ast.Attribute(ast.Name("asyncio", ast.Load()), "run", ast.Load())
    return ast.fix_missing_locations(ast.Call(run, [call], []))


def _example_probes(stub: Stub, before: Sequence[doctest.Example], part: doctest.Example) -> tuple[Probe, ...]:
    """The inputs of this example alone; examples that raise are no set-up."""
    earlier = parsed("".join(example.source for example in before if not example.exc_msg))
    own = parsed(part.source)
    if earlier is None or own is None:
        return ()
    known = {probe.id for probe in from_statements(earlier.body, stub)}
    probes = from_statements([*earlier.body, *own.body], stub)
    return tuple(p for p in probes if p.id not in known) or probes[-1:]


def _stated(stub: Stub, text: str, number: int) -> Iterator[GeneratedTest]:
    """Plain lines that call the stub and name a literal result."""
    for line in _outside_doctests(text):
        for start in re.finditer(rf"(?<![\w.]){re.escape(stub.root_name)}\s*[(.]", line):
            read = _read(stub, line[start.start() :])
            if read is not None:
                number += 1
                yield _stated_test(stub, *read, number)
                break


def _outside_doctests(text: str) -> Iterator[str]:
    inside = False
    for line in text.splitlines():
        inside = line.lstrip().startswith(">>>") or (inside and bool(line.strip()))
        if not inside:
            yield line


def _read(stub: Stub, text: str) -> tuple[ast.expr, ast.expr] | None:
    """The call and the expected value (or exception) of one line; None where it is prose."""
    for separator in _SEPARATORS.finditer(text):
        left = _expression(text[: separator.start()])
        right = _expression(_without_comment(text[separator.end() :]))
        raising = "raise" in separator.group()
        if left is None or right is None or not _is_call(stub, left):
            continue
        if is_literal(right) and not raising:
            return left, right
        if isinstance(right, ast.Name) and raising and _is_exception(right.id):
            return left, right
    return None


def _expression(text: str) -> ast.expr | None:
    # The full stop of a sentence goes first: `f(3) -> 9.` means 9.
    for attempt in (_END.sub("", text).lstrip("` "), text.strip()):
        try:
            return parsing.expression(attempt).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None


def _without_comment(text: str) -> str:
    match = re.search(r"\s#\s", text)
    return text[: match.start()] if match and _expression(text[: match.start()]) is not None else text


def _is_call(stub: Stub, node: ast.expr) -> bool:
    """A call of the stub on values that are written out, so that it means the same anywhere."""
    call = node.value if isinstance(node, ast.Await) else node
    names = {part.id for part in ast.walk(call) if isinstance(part, ast.Name)}
    return Caller.of(stub, []).matches(call) and names <= {stub.root_name, *dir(builtins)}


def _is_exception(name: str) -> bool:
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, BaseException)


def _stated_test(stub: Stub, call: ast.expr, expected: ast.expr, number: int) -> GeneratedTest:
    plain = call.value if isinstance(call, ast.Await) else call
    got = ast.unparse(_asyncio_run(plain) if stub.is_async else plain)
    imports = ["import asyncio"] if stub.is_async else []
    if isinstance(expected, ast.Name):
        imports.append("import pytest")
        body = f"    with pytest.raises({expected.id}):\n        {got}"
    elif isinstance(ast.literal_eval(expected), float):
        imports.append("import pytest")
        body = f"    assert {got} == pytest.approx({ast.unparse(expected)})"
    else:
        body = f"    assert {got} == {ast.unparse(expected)}"
    imports.append(f"from {stub.module} import {stub.root_name}")
    source = _PLAIN.format(imports="\n".join(imports), number=number, body=body)
    probed: ast.expr = ast.Await(plain) if stub.is_async else plain
    statement = ast.fix_missing_locations(ast.Expr(probed))
    return _test(f"test_stated_example_{number}", source, from_statements([statement], stub), body.strip())
