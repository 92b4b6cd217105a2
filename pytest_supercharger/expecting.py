"""The expected output on one input, asked separately: which inputs, what an answer says, and the test it becomes.

The idea is that of S* (arXiv 2502.14382): an input on which two good candidates differ tells more than any other. The
model is shown the call and no candidate's answer. What it says is read with `ast.literal_eval` and never run here.
"""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_supercharger import parsing
from pytest_supercharger.agreement import Assessment
from pytest_supercharger.domain import Answer, FinishReason, Output, OutputKind, Probe
from pytest_supercharger.matrix import Matrix

__all__ = ["ANSWERS", "Expected", "agreed", "as_test", "inputs", "read", "session"]

ANSWERS = 3  # asked for on one input
_MAJORITY = 2  # of them have to say the same
_MOST_INPUT = 240  # characters of an input that can be worked out by hand
_MOST_OUTPUT = 80  # of what comes out of it
_MOST_READ = 600  # of an answer
_MOST_NODES = 200  # parts of a value

_FENCE = re.compile(r"^\s*```|\n\s*>>>", re.M)
_LEAD = re.compile(r"^(?:.*?==|(?:#\s*)?(?:returns?|gives|=>|->|==|Out\[\d+\]:))\s*", re.I)
_RAISES = re.compile(r"^(?:#\s*)?(?:raises?\s+)?(?:builtins\.)?([A-Z]\w{2,60})(?=\s*(?:\(|:|$))")
_TRACEBACK = "Traceback (most recent call last):"


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer says: the source of a literal, or the name of an exception."""

    text: str
    raises: bool = False

    @property
    def value(self) -> Any:
        """The literal itself."""
        return ast.literal_eval(parsing.expression(self.text))

    def same(self, other: Expected) -> bool:
        """Whether a test would take the two for one."""
        if self.raises or other.raises:
            return self == other
        one, two = self.value, other.value
        numbers = isinstance(one, int | float) and isinstance(two, int | float)
        return bool((numbers or type(one) is type(two)) and one == two)


def inputs(matrix: Matrix, assessment: Assessment | None) -> tuple[str, ...]:
    """The inputs on which the best candidate and its rival differ and that can be asked about, plainest first."""
    if assessment is None or assessment.best is None or assessment.rival is None:
        return ()
    probes = [*matrix.probes.values()]
    found = (probes[x] for x in assessment.differing if x < len(probes))
    pair = (assessment.best, assessment.rival)
    return tuple(
        p.id for p in found if _can_be_shown(p) and all(_is_short(matrix.outputs.get((k, p.id))) for k in pair)
    )


def _is_short(output: Output | None) -> bool:
    """A result that a model can be expected to write down."""
    if output is None:
        return False
    return output.kind is OutputKind.EXCEPTION or (output.kind is OutputKind.VALUE and len(output.text) <= _MOST_OUTPUT)


def _can_be_shown(probe: Probe) -> bool:
    """One expression after simple statements, each on a line of its own, as at Python's prompt."""
    text = f"{probe.setup}\n{probe.expression}"
    if len(text) > _MOST_INPUT or "```" in text or not text.replace("\n", "").isprintable():
        return False
    return "\n" not in probe.expression and not any(line[:1].isspace() for line in probe.setup.splitlines())


def session(probe: Probe) -> str:
    """The input as it is typed at Python's prompt."""
    lines = [line for line in [*probe.imports.splitlines(), *probe.setup.splitlines()] if line.strip()]
    return "\n".join(f">>> {line}" for line in [*lines, probe.expression])


def read(answer: Answer, prefix: str, documented: frozenset[str]) -> Expected | None:
    """What an answer says is expected; `prefix` are the first words that were put into the model's mouth.

    Of exceptions only those count that the description names: small models make up a NameError for anything.
    """
    if answer.finish_reason in {FinishReason.CANCELLED, FinishReason.ERROR}:
        return None
    text = answer.text.removeprefix(prefix)[:_MOST_READ]
    text = re.sub(r"\A\s*```(?:python)?\n", "", text)
    text = _FENCE.split(text, maxsplit=1)[0]
    if answer.finish_reason.torn or len(answer.text) - len(prefix) > _MOST_READ:
        text = text.rpartition("\n")[0]  # the last line may lack its end: `12` of `120` can be read, and lies
    found = next((found for piece in _pieces(text) if (found := _literal(piece) or _exception(piece))), None)
    return None if found is not None and found.raises and found.text not in documented else found


def _pieces(text: str) -> Iterator[str]:
    """What may hold the value: all of it, its first line, and that line without words before and a comment behind."""
    text = text.strip()
    if text.startswith(_TRACEBACK):
        yield text.splitlines()[-1].strip()
        return
    first = text.partition("\n")[0].strip()
    bare = _LEAD.sub("", first).strip("` ")
    yield from (text, first, bare, bare.partition("  #")[0].partition(" # ")[0].strip(), bare.rstrip("."))


def _literal(text: str) -> Expected | None:
    try:
        node = parsing.expression(text).body
        parts = [*ast.walk(node)]
        if len(parts) > _MOST_NODES or any(isinstance(p, ast.Constant) and p.value is ... for p in parts):
            return None
        ast.literal_eval(node)
        return Expected(ast.unparse(node))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def _exception(text: str) -> Expected | None:
    named = _RAISES.match(text)
    if named is None:
        return None
    known = getattr(builtins, named[1], None)
    builtin = isinstance(known, type) and issubclass(known, Exception)
    return Expected(named[1], raises=True) if builtin or named[1].endswith(("Error", "Exception")) else None


def agreed(found: Sequence[Expected | None]) -> tuple[Expected, int] | None:
    """What most answers say, and how many; None where no two say the same."""
    said = [one for one in found if one is not None]
    votes = [(sum(one.same(other) for other in said), -i) for i, one in enumerate(said)]
    most, first = max(votes, default=(0, 0))
    return (said[-first], most) if most >= _MAJORITY else None


def as_test(probe: Probe, expected: Expected) -> str:
    """The test that says so, as a model would have written it; it is cleaned like any other."""
    lines = [line for line in probe.setup.splitlines() if line.strip()]
    if expected.raises:
        lines += [f"with pytest.raises({expected.text}):", f"    {probe.expression}"]
    elif isinstance(expected.value, float):
        lines.append(f"assert {probe.expression} == pytest.approx({expected.text})")
    else:
        lines.append(f"assert {probe.expression} == {expected.text}")
    keyword = "async def" if "await " in probe.expression else "def"
    body = textwrap.indent("\n".join(lines), "    ")
    return f"import pytest\n{probe.imports}\n\n\n{keyword} test_expected_output():\n{body}\n"
