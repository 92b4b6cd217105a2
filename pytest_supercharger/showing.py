"""`--supercharge-show-prompt`: what a model would be asked for a stub; none is asked, and nothing is run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pytest_supercharger import context
from pytest_supercharger.domain import Question, Stub
from pytest_supercharger.finding import Work
from pytest_supercharger.questioner import Questioner
from pytest_supercharger.reporting import Reporter, clean

__all__ = ["Shown", "show"]

_CONTEXT_TOKENS = 8192  # of a node on a CPU unless told otherwise; a longer context drops less
_NO_LIMIT = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The first code question of a stub, and what of its surroundings is not in it."""

    stub: Stub
    question: Question
    dropped: tuple[str, ...]  # names of definitions there is no room for
    shortened: tuple[str, ...]

    @property
    def text(self) -> str:
        """The prompt as it is sent, the roles told apart."""
        parts = (("system", self.question.system), ("user", self.question.user))
        turns = [f"--- {role}\n{text}" for role, text in (*parts, ("assistant", self.question.assistant_prefix))]
        return clean("\n".join(turns), _NO_LIMIT)

    @property
    def characters(self) -> int:
        """How long the prompt is."""
        return len(self.question.system) + len(self.question.user) + len(self.question.assistant_prefix)

    @property
    def tokens(self) -> int:
        """About how many tokens that is, on the safe side."""
        return context.tokens(self.question.system + self.question.user + self.question.assistant_prefix)

    def lines(self) -> Iterator[str]:
        """What is told of it beside the text."""
        size = f"{self.characters} characters, about {self.tokens} tokens"
        yield f"{self.stub.id} ({self.stub.relpath}:{self.stub.line}): {size}"
        if self.shortened:
            yield f"shortened for want of room: {'; '.join(self.shortened)}"
        yield f"dropped for want of room: {'; '.join(self.dropped) or 'nothing'}"

    def entry(self) -> dict[str, object]:
        """The same for scripts."""
        return {
            "stub": self.stub.id,
            "characters": self.characters,
            "tokens": self.tokens,
            "dropped": list(self.dropped),
            "shortened": list(self.shortened),
            "system": self.question.system,
            "user": self.question.user,
            "assistant": self.question.assistant_prefix,
        }


def show(
    work: Work, reporter: Reporter, *, seed: int, change: Callable[[Question], Question]
) -> list[dict[str, object]]:
    """Print the prompt of each stub; returns the same for scripts. `change` is other plugins' chance to ask otherwise.

    Raises:
        SourceError: a stub alone does not fit.
    """
    shown = [*prompts(work, seed=seed, change=change)]
    for prompt in shown:
        reporter.block(f"\n{prompt.text}\n")
        for line in prompt.lines():
            reporter.line(line)
    if not shown:
        reporter.line("no stubs marked @supercharge; nothing to ask")
    return [prompt.entry() for prompt in shown]


def prompts(work: Work, *, seed: int, change: Callable[[Question], Question]) -> Iterator[Shown]:
    """Yield the first code question of each stub."""
    for stub in work.stubs:
        source = work.sources[stub.relpath]
        neighbours = work.project.neighbours(source)
        around = context.describe(stub, source, neighbours=neighbours, max_chars=context.room(_CONTEXT_TOKENS))
        question = Questioner(stub, around, seed=seed, change=change).code()
        yield Shown(stub=stub, question=question, dropped=around.dropped, shortened=around.shortened)
