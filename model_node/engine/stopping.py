"""Text of a growing sample: stop strings across token borders, loops, and the final cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["StopWatch", "cut", "decoded", "loops"]

_INCOMPLETE = "\ufffd"
# A loop is a piece of at most so many tokens that comes at least so often and fills at least so many tokens: an empty
# board of nine rows, a grid of a hundred zeros or a ruler of dashes is none.
_LONGEST_PERIOD = 64
_REPEATS = 12
_LEAST_LOOP = 256
_LOOK_EVERY = 16  # tokens


def decoded(tokenizer: Any, tokens: Sequence[int]) -> str:
    """Text of `tokens` without special tokens."""
    return str(tokenizer.decode(list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False))


def cut(text: str, stops: Sequence[str]) -> tuple[str, bool]:
    """`text` before the first stop string, and whether there was one."""
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    return (text[: min(places)], True) if places else (text, False)


def loops(tokens: Sequence[int]) -> bool:
    """Whether a sample says the same over and over; looked at every few tokens, so that the answer never depends on
    what else is in the batch.
    """
    if len(tokens) % _LOOK_EVERY or len(tokens) < _LEAST_LOOP:
        return False
    return any(_repeats(tokens, period) for period in range(1, _LONGEST_PERIOD + 1))


def _repeats(tokens: Sequence[int], period: int) -> bool:
    length = max(_LEAST_LOOP, _REPEATS * period)
    if len(tokens) < length or tokens[-1] != tokens[-1 - period]:
        return False
    tail = tokens[-length:]
    return tail[period:] == tail[:-period]


class StopWatch:
    """Sees the tokens of one sample as they come and says when a stop string is complete."""

    __slots__ = ("_from", "_keep", "_read", "_stops", "_tail", "_tokenizer")

    def __init__(self, tokenizer: Any, stops: Sequence[str]) -> None:
        self._tokenizer = tokenizer
        self._stops = tuple(stops)
        self._keep = max(map(len, stops), default=1) - 1
        self._tail = ""
        self._from = self._read = 0  # tokens[from:read] is the context that new text is told apart with

    def hit(self, tokens: Sequence[int]) -> bool:
        """Whether the text of `tokens`, one or more longer than at the last call, now has a stop string."""
        if not self._stops:
            return False
        before = decoded(self._tokenizer, tokens[self._from : self._read])
        text = decoded(self._tokenizer, tokens[self._from :])
        if text.endswith(_INCOMPLETE):
            return False  # a character's bytes are still arriving
        self._tail = (self._tail[-self._keep :] if self._keep else "") + text[len(before) :]
        self._from, self._read = self._read, len(tokens)
        return any(stop in self._tail for stop in self._stops)
