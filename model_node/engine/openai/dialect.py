"""What one server takes: found out from its refusals, remembered while the node runs."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model_node.engine.openai.refusals import Refusal

__all__ = ["Dialect"]

_log = logging.getLogger(__name__)
_WRONG = frozenset({400, 404, 405, 415, 422, 501})
_CONTINUE = ("continue_final_message", "add_generation_prompt")
_PREFILL = re.compile(r"prefill|\bprefix\b|(?:last|final) (?:role|message|turn)|ends? with .{0,20}assistant", re.I)
# What a request can do without, long names first: a refusal that names `stream_options` is not about `stream`.
_OPTIONAL = (
    "repetition_penalty",
    "stream_options",
    "top_logprobs",
    "temperature",
    "max_tokens",
    "min_p",
    "top_k",
    "top_p",
    "stream",
    "seed",
    "stop",
    "n",
)


class Dialect:
    """The fields a server refused, and how many choices it gives at once."""

    def __init__(self) -> None:
        self.most_choices: int | None = None  # None: no limit is known
        self._refused: set[str] = set()

    @property
    def continues(self) -> bool:
        """Whether an answer can be begun for the model, as far as is known."""
        return not self._refused.intersection(_CONTINUE)

    def parts(self, indices: Sequence[int], most: int) -> list[Sequence[int]]:
        """`indices` cut into requests of at most `most` choices."""
        size = min(most, self.most_choices or most)
        return [indices[place : place + size] for place in range(0, len(indices), size)]

    def spoken(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """`body` without the fields that the server refuses."""
        kept = {name: value for name, value in body.items() if name not in self._refused}
        if "max_tokens" in self._refused and "max_tokens" in body:
            kept["max_completion_tokens"] = body["max_tokens"]  # the newer name of some services
        if "top_logprobs" in self._refused and "top_logprobs" in body:
            kept["top_logprobs"] = min(5, body["top_logprobs"])  # the limit of some services
        return kept

    def learn(self, refusal: Refusal, body: Mapping[str, Any]) -> bool:
        """Take note of a field of `body` that the refusal is about; False where it is about none to be left out."""
        if refusal.status not in _WRONG:
            return False
        name = self._named(refusal, body)
        if name is None or name in self._refused:
            return False
        self._refused.update(_CONTINUE if name in _CONTINUE else (name,))
        if name == "n":
            self.most_choices = 1
        _log.warning("the server does not take %s as it is (%d); going on without it", name, refusal.status)
        return True

    def answered(self, asked: int, given: int) -> None:
        """Note how many of the choices asked for were given."""
        if 0 < given < asked:
            self.most_choices = min(given, self.most_choices or given)

    def _named(self, refusal: Refusal, body: Mapping[str, Any]) -> str | None:
        fields = [name for name in (*_CONTINUE, *_OPTIONAL) if name in body]
        if refusal.field.rpartition(".")[2] in fields:
            return refusal.field.rpartition(".")[2]
        if _CONTINUE[0] in fields and _PREFILL.search(refusal.said):
            return _CONTINUE[0]
        return next((name for name in fields if _mentions(refusal.said, name)), None)


def _mentions(said: str, name: str) -> bool:
    # "n" alone is a letter of any text: it counts in quotes, or before what a number is compared with.
    pattern = (
        rf"(?<!\w){name}(?!\w)" if len(name) > 1 else rf"[`'\"]{name}[`'\"]|(?<!\w){name}\s*(?:[=><]|must\b|is not)"
    )
    return re.search(pattern, said) is not None
