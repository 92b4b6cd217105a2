"""Requests and replies of the OpenAI-compatible API as values; nothing here reaches a network."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from model_node.engine.base import EngineError, ErrorKind, FinishReason, Prompt, SamplingParams
from model_node.engine.openai.prefix import asked_for

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Choice", "Reply", "content_of", "sampling_body", "seed_of"]

_MOST_STOPS = 4  # of the API; the engine cuts the text itself in any case
_REASONS = {
    "stop": FinishReason.EOS,
    "eos": FinishReason.EOS,
    "stop_sequence": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "abort": FinishReason.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer of a reply that ended."""

    index: int
    text: str
    reason: FinishReason
    num_tokens: int
    error: str = ""


def seed_of(seed: int, prompt_index: int, sample_index: int) -> int:
    """The seed of the request whose first sample this is; 31 bits, which every server takes."""
    text = f"{seed}/{prompt_index}/{sample_index}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=4).digest(), "little") >> 1


def content_of(prompt: Prompt, *, continues: bool) -> tuple[str, dict[str, Any]]:
    """Path and content of a request for `prompt`; its prefix is part of the chat, or asked for in words."""
    if not prompt.messages:
        if prompt.assistant_prefix:
            raise EngineError(
                ErrorKind.INVALID, "an assistant prefix needs a chat; put it at the end of the text instead"
            )
        return "completions", {"prompt": prompt.text}
    messages = [{"role": message.role, "content": message.text} for message in prompt.messages]
    prefix = prompt.assistant_prefix
    if not prefix:
        return "chat/completions", {"messages": messages}
    if continues:
        messages.append({"role": "assistant", "content": prefix})
        going_on = {"continue_final_message": True, "add_generation_prompt": False}
        return "chat/completions", {"messages": messages, **going_on}
    if messages[-1]["role"] == "user":
        messages[-1] = {"role": "user", "content": asked_for(messages[-1]["content"], prefix)}
    else:
        messages.append({"role": "user", "content": asked_for("", prefix).lstrip()})
    return "chat/completions", {"messages": messages}


def sampling_body(params: SamplingParams, *, count: int, seed: int, stop: bool) -> dict[str, Any]:
    """The fields that say how to sample; those that are off are left out, for not every server knows them."""
    body: dict[str, Any] = {
        "max_tokens": params.max_new_tokens,
        "temperature": params.temperature,
        "top_p": params.top_p,
        "seed": seed,
        "stream": True,  # each choice can be handed on when it ends
        "stream_options": {"include_usage": True},
    }
    if count > 1:
        body["n"] = count
    if stop and params.stop:
        body["stop"] = list(params.stop[:_MOST_STOPS])
    if params.top_k:
        body["top_k"] = params.top_k
    if params.min_p:
        body["min_p"] = params.min_p
    if params.repetition_penalty != 1.0:
        body["repetition_penalty"] = params.repetition_penalty
    return body


class Reply:
    """Puts the answer to one request together, whether it comes whole or as a stream."""

    def __init__(self, *, stops_sent: bool, wanted: int) -> None:
        """`wanted` choices were asked for; others are passed over."""
        self.prompt_tokens = 0
        self.cached_tokens = 0
        self.completion_tokens = 0
        self._stops_sent = stops_sent
        self._wanted = wanted
        self._texts: dict[int, list[str]] = {}
        self._pieces: Counter[int] = Counter()

    def feed(self, event: Any) -> list[Choice]:
        """Take one JSON object and return the choices that ended with it; EngineError when it is of another form."""
        if not isinstance(event, dict) or not isinstance(event.get("choices", []), list):
            raise _malformed(f"{event!r:.80}")
        self._usage(event.get("usage"))
        items = event.get("choices", [])
        ended = []
        for item in items:
            try:
                index = int(item.get("index") or 0)
                if not 0 <= index < self._wanted:
                    continue
                choice = self._item(index, item, len(items))
            except (TypeError, ValueError, AttributeError, KeyError) as error:
                raise _malformed(f"a choice of another form, {error}") from None
            if choice is not None:
                ended.append(choice)
        return ended

    def _item(self, index: int, item: Mapping[str, Any], among: int) -> Choice | None:
        whole = "message" in item
        piece = (item.get("delta") or item.get("message") or item).get("content" if "text" not in item else "text")
        if piece is not None and not isinstance(piece, str):
            raise TypeError(f"its text is {piece!r:.40}")
        if piece:
            self._texts.setdefault(index, []).append(piece)
            self._pieces[index] += 1  # servers send a token at a time, or nearly
        given = item.get("finish_reason")
        if not given and not whole:
            return None
        reason = self._reason(given, item)
        return Choice(
            index=index,
            text="".join(self._texts.pop(index, ())),
            reason=reason,
            num_tokens=self.completion_tokens // among if self.completion_tokens else self._pieces[index],
            error=f"the server ended the answer with {given!r:.40}" if reason is FinishReason.ERROR else "",
        )

    def _reason(self, given: object, item: Mapping[str, Any]) -> FinishReason:
        reason = _REASONS.get(str(given or "stop"), FinishReason.ERROR)
        if reason is not FinishReason.EOS:
            return reason
        # Most servers say "stop" for both; the others name what stopped them beside it.
        stopped = isinstance(item["stop_reason"], str) if "stop_reason" in item else self._stops_sent
        return FinishReason.STOP if stopped else FinishReason.EOS

    def _usage(self, usage: Any) -> None:
        if not isinstance(usage, dict):
            return
        self.prompt_tokens = _count(usage.get("prompt_tokens"))
        self.completion_tokens = _count(usage.get("completion_tokens"))
        details = usage.get("prompt_tokens_details")
        self.cached_tokens = _count(details.get("cached_tokens")) if isinstance(details, dict) else 0


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _malformed(what: str) -> EngineError:
    return EngineError(
        ErrorKind.FAILED, f"the server sent {what}; does --base-url name an OpenAI-compatible API? Look at its log"
    )
