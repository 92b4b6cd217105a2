"""Prompts to tokens: the model's own chat template, and plain text."""

from __future__ import annotations

import threading
from typing import Any

from model_node.engine.base import EngineError, ErrorKind, Prompt

__all__ = ["Encoder"]

_ROLES = frozenset({"system", "user", "assistant"})


class Encoder:
    """Turns prompts into token ids; may be called from any thread."""

    def __init__(self, tokenizer: Any, max_context: int) -> None:
        self._tokenizer = tokenizer
        self._max_context = max_context
        self._most = max_context * max(map(len, tokenizer.get_vocab()))  # characters, all tokens being of the longest
        # The Rust tokenizer refuses a second caller while it is in use.
        self._lock = threading.Lock()

    def prompt(self, prompt: Prompt) -> tuple[int, ...]:
        """Tokens of `prompt`; raises EngineError INVALID when it is empty or leaves no room in the context."""
        if prompt.messages:
            tokens = self.text(self._templated(prompt), special=False) + self.text(
                prompt.assistant_prefix, special=False
            )
        elif prompt.assistant_prefix:
            raise EngineError(
                ErrorKind.INVALID, "an assistant prefix needs a chat; put it at the end of the text instead"
            )
        else:
            tokens = self.text(prompt.text, special=True)
        if not tokens:
            raise EngineError(ErrorKind.INVALID, "a prompt is empty; give it text or messages")
        self.check(len(tokens))
        return tokens

    def check(self, tokens: int) -> None:
        """Raise EngineError INVALID when a prompt of `tokens` leaves no room for one more."""
        if tokens >= self._max_context:
            raise EngineError(
                ErrorKind.INVALID,
                f"a prompt has {tokens} tokens, but the context holds {self._max_context}; "
                "shorten it or raise the context",
            )

    def text(self, text: str, *, special: bool) -> tuple[int, ...]:
        """Tokens of plain text, with the model's leading special tokens where `special`."""
        if not text:
            return ()
        if len(text) > self._most:  # reading them takes seconds a megabyte
            raise EngineError(
                ErrorKind.INVALID,
                f"a prompt has {len(text)} characters, but the context holds {self._max_context} tokens; "
                "shorten it or raise the context",
            )
        with self._lock:
            return tuple(self._tokenizer.encode(text, add_special_tokens=special))

    def _templated(self, prompt: Prompt) -> str:
        for message in prompt.messages:
            if message.role not in _ROLES:
                raise EngineError(
                    ErrorKind.INVALID, f'message role "{message.role}" is unknown; use system, user or assistant'
                )
        if not getattr(self._tokenizer, "chat_template", None):
            raise EngineError(
                ErrorKind.INVALID, "this model has no chat template; send plain text or use an instruct model"
            )
        turns = [{"role": message.role, "content": message.text} for message in prompt.messages]
        with self._lock:
            try:
                return str(
                    self._tokenizer.apply_chat_template(
                        turns,
                        tokenize=False,
                        add_generation_prompt=True,
                        enable_thinking=False,  # thousands of tokens a sample; a search of many samples wants answers
                    )
                )
            except Exception as error:  # a template is a program of the model's maker: it may raise anything
                raise EngineError(
                    ErrorKind.INVALID, f"the model's chat template refuses the messages ({error}); change their roles"
                ) from error
