"""How a search ends: with what is confirmed, otherwise with why not, in words for people."""

from __future__ import annotations

from pytest_supercharger.progress import Abstain, Accept, Action, Policy, Progress, confirmed

__all__ = ["is_spent", "last_word"]


def is_spent(progress: Progress, policy: Policy) -> bool:
    """Whether nothing may be asked any more, and what is under way is to be given up."""
    out_of_tokens = bool(policy.tokens) and progress.tokens >= policy.tokens
    return bool(progress.stopped) or progress.seconds >= policy.seconds or out_of_tokens


def last_word(progress: Progress, policy: Policy) -> Action:
    """Accept what is confirmed, otherwise say why not."""
    assessment = progress.assessment
    if assessment is not None and assessment.best is not None and confirmed(progress):
        return Accept(candidate_id=assessment.best)
    return Abstain(reason=f"{_lacking(progress)} ({_spent(progress, policy)})")


def _lacking(progress: Progress) -> str:
    assessment = progress.assessment
    if assessment is None:
        return "no candidate was weighed" if progress.codes else "the model gave no answer"
    if assessment.unmet:
        return "; ".join(assessment.unmet)
    return "the best candidate could not be confirmed with a fresh code and a fresh test suite"


def _spent(progress: Progress, policy: Policy) -> str:
    """What the search cost, and what ended it where that was not the budget of samples."""
    parts = [_count(progress.codes, "code"), _count(progress.suites, "test suite")]
    if progress.repairs:
        parts.append(_count(progress.repairs, "repair"))
    if progress.expectations:
        parts.append(_count(progress.expectations, "expected output"))
    if progress.stopped:
        parts.append(progress.stopped)
    elif progress.seconds >= policy.seconds:
        parts.append(f"the {policy.seconds:g} s for this stub are spent")
    elif policy.tokens and policy.tokens - progress.tokens < policy.suite_tokens:
        parts.append(f"{progress.tokens} of the {policy.tokens} tokens for this stub are spent, too many to ask on")
    elif progress.no_more_codes or progress.no_more_suites:
        parts.append("the nodes have no more answers")
    return ", ".join(parts)


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
