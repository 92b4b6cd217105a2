"""Judgements and scores from the log-probabilities that a server offers; it shows only the likeliest tokens."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from model_node.engine.base import EngineError, ErrorKind, JudgeJob, Judgement, ScoredContinuation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["judge_body", "judgement", "likeliest", "score_body", "scored"]

_SHOWN = 20  # tokens; the most that the API allows
_NEVER = 1e-300
_ROUNDING = 1e-3  # above 0, where a server counts in few bits


def judge_body(path: str) -> dict[str, Any]:
    """The fields that ask for the next token's probabilities: the model's own, so without any cuts."""
    body: dict[str, Any] = {"max_tokens": 1, "temperature": 1.0}
    return body | ({"logprobs": True, "top_logprobs": _SHOWN} if path.startswith("chat") else {"logprobs": 5})


def score_body(prompt: str, continuation: str) -> dict[str, Any]:
    """The fields that ask for the log-probability of a text as it stands."""
    return {"prompt": prompt + continuation, "max_tokens": 1, "temperature": 0.0, "echo": True, "logprobs": 1}


def likeliest(event: Any) -> dict[str, float]:
    """The likeliest first tokens of a reply with their log-probabilities; EngineError REFUSED where there are none."""
    try:
        found = event["choices"][0].get("logprobs") or {}
        if content := found.get("content"):
            return {str(entry["token"]): _logprob(entry["logprob"]) for entry in content[0]["top_logprobs"]}
        if shown := found.get("top_logprobs"):
            return {str(token): _logprob(logprob) for token, logprob in shown[0].items()}
    except (TypeError, ValueError, AttributeError, KeyError, IndexError) as error:
        raise EngineError(ErrorKind.FAILED, f"the server sent log-probabilities of another form ({error!r})") from None
    raise no_logprobs("judge")


def _logprob(value: Any) -> float:
    number = float(value)
    if not number <= _ROUNDING:  # NaN is not, either
        raise ValueError(f"{number} is no logarithm of a probability")
    return min(number, 0.0)


def no_logprobs(what: str) -> EngineError:
    """The error where the server keeps its probabilities to itself."""
    message = (
        f"the server behind this node sends no log-probabilities, so it cannot {what}; ask a node that runs a model"
    )
    return EngineError(ErrorKind.REFUSED, message)


def judgement(shown: Mapping[str, float], job: JudgeJob) -> Judgement:
    """Judge by the likeliest next tokens; what is not among them counts as no more probable than the last of them."""
    if job.digits is not None:
        return _expected(shown, job.digits)
    yes, no = _masses(shown, *job.spellings)
    least = min((math.exp(logprob) for logprob in shown.values()), default=_NEVER)
    margin = math.log(max(yes or min(least, 1 - no), _NEVER)) - math.log(max(no or min(least, 1 - yes), _NEVER))
    if not yes and not no:
        margin = 0.0
    return Judgement(
        score=1.0 / (1.0 + math.exp(min(-margin, 700.0))), answer_mass=min(yes + no, 1.0), logit_margin=margin
    )


def _masses(shown: Mapping[str, float], yes: Sequence[str], no: Sequence[str]) -> tuple[float, float]:
    found = [0.0, 0.0]
    for token, logprob in shown.items():
        # A long answer may be cut into several tokens: its beginning counts where it begins no other answer.
        begins = [bool(token) and any(answer.startswith(token) for answer in answers) for answers in (yes, no)]
        if begins[0] != begins[1]:
            found[begins.index(True)] += math.exp(logprob)
    return found[0], found[1]


def _expected(shown: Mapping[str, float], bounds: tuple[int, int]) -> Judgement:
    low, high = bounds
    found = dict.fromkeys(range(low, high + 1), 0.0)
    for token, logprob in shown.items():
        if token.strip() in map(str, found):
            found[int(token)] += math.exp(logprob)
    mass = math.fsum(found.values())
    mean = math.fsum(value * p for value, p in found.items()) / mass if mass else (low + high) / 2
    return Judgement(score=min(max((mean - low) / (high - low), 0.0), 1.0), answer_mass=min(mass, 1.0))


def scored(event: Any, prompt: str, continuation: str) -> ScoredContinuation:
    """The score of `continuation`, whose tokens are those that begin in it; EngineError REFUSED without any."""
    try:
        found = event["choices"][0].get("logprobs") or {}
        places, logprobs = found.get("text_offset"), found.get("token_logprobs")
    except (TypeError, AttributeError, KeyError, IndexError):
        places = logprobs = None
    if not places or not logprobs:
        raise no_logprobs("score")
    begin, end = len(prompt), len(prompt) + len(continuation)
    own = [logprob for place, logprob in zip(places, logprobs, strict=False) if begin <= place < end]
    if not own or not all(isinstance(logprob, (int, float)) for logprob in own):
        raise no_logprobs("score")
    try:
        return ScoredContinuation(sum_logprob=math.fsum(map(_logprob, own)), num_tokens=len(own))
    except ValueError as error:
        raise EngineError(ErrorKind.FAILED, f"the server sent log-probabilities of another form ({error!r})") from None
