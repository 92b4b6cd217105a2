"""The figures of judged answers: by temperature, and what a lower token limit or a smaller context would cost."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from pytest_supercharger.domain import FinishReason
from tuning.samples import Sample

__all__ = ["LIMITS", "LOST", "by_limit", "by_temperature", "enough", "fitting", "pass_at", "percentiles"]

Line = dict[str, Any]
LIMITS = {"code": (128, 192, 256, 384, 512, 768, 1024), "tests": (64, 96, 128, 160, 192, 256, 384, 512)}
LOST = 0.005  # of what is right may be lost to a token limit


def pass_at(k: int, n: int, right: int) -> float:
    """How probable it is that some of k out of n samples is right (the unbiased estimator of arXiv 2107.03374)."""
    return 1.0 - math.comb(n - right, k) / math.comb(n, k)


def percentiles(values: Sequence[int], shares: Sequence[float]) -> list[int]:
    """The smallest value that so large a share of all does not exceed."""
    ordered = sorted(values)
    return [ordered[max(math.ceil(share * len(ordered)) - 1, 0)] for share in shares] if ordered else []


def by_temperature(samples: Sequence[Sample]) -> dict[str, dict[str, Line]]:
    """Kind -> temperature -> figures; a task is one of those that the samples are about."""
    groups: dict[str, dict[str, Line]] = {}
    for kind, of in (("code", _codes), ("tests", _tests)):
        mine = [sample for sample in samples if sample.kind == kind]
        temperatures = sorted({sample.temperature for sample in mine})
        split = {t: [sample for sample in mine if sample.temperature == t] for t in temperatures}
        groups[kind] = {f"{t:g}": _common(found) | of(found) for t, found in split.items()}
    return groups


def _common(samples: Sequence[Sample]) -> Line:
    median, most, worst = percentiles([sample.tokens for sample in samples], (0.5, 0.95, 0.99))
    return {
        "answers": len(samples),
        "nothing": _share(sum(not sample.parts for sample in samples), len(samples)),
        "length": _share(sum(sample.finish is FinishReason.LENGTH for sample in samples), len(samples)),
        "loop": _share(sum(sample.finish is FinishReason.LOOP for sample in samples), len(samples)),
        "tokens": {"median": median, "95%": most, "99%": worst, "all": sum(sample.tokens for sample in samples)},
    }


def _codes(samples: Sequence[Sample]) -> Line:
    tasks = _tasks(samples)
    counts = [(len(found), sum(sample.found for sample in found)) for found in tasks]
    bodies = [Counter(part for sample in found for part in sample.parts) for found in tasks]
    rights = [frozenset().union(*(sample.right for sample in found)) for found in tasks]
    first = [
        max(drawn, key=drawn.__getitem__, default="") in right for drawn, right in zip(bodies, rights, strict=True)
    ]
    return {
        "right": _share(sum(right for _, right in counts), len(samples)),
        "pass@1": round(fmean(pass_at(1, n, right) for n, right in counts), 4),
        "pass@4": round(fmean(pass_at(min(4, n), n, right) for n, right in counts), 4),
        "tasks": len(tasks),
        "solved": sum(right > 0 for _, right in counts),
        "most drawn is right": sum(first),
        "bodies": round(fmean(map(len, bodies)), 2),
        "equal mistakes": _share(*_alike(bodies, rights)),
    }


def _alike(bodies: Sequence[Counter[str]], rights: Sequence[frozenset[str]]) -> tuple[int, int]:
    """Of the pairs of wrong codes of one task, how many are the same code: a mistake that looks like agreement."""
    wrong = [[count for key, count in b.items() if key not in right] for b, right in zip(bodies, rights, strict=True)]
    return sum(math.comb(count, 2) for c in wrong for count in c), sum(math.comb(sum(c), 2) for c in wrong)


def _tests(samples: Sequence[Sample]) -> Line:
    tasks = _tasks(samples)
    written = sum(len(sample.parts) for sample in samples)
    distinct = [len({part for sample in found for part in sample.parts}) for found in tasks]
    return {
        "right": _share(sum(sample.found for sample in samples), written),
        "right an answer": round(sum(sample.found for sample in samples) / len(samples), 2),
        "written": written,
        "tasks": len(tasks),
        "different": round(fmean(distinct), 2),
        "different and right": round(fmean(len(frozenset().union(*(s.right for s in found))) for found in tasks), 2),
    }


def _tasks(samples: Sequence[Sample]) -> list[list[Sample]]:
    ordered = sorted(samples, key=lambda sample: sample.task)
    return [[*found] for _, found in itertools.groupby(ordered, key=lambda sample: sample.task)]


def by_limit(samples: Sequence[Sample], limits: Sequence[int]) -> dict[str, Line]:
    """Token limit -> the share of what is right that is still made, of tokens still spent, of answers that are cut."""
    return {str(limit): _limited(samples, limit) for limit in limits}


def _limited(samples: Sequence[Sample], limit: int) -> Line:
    temperatures = sorted({sample.temperature for sample in samples})
    split = {f"{t:g}": [sample for sample in samples if sample.temperature == t] for t in temperatures}
    spent = sum(min(sample.tokens, limit) for sample in samples)
    return {
        "kept": _kept(samples, limit),
        "spent": _share(spent, sum(sample.tokens for sample in samples)),
        "right per 1000": round(1000 * sum(s.kept(limit) for s in samples) / max(1, spent), 2),
        "cut": _share(sum(sample.tokens > limit for sample in samples), len(samples)),
        "kept at": {temperature: _kept(found, limit) for temperature, found in split.items()},
    }


def _kept(samples: Sequence[Sample], limit: int) -> float:
    return _share(sum(sample.kept(limit) for sample in samples), sum(sample.found for sample in samples))


def enough(limits: Mapping[str, Line]) -> int | None:
    """The lowest token limit that loses less than half a percent of what is right."""
    return next((int(limit) for limit, line in limits.items() if 1.0 - line["kept"] < LOST), None)


def fitting(
    prompts: Mapping[str, Sequence[int]], answers: Mapping[str, int], taken: Mapping[int, float]
) -> dict[str, Line]:
    """Context -> the share of prompts that fit with the longest answer, by kind; and of stubs the plugin takes."""
    return {
        str(context): {
            kind: _share(sum(n + answers[kind] <= context for n in counts), len(counts))
            for kind, counts in prompts.items()
        }
        | {"taken": share}
        for context, share in taken.items()
    }


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0
