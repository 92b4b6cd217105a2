"""Answers of servers that do not go on from given words, brought into the form in which they had."""

from __future__ import annotations

import re

__all__ = ["asked_for", "joined"]

_FENCE = "```"


def asked_for(user: str, prefix: str) -> str:
    """The last turn of the user, with the request to begin with `prefix`."""
    return f"{user}\n\nBegin your answer with exactly these characters and go on from there:\n{prefix}"


def joined(prefix: str, answer: str, *, continues: bool) -> str:
    """The whole answer, which begins with `prefix` in any case.

    With `continues` the server was told to go on from the prefix, and `answer` is what follows it, unless it opens a
    fence once more: then, as without `continues`, the answer says the prefix itself, or what it can of it.
    """
    again = prefix.startswith(_FENCE) and answer.lstrip().startswith(_FENCE)
    if not prefix or (continues and not again):
        return prefix + answer
    if (place := answer.find(prefix)) >= 0:
        return answer[place:]
    fence, _, opening = prefix.partition("\n") if prefix.startswith(_FENCE) else ("", "", prefix)
    words = opening.strip()
    if words and (place := answer.find(words)) >= 0:
        return prefix + answer[place + len(words) :].removeprefix("\n" if prefix.endswith("\n") else "")
    if fence and (opened := re.search(r"^\s*```[^\n]*\n", answer, re.M)):
        return prefix + answer[opened.end() :]
    return prefix + answer
