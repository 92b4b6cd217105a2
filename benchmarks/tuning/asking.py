"""What the node is asked: every wording of a task at every temperature; and how long the prompts are."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from cleaning import asking

from pytest_supercharger import finding, prompting
from pytest_supercharger.domain import Answer, Question, QuestionKind, Stub
from pytest_supercharger.errors import NodeError
from pytest_supercharger.inflight import Generator
from pytest_supercharger.pool.calls import Access, Calls
from pytest_supercharger.pool.state import Trouble
from pytest_supercharger.wire import generate_request

__all__ = ["KINDS", "Asked", "Drawn", "Node", "draw", "look", "plan"]

KINDS = {"code": QuestionKind.CODE, "tests": QuestionKind.TEST}
_SECONDS = 7200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question as the plugin would ask it, and how many answers are wanted of it."""

    stub: Stub
    kind: str
    question: Question
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """An answer with what was asked, at the temperature at which it was."""

    asked: Asked
    temperature: float
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What a node says of itself, and the tokens of each task's longest prompt of each kind."""

    label: str
    digest: str
    version: str
    context: int
    prompts: dict[str, tuple[int, ...]]


def plan(work: finding.Work, stub: Stub, *, samples: int, seed: int) -> list[Asked]:
    """So many codes and half as many tests, spread over the wordings as in a search."""
    found = []
    for kind, of in KINDS.items():
        wordings, wanted = len(prompting.variants(of)), samples if kind == "code" else max(1, samples // 2)
        for variant in range(min(wordings, wanted)):
            question = asking.question(work, stub, kind, variant=variant, seed=seed * wordings + variant + 1)
            count = len(range(variant, wanted, wordings))
            found.append(Asked(stub=stub, kind=kind, question=question, samples=count))
    return found


def draw(
    generator: Generator,
    plans: Iterable[Asked],
    temperatures: Sequence[float],
    tokens: Mapping[str, int],
    done: Callable[[int, int], None],
) -> list[Drawn]:
    """All answers, at most `tokens` long by kind; `done` hears how many questions of how many are through.

    Raises:
        NodeError: an answer did not come.
    """

    def one(asked: Asked, temperature: float) -> list[Drawn]:
        question = replace(asked.question, temperature=temperature, max_new_tokens=tokens[asked.kind])
        got = generator.generate([question], samples=asked.samples, deadline_seconds=_SECONDS)
        found = [Drawn(asked=asked, temperature=temperature, answer=answer) for _, answer in got]
        if len(found) < asked.samples:
            raise NodeError(f"the node gave {len(found)} of {asked.samples} answers in {_SECONDS:.0f} s; run it again")
        return found

    todo = [(asked, temperature) for asked in plans for temperature in temperatures]  # equal prompts side by side
    with ThreadPoolExecutor(max(1, generator.max_batch_samples)) as threads:
        waiting = [threads.submit(one, *each) for each in todo]
        found = []
        for number, future in enumerate(waiting, 1):
            try:
                found += future.result()
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                generator.close()
                raise
            done(number, len(todo))
    return found


def look(address: str, label: str, plans: Sequence[Asked]) -> Node:
    """Ask a node who it is, and how many tokens it reads where a prompt is longest.

    Raises:
        NodeError: it does not say.
    """
    return asyncio.run(_look(address, label, plans))


async def _look(address: str, label: str, plans: Sequence[Asked]) -> Node:
    token = os.environ.get("SUPERCHARGER_NODE_TOKEN")
    calls = Calls(address, Access(metadata=(("authorization", f"Bearer {token}"),) if token else ()))
    try:
        info = await calls.info(_SECONDS)
        prompts = {kind: tuple([await _read(calls, each) for each in _longest(plans, kind)]) for kind in KINDS}
    except Trouble as trouble:
        raise NodeError(str(trouble)) from None
    finally:
        await calls.close()
    return Node(
        label=label,
        digest=info.model_digest,
        version=info.software_version,
        context=info.max_context_tokens,
        prompts=prompts,
    )


def _longest(plans: Sequence[Asked], kind: str) -> list[Question]:
    """The longest prompt of each stub."""
    found: dict[str, Question] = {}
    for question in (asked.question for asked in plans if asked.kind == kind):
        found[question.stub_id] = max(found.get(question.stub_id, question), question, key=_length)
    return [*found.values()]


def _length(question: Question) -> int:
    return sum(map(len, (question.system, question.user, question.assistant_prefix)))


async def _read(calls: Calls, question: Question) -> int:
    """The tokens of a prompt, as the node counts them."""
    request = generate_request(replace(question, max_new_tokens=1), range(1), _SECONDS)
    async for event in calls.generate(request, _SECONDS):
        if event.WhichOneof("event") == "usage":
            return int(event.usage.prompt_tokens)
    raise NodeError(f"model node {calls.address} does not say how long a prompt is; start one of this version")
