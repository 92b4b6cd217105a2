"""Fills the templates of `prompts/*.md`: what a model is asked, in chat form, with the first words of its answer."""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from pytest_supercharger.domain import Question, QuestionKind, Stub, StubKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_supercharger.context import Context

__all__ = [
    "CODE_TOKENS",
    "EXPECTED_TOKENS",
    "TEMPERATURE",
    "TEST_TOKENS",
    "code_question",
    "expected_question",
    "improve_question",
    "judge_question",
    "repair_question",
    "test_question",
    "variants",
]

CODE_TOKENS = 512
TEST_TOKENS = 160
EXPECTED_TOKENS = 64
TEMPERATURE = 0.8  # of every question that is sampled
# The fence we opened ends the answer; what small models write after it is chatter.
STOP = ("\n```",)
NEXT_PROMPT = "\n>>>"  # ends an expected output as well

_SECTION = re.compile(r"^=== ([a-z]+(?: [a-z]+)?)$", re.M)
_COMMENT = re.compile(r"\A\s*<!--.*?-->\s*", re.S)
# Chat markers of the common model families: a docstring must not be able to end its turn.
_MARKER = re.compile(r"<\|([^|<>\n]{1,40})\|>|<(/?s|/?think|start_of_turn|end_of_turn)>|\[(/?INST|/?SYS)\]", re.I)


def code_question(
    stub: Stub,
    context: Context,
    *,
    variant: int = 0,
    seed: int = 0,
    max_new_tokens: int = CODE_TOKENS,
    temperature: float = TEMPERATURE,
) -> Question:
    """Return the question for an implementation; `variant` counts through the wordings, round and round."""
    values = _values(stub, context.surroundings, context.stub)
    return _question(QuestionKind.CODE, stub, values, variant, seed, max_new_tokens, temperature)


def test_question(
    stub: Stub,
    context: Context,
    *,
    variant: int = 0,  # noqa: PT028 - not a test
    seed: int = 0,  # noqa: PT028 - not a test
    max_new_tokens: int = TEST_TOKENS,  # noqa: PT028 - not a test
    temperature: float = TEMPERATURE,  # noqa: PT028 - not a test
) -> Question:
    """Return the question for one short test, from the specification only."""
    values = _values(stub, context.surroundings, context.stub)
    return _question(QuestionKind.TEST, stub, values, variant, seed, max_new_tokens, temperature)


# pytest would collect a function of this name wherever a test module imports it.
test_question.__test__ = False  # type: ignore[attr-defined]


def repair_question(
    stub: Stub,
    context: Context,
    candidate_source: str,
    failing_test_source: str,
    failure_text: str,
    *,
    variant: int = 0,
    seed: int = 0,
    max_new_tokens: int = CODE_TOKENS,
    temperature: float = TEMPERATURE,
) -> Question:
    """Return the question for a corrected implementation; the failure comes from hostile code and is cleaned here.

    `variant` counts through the wordings, some of which do not show the candidate.
    """
    printable = "".join(c for c in failure_text if c == "\n" or c.isprintable())[:2000]
    values = _values(
        stub,
        context.surroundings,
        context.stub,
        candidate=candidate_source,
        test=failing_test_source,
        failure=printable,
    )
    return _question(QuestionKind.REPAIR, stub, values, variant, seed, max_new_tokens, temperature)


def judge_question(stub: Stub, context: Context, candidate_source: str) -> Question:
    """Return the question whether a candidate is right; its answer is the probability of yes, nothing is sampled."""
    values = _values(stub, context.surroundings, context.stub, candidate=candidate_source)
    return _question(QuestionKind.JUDGE, stub, values, 0, 0, 1, 0.0)


def improve_question(
    stub: Stub,
    context: Context,
    tests: str,
    *,
    variant: int = 0,
    seed: int = 0,
    max_new_tokens: int = TEST_TOKENS,
    temperature: float = TEMPERATURE,
) -> Question:
    """Return the question for one short test of what the tests that are shown leave out."""
    values = _values(stub, context.surroundings, context.stub, tests=tests)
    return _question(QuestionKind.IMPROVE_TEST, stub, values, variant, seed, max_new_tokens, temperature)


def expected_question(
    stub: Stub,
    context: Context,
    session: str,
    *,
    seed: int = 0,
    max_new_tokens: int = EXPECTED_TOKENS,
    temperature: float = TEMPERATURE,
) -> Question:
    """Return the question for what Python shows after `session`, an input as it is typed at the prompt."""
    values = _values(stub, context.surroundings, context.stub, session=session)
    values["typed"] = values["session"] + "\n"
    asked = _question(QuestionKind.EXPECT, stub, values, 0, seed, max_new_tokens, temperature)
    return replace(asked, stop=(*asked.stop, NEXT_PROMPT))


def variants(kind: QuestionKind) -> tuple[str, ...]:
    """Return the names of the wordings of a question in the order they are asked."""
    names = (name.partition(" ") for name in _sections(kind.value))
    return tuple(variant for section, _, variant in names if section == "variant") or ("",)


def _question(
    kind: QuestionKind,
    stub: Stub,
    values: Mapping[str, str],
    variant: int,
    seed: int,
    max_new_tokens: int,
    temperature: float,
) -> Question:
    sections = _sections(kind.value)
    names = variants(kind)
    name = names[variant % len(names)]
    # The wording may hold placeholders of its own, so it is filled before it is put in.
    filled = {**values, "variant": Template(sections.get(f"variant {name}", "")).substitute(values)}
    prefix = sections.get(f"assistant {name}", sections["assistant"])
    return Question(
        kind=kind,
        stub_id=stub.id,
        system=Template(sections["system"]).substitute(filled),
        user=re.sub(r"\n{3,}", "\n\n", Template(sections["user"]).substitute(filled)),
        assistant_prefix=Template(prefix).substitute(filled),
        max_new_tokens=max_new_tokens,
        temperature=temperature,
        stop=STOP,
        seed=seed,
    )


def _values(stub: Stub, surroundings: str, stub_source: str, **texts: str) -> dict[str, str]:
    shown = {name: _plain(text).strip("\n") for name, text in {**texts, "stub": stub_source}.items()}
    around = _plain(surroundings).strip("\n")
    fence = _fence("\n".join([*shown.values(), around]))
    call = ("await " if stub.is_async else "") + (stub.name if stub.kind is StubKind.FUNCTION else stub.qualname)
    return {
        **shown,
        "what": "function" if stub.kind is StubKind.FUNCTION else "method",
        "module": stub.module,
        "root": stub.root_name,
        "call": call,
        "fence": fence,
        "surroundings": f"\nThis stands around it:\n\n{fence}python\n{around}\n{fence}\n" if around else "",
        "open": "```python\n",
        "header": _header(stub),
        "signature": _plain(stub.signature.rstrip()),
        "start": _test_start(stub),
    }


def _fence(text: str) -> str:
    """Return a fence longer than any in `text`, so that no docstring can close it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(3, longest + 1)


def _plain(text: str) -> str:
    """Break chat markers apart; everything else of the user's text stays."""
    return _MARKER.sub(lambda match: f"{match.group()[0]} {match.group()[1:]}", text)


def _test_start(stub: Stub) -> str:
    """Return the first lines of a test: left to name it, a small model tests a neighbour or writes `test_ name`."""
    start = ("async " if stub.is_async else "") + f"def test_{stub.name.strip('_')}():\n"
    if stub.kind not in {StubKind.METHOD, StubKind.PROPERTY}:
        return start
    # Small models take a method for a function unless the object is there first.
    owner = stub.qualname.rpartition(".")[0]
    return f"{start}    {owner.rpartition('.')[2].lower()} = {owner}("


def _header(stub: Stub) -> str:
    """Return the stub's own first lines, so that the answer goes straight to the body."""
    header = stub.signature.rstrip().removesuffix(":") + ":\n"
    if not stub.docstring:
        return header
    text = _plain(stub.docstring).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    lines = f'"""{text}\n"""' if "\n" in text else f'"""{text}"""' if not text.endswith('"') else f'"""{text} """'
    return header + "".join(f"    {line}".rstrip() + "\n" for line in lines.split("\n"))


@functools.cache
def _sections(name: str) -> dict[str, str]:
    text = _COMMENT.sub("", _folder().joinpath(f"{name}.md").read_text(encoding="utf-8"))
    parts = _SECTION.split(text)
    return {title: body.strip("\n") for title, body in zip(parts[1::2], parts[2::2], strict=True)}


def _folder() -> Path:
    """Return where the templates are: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "prompts"
    return inside if inside.is_dir() else package.parent / "prompts"
