"""What a generate job must satisfy before it is queued."""

from __future__ import annotations

import math

from model_node.engine.base import EngineError, ErrorKind, GenerateJob, SamplingParams

__all__ = ["check_job"]


def check_job(job: GenerateJob) -> None:
    """Raise EngineError INVALID that names the first field out of its range."""
    if not job.prompts:
        raise _invalid("prompts", "empty", "send at least one")
    if job.num_samples < 1:
        raise _invalid("num_samples", job.num_samples, "ask for at least 1")
    if job.first_sample_index < 0:
        raise _invalid("first_sample_index", job.first_sample_index, "count from 0")
    _check_params(job.params)


def _check_params(params: SamplingParams) -> None:
    ranges = (
        ("max_new_tokens", params.max_new_tokens >= 1, "ask for at least 1"),
        ("temperature", 0 <= params.temperature < math.inf, "use 0 for greedy or a positive number"),
        ("top_p", 0 < params.top_p <= 1, "use a number above 0 and at most 1"),
        ("top_k", params.top_k >= 0, "use 0 for off or a positive number"),
        ("min_p", 0 <= params.min_p <= 1, "use a number from 0 to 1"),
        ("repetition_penalty", 0 < params.repetition_penalty < math.inf, "use 1 for off or a positive number"),
        ("stop", all(params.stop), "leave out empty stop strings"),
    )
    for name, good, advice in ranges:
        if not good:
            raise _invalid(name, getattr(params, name), advice)


def _invalid(name: str, value: object, advice: str) -> EngineError:
    return EngineError(ErrorKind.INVALID, f"{name} is {value}; {advice}")
