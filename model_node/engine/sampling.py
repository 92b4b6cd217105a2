"""Choosing the next token of every row at once, each row with its own settings.

Gumbel-max: the token with the largest (logit / temperature + Gumbel noise) is a draw from the softmax. The noise of a
token is a hash of (seed, prompt, sample, step, token), so a sample does not depend on which rows share its batch.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_node.engine.base import SamplingParams

__all__ = ["Draw", "choose", "stream_key"]

# A sort of the whole vocabulary (151,936 logits) costs milliseconds a row; past the first few hundred tokens
# nothing survives top-p at any sensible temperature.
_CANDIDATES = 256
_BLOCK = 32
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What one row needs for its next token."""

    params: SamplingParams
    key: int  # of the sample's noise stream
    step: int
    seen: Sequence[int]  # prompt and generated tokens; read only when there is a repetition penalty


def stream_key(seed: int, prompt_index: int, sample_index: int) -> int:
    """The 64-bit key of one sample's noise."""
    text = f"{seed}/{prompt_index}/{sample_index}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def choose(logits: torch.Tensor, draws: Sequence[Draw]) -> tuple[list[int], list[float]]:
    """Return a token and its log-probability under the unchanged model, for each row of `logits` [rows, vocabulary]."""
    logits = logits.float()
    shaped = _penalised(logits, draws)
    count = min(max([_CANDIDATES, *(draw.params.top_k for draw in draws)]), logits.shape[-1])
    if all(draw.params.temperature <= 0 for draw in draws):
        tokens = shaped.argmax(dim=-1)
    else:
        tokens = _sampled(shaped, draws, count)
    chosen = logits.gather(1, tokens[:, None])[:, 0] - _log_sums(logits)
    return tokens.tolist(), chosen.tolist()


def _sampled(logits: torch.Tensor, draws: Sequence[Draw], count: int) -> torch.Tensor:
    device = logits.device
    heat = torch.tensor([max(draw.params.temperature, 0.0) for draw in draws], device=device)
    safe = torch.where(heat > 0, heat, torch.ones_like(heat))[:, None]
    values, tokens = _top(logits, count)
    probabilities = (values / safe - _log_sums(logits, safe)[:, None]).exp()
    keep = _kept(probabilities, draws)
    keep[:, 1:] &= (heat > 0)[:, None]
    noisy = (values / safe).double() + _gumbel(tokens, draws)
    noisy.masked_fill_(~keep, float("-inf"))
    return tokens.gather(1, noisy.argmax(dim=-1, keepdim=True))[:, 0]


def _log_sums(logits: torch.Tensor, heat: torch.Tensor | None = None) -> torch.Tensor:
    """The logarithm of the sum of exp(logit / heat) of each row."""
    if logits.device.type != "cpu":
        return (logits if heat is None else logits / heat).logsumexp(dim=-1)
    # One row fits the caches of a core, a batch does not.
    heats = [1.0] * len(logits) if heat is None else heat[:, 0].tolist()
    largest = logits.amax(dim=-1)
    sums = [(row - top).mul_(1 / each).exp_().sum() for row, top, each in zip(logits, largest, heats, strict=True)]
    return torch.stack(sums).log_() + (largest if heat is None else largest / heat[:, 0])


def _top(logits: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The `count` largest logits of each row and their tokens, largest first."""
    size = logits.shape[-1]
    if logits.device.type != "cpu" or size // _BLOCK <= 2 * count:
        values, tokens = logits.topk(count, dim=-1)
        return values, tokens
    found = [_top_of_row(row, count) for row in logits]
    return torch.stack([values for values, _ in found]), torch.stack([tokens for _, tokens in found])


def _top_of_row(row: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    # The largest `count` values lie in the `count` blocks with the largest maxima, or in the odd end: a fraction
    # of the vocabulary to select from, at half the time.
    end = row.shape[0] // _BLOCK * _BLOCK
    blocks = row[:end].view(-1, _BLOCK)
    best = blocks.amax(dim=1).topk(count, sorted=False).indices
    values = torch.cat([blocks[best].view(-1), row[end:]])
    tokens = torch.cat([(best[:, None] * _BLOCK + torch.arange(_BLOCK)).view(-1), torch.arange(end, row.shape[0])])
    largest, order = values.topk(count)
    return largest, tokens[order]


def _kept(probabilities: torch.Tensor, draws: Sequence[Draw]) -> torch.Tensor:
    """Which candidates, sorted by probability, survive top-k, top-p and min-p; the first always does."""
    rows, count = probabilities.shape
    device = probabilities.device
    top_p = torch.tensor([draw.params.top_p for draw in draws], device=device)[:, None]
    min_p = torch.tensor([draw.params.min_p for draw in draws], device=device)[:, None]
    top_k = torch.tensor([draw.params.top_k or count for draw in draws], device=device)[:, None]
    before = probabilities.cumsum(dim=-1) - probabilities
    keep = (before < top_p) | (top_p >= 1)
    keep &= probabilities >= min_p * probabilities[:, :1]
    keep &= torch.arange(count, device=device)[None, :].expand(rows, count) < top_k
    keep[:, 0] = True
    return keep


def _penalised(logits: torch.Tensor, draws: Sequence[Draw]) -> torch.Tensor:
    """Apply the repetition penalty of CTRL (Keskar et al., 2019, section 4.1) to the rows that have one."""
    rows = [row for row, draw in enumerate(draws) if draw.params.repetition_penalty != 1.0]
    if not rows:
        return logits
    logits = logits.clone()
    for row in rows:
        seen = torch.tensor(sorted(set(draws[row].seen)), device=logits.device)
        penalty = draws[row].params.repetition_penalty
        values = logits[row, seen]
        logits[row, seen] = torch.where(values > 0, values / penalty, values * penalty)
    return logits


def _gumbel(tokens: torch.Tensor, draws: Sequence[Draw]) -> torch.Tensor:
    keys = torch.tensor(
        [_signed(_mixed_int(draw.key + draw.step * 0x9E3779B97F4A7C15)) for draw in draws], device=tokens.device
    )
    bits = _mixed(keys[:, None] ^ (tokens * _signed(0xD1B54A32D192ED03)))
    uniform = (_shift(bits, 11).double() + 0.5) * 2.0**-53
    return -torch.log(-torch.log(uniform))


def _mixed_int(value: int) -> int:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014) on a Python integer."""
    value &= _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def _mixed(value: torch.Tensor) -> torch.Tensor:
    """The same on int64 tensors, whose products wrap."""
    value = (value ^ _shift(value, 30)) * _signed(0xBF58476D1CE4E5B9)
    value = (value ^ _shift(value, 27)) * _signed(0x94D049BB133111EB)
    return value ^ _shift(value, 31)


def _shift(value: torch.Tensor, bits: int) -> torch.Tensor:
    """Shift right without carrying the sign."""
    return (value >> bits) & ((1 << (64 - bits)) - 1)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
