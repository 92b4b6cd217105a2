"""How sure the evidence makes us of one candidate, and what acceptance still lacks.

The weights come from `benchmarks/selection --fit`: logistic regression on two pools of HumanEval samples (CodeGen-16B,
and a mix of models of 2023-24), with the first 0, 1, 2, 3 or all docstring examples of a task trusted. They are a
start value: another model or other problems may be calibrated differently.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

from pytest_supercharger.domain import Output, OutputKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_supercharger.behaviour import Behaviour, Evidence

__all__ = ["INCOMPARABLE", "VERSION", "is_good", "probability_of", "terms", "threshold", "unmet", "why_none"]

TAU_UNTRUSTED = 0.98  # the least probability where no trusted test vouches for the candidate
MIN_INPUTS = 3
REPEATS_THAT_COUNT = 4  # samples of one text that count as agreement, with trusted checks only
MOST_CHECKS = 8  # trusted checks beyond these add nothing: the fit saw no more than that
CHECKS_INSTEAD_OF_TESTS = 3  # trusted checks that make a generated test dispensable

INCOMPARABLE = frozenset({OutputKind.INFRA, OutputKind.BLOCKED, OutputKind.INVALID, OutputKind.OPAQUE})

_COEFFICIENTS = {
    "loo": 1.85,
    "pass": 1.41,
    "con": -3.63,
    "ln_k": -0.43,
    "ln_n": 0.10,
    "ln_1d": 1.40,
    "marg": 1.32,
    "bad": -0.10,
    "giv": 0.16,
    "ln_1t": 0.68,
    "same": -0.72,
}
_INTERCEPT = -3.21
_MEANING = 2  # of the features; to be raised when one comes to mean something else
VERSION = hashlib.sha256(repr((_MEANING, MOST_CHECKS, _INTERCEPT, _COEFFICIENTS)).encode()).hexdigest()[:16]


def is_good(output: Output | None, documented: frozenset[str]) -> bool:
    """A value, or an exception that the specification announces."""
    if output is None:
        return False
    return output.kind is OutputKind.VALUE or (output.kind is OutputKind.EXCEPTION and output.text in documented)


def terms(features: Mapping[str, float]) -> dict[str, float]:
    """What the weights are for: the features of the formula, by name."""
    derived = {
        "ln_k": math.log(features["k"]),
        "ln_n": math.log(features["n"]),
        "ln_1d": math.log1p(features["d"]),
        "ln_1t": math.log1p(min(features["t"], MOST_CHECKS)),
    }
    return {name: derived[name] if name in derived else features[name] for name in _COEFFICIENTS}


def probability_of(features: Mapping[str, float]) -> float:
    """The fitted probability that a candidate with these features is right."""
    logit = _INTERCEPT + sum(_COEFFICIENTS[name] * value for name, value in terms(features).items())
    return 1 / (1 + math.exp(-logit))


def threshold(tau: float, *, trusted: bool, strict: bool = True) -> float:
    """The least probability; `strict` asks for more where no trusted test vouches for the candidate."""
    return max(tau, TAU_UNTRUSTED) if strict and not trusted else tau


def unmet(
    evidence: Evidence,
    best: Behaviour,
    features: Mapping[str, float],
    probability: float,
    tau: float,
    *,
    strict: bool = True,
) -> Iterator[str]:
    """The conditions of acceptance that do not hold, as phrases for people."""
    needed = threshold(tau, trusted=evidence.trusted_checks > 0, strict=strict)
    k, d, inputs = int(features["k"]), int(features["d"]), int(features["inputs"])
    if best.equals_anything:
        yield "its result claims to equal everything"
    if best.unstable:
        yield "its results change from run to run"
    if probability < needed:
        yield f"probability {math.floor(probability * 100) / 100:.2f} is below {needed:.2f}"
    if k < 2:
        yield "no second sample behaves like it"
    elif d < 2 and not (evidence.trusted_checks and k >= REPEATS_THAT_COUNT):
        yield f"all {k} samples that behave like it are one and the same text"
    if inputs < MIN_INPUTS:
        yield f"it gives a result on {inputs} of the {MIN_INPUTS} different inputs that are needed"
    if not features["votes"] and evidence.trusted_checks < CHECKS_INSTEAD_OF_TESTS:
        if any(best.passes):
            yield "no test that it passes tells it apart from other code"
        else:
            yield "it passes no test that was written from the specification"
    if any(
        not _settled(best.outputs[x], evidence.documented) for x in evidence.trusted_inputs if x < len(best.outputs)
    ):
        yield "it raises or runs out of time on an input of a trusted test"


def _settled(output: Output | None, documented: frozenset[str]) -> bool:
    """Nothing on this input speaks against the candidate; what is not comparable says nothing."""
    return output is None or output.kind in INCOMPARABLE or is_good(output, documented)


def why_none(evidence: Evidence) -> str:
    """Why there is no best candidate at all."""
    if not evidence.behaviours:
        return "no answer gave a candidate"
    if not any(b.loads for b in evidence.behaviours):
        return "no candidate can be imported"
    return "no candidate passes the trusted tests"
