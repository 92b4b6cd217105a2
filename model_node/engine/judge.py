"""Questions answered from probabilities: no token is sampled.

A judgement reads the next token's distribution after one prefill (P(yes), or the expected digit: Wang, Zhang and Choi,
"Improving LLM-as-a-Judge Inference with the Judgment Distribution", 2025). A score is the log-probability of a
given continuation.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from model_node.engine.base import EngineError, ErrorKind, JudgeJob, Judgement, ScoredContinuation
from model_node.engine.prefixes import Prefill, extend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_node.engine.chat import Encoder
    from model_node.engine.loading import LoadedModel

__all__ = ["Answers", "judge_logits", "score_continuation"]

# Logits of a chunk take chunk x vocabulary x 4 bytes.
_CHUNK = 128


class Answers:
    """The first tokens of the answers a job asks about; raises EngineError INVALID when they cannot be told apart."""

    __slots__ = ("digits", "no", "values", "yes")

    def __init__(self, job: JudgeJob, encoder: Encoder) -> None:
        self.yes: list[int] = []
        self.no: list[int] = []
        self.digits: list[int] = []
        self.values: list[int] = []
        if job.digits is not None:
            self._digits(job.digits, encoder)
        else:
            self._spellings(*job.spellings, encoder)

    def _digits(self, bounds: tuple[int, int], encoder: Encoder) -> None:
        low, high = bounds
        if high <= low:
            raise EngineError(ErrorKind.INVALID, f"the digits {low}..{high} are no range; give (low, high), low < high")
        for value in range(low, high + 1):
            tokens = encoder.text(str(value), special=False)
            if len(tokens) != 1:
                raise EngineError(
                    ErrorKind.INVALID, f"{value} is {len(tokens)} tokens for this model, not one; narrow the digits"
                )
            self.digits.append(tokens[0])
            self.values.append(value)

    def _spellings(self, yes: Sequence[str], no: Sequence[str], encoder: Encoder) -> None:
        first = [{tokens[0] for text in texts if (tokens := encoder.text(text, special=False))} for texts in (yes, no)]
        if not first[0] or not first[1] or first[0] & first[1]:
            raise EngineError(
                ErrorKind.INVALID,
                f"the answers {list(yes)} and {list(no)} begin with the same token or none; choose others",
            )
        self.yes, self.no = sorted(first[0]), sorted(first[1])


def judge_logits(logits: torch.Tensor, answers: Answers) -> Judgement:
    """Judge by the next token's logits [vocabulary]; EngineError where they are no numbers."""
    logprobs = logits.float().log_softmax(dim=-1)
    _check(logprobs[0].item())  # one NaN makes all of them NaN
    if answers.digits:
        found = logprobs[answers.digits].exp().tolist()
        mass = math.fsum(found)
        low, high = answers.values[0], answers.values[-1]
        mean = math.fsum(p * value for p, value in zip(found, answers.values, strict=True)) / max(mass, 1e-300)
        score = min(max((mean - low) / (high - low), 0.0), 1.0)
        return Judgement(score=score, answer_mass=min(mass, 1.0))
    yes = logprobs[answers.yes].logsumexp(dim=0).item()
    no = logprobs[answers.no].logsumexp(dim=0).item()
    margin = yes - no
    return Judgement(
        score=1.0 / (1.0 + math.exp(min(-margin, 700.0))),
        answer_mass=min(math.exp(yes) + math.exp(no), 1.0),
        logit_margin=margin,
    )


def score_continuation(loaded: LoadedModel, prefill: Prefill, length: int, tokens: Sequence[int]) -> ScoredContinuation:
    """Log-probability of `tokens` after the prefilled prompt of `length` tokens."""
    total = 0.0
    logits: Any = prefill.logits
    cache = prefill.cache.first(length, len(tokens))
    for begin in range(0, len(tokens), _CHUNK):
        chunk = tuple(tokens[begin : begin + _CHUNK])
        after = extend(loaded, cache, chunk, keep=0)[0]
        # The logits before each token: the last of what came earlier, then all but the last of this chunk.
        before = torch.cat([logits, after[:-1]]).float().log_softmax(dim=-1)
        total += before.gather(1, torch.tensor(chunk, device=before.device)[:, None]).sum().item()
        logits = after[-1:]
    _check(total)
    return ScoredContinuation(sum_logprob=total, num_tokens=len(tokens))


def _check(number: float) -> None:
    if math.isnan(number):
        text = "the model's logits were NaN, which says nothing; ask again, or start the node with bf16"
        raise EngineError(ErrorKind.FAILED, text)
