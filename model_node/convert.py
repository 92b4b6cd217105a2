"""Between the wire and the engine: requests become jobs' values, engine values become responses.

A request that is wrong raises EngineError INVALID with the thing, the value and the next step.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from model_node.engine.base import (
    EngineError,
    EngineInfo,
    ErrorKind,
    FinishedSample,
    FinishReason,
    Judgement,
    Load,
    Message,
    Prompt,
    SamplingParams,
    ScoredContinuation,
    Usage,
)
from model_node.v1 import model_node_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "MAX_PROMPTS",
    "MAX_SAMPLES",
    "budget_of",
    "digits_of",
    "info_response",
    "judge_response",
    "load_response",
    "params_of",
    "prompt_of",
    "prompts_of",
    "sample_event",
    "samples_of",
    "score_response",
    "usage_event",
]

MAX_PROMPTS = 1024
MAX_SAMPLES = 1024  # of one prompt
MAX_STOPS = 16
_LAST_INDEX = 2**32 - 1  # what a message of a sample holds

_PROTOCOL = 1  # of protos/model_node/v1: raised where an old client or node could not go on
_ROLES = {pb.ROLE_SYSTEM: "system", pb.ROLE_USER: "user", pb.ROLE_ASSISTANT: "assistant"}
_REASONS = {
    FinishReason.EOS: pb.FINISH_REASON_EOS,
    FinishReason.STOP: pb.FINISH_REASON_STOP,
    FinishReason.LENGTH: pb.FINISH_REASON_LENGTH,
    FinishReason.CANCELLED: pb.FINISH_REASON_CANCELLED,
    FinishReason.ERROR: pb.FINISH_REASON_ERROR,
    FinishReason.LOOP: pb.FINISH_REASON_LOOP,
}


def _invalid(message: str) -> EngineError:
    return EngineError(ErrorKind.INVALID, message)


def prompts_of(prompts: Sequence[pb.Prompt]) -> tuple[Prompt, ...]:
    """Convert all prompts of a request; at least one."""
    if not 1 <= len(prompts) <= MAX_PROMPTS:
        raise _invalid(f"the request has {len(prompts)} prompts; send 1 to {MAX_PROMPTS}")
    return tuple(prompt_of(prompt, index) for index, prompt in enumerate(prompts))


def prompt_of(prompt: pb.Prompt, index: int = 0) -> Prompt:
    """Convert one prompt; `index` is for the message."""
    form = prompt.WhichOneof("content")
    if form == "text" and prompt.text:
        return Prompt(text=prompt.text, kind=prompt.kind, subject=prompt.subject)
    if form == "chat" and prompt.chat.messages:
        return Prompt(
            messages=tuple(_message(message, index) for message in prompt.chat.messages),
            assistant_prefix=prompt.chat.assistant_prefix,
            kind=prompt.kind,
            subject=prompt.subject,
        )
    raise _invalid(f"prompt {index} is empty; set its text or at least one chat message")


def _message(message: pb.ChatMessage, index: int) -> Message:
    role = _ROLES.get(message.role)
    if role is None:
        raise _invalid(f"a message of prompt {index} has role {message.role}; send system, user or assistant")
    return Message(role=role, text=message.text)


def samples_of(request: pb.GenerateRequest) -> int:
    """Return how many samples of each prompt are asked for, checked."""
    if not 1 <= request.num_samples <= MAX_SAMPLES:
        raise _invalid(f"num_samples is {request.num_samples}; send 1 to {MAX_SAMPLES}")
    if (last := request.first_sample_index + request.num_samples - 1) > _LAST_INDEX:
        raise _invalid(f"the last sample would have index {last}; send indices up to {_LAST_INDEX}")
    return int(request.num_samples)


def params_of(params: pb.SamplingParams) -> SamplingParams:
    """Convert and check the sampling parameters; unset ones get the engine's defaults."""
    if params.max_new_tokens < 1:
        raise _invalid("max_new_tokens is 0; send how many tokens a sample may have")
    _within("temperature", params.temperature, 0.0, 10.0)
    _within("top_p", params.top_p, 0.0, 1.0)
    _within("min_p", params.min_p, 0.0, 1.0)
    _within("repetition_penalty", params.repetition_penalty, 0.0, 10.0)
    if params.HasField("top_p") and params.top_p == 0:
        raise _invalid("top_p is 0; send a value above 0, or temperature 0 for greedy")
    if params.HasField("repetition_penalty") and params.repetition_penalty == 0:
        raise _invalid("repetition_penalty is 0; send 1 to switch it off")
    if len(params.stop) > MAX_STOPS or "" in params.stop:
        raise _invalid(f"stop has {len(params.stop)} strings or an empty one; send at most {MAX_STOPS}, none empty")
    # Only what the client set: the defaults live in one place, the engine's own dataclass.
    names = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "seed")
    given = {name: getattr(params, name) for name in names if params.HasField(name)}
    return SamplingParams(max_new_tokens=params.max_new_tokens, stop=tuple(params.stop), **given)


def _within(name: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise _invalid(f"{name} is {value:g}; send a value from {low:g} to {high:g}")


def budget_of(request: pb.GenerateRequest | pb.JudgeRequest | pb.ScoreRequest) -> float | None:
    """Return the request's budget in seconds, None when it has none."""
    if not request.HasField("budget"):
        return None
    seconds = float(request.budget.seconds) + request.budget.nanos / 1e9
    if seconds <= 0:
        raise _invalid(f"budget is {seconds:g} seconds; send more than 0, or leave it out")
    return seconds


def digits_of(request: pb.JudgeRequest) -> tuple[int, int] | None:
    """Return the digit scale, None when the scale is yes/no."""
    if request.WhichOneof("scale") != "digits":
        return None
    low, high = request.digits.min, request.digits.max
    if not low < high <= 9:
        raise _invalid(f"the digit scale is {low} to {high}; send min below max, max at most 9")
    return (low, high)


def sample_event(sample: FinishedSample) -> pb.GenerateResponse:
    """Make the stream event of a finished sample."""
    return pb.GenerateResponse(
        sample=pb.Sample(
            prompt_index=sample.prompt_index,
            sample_index=sample.sample_index,
            text=_utf8(sample.text),
            finish_reason=_REASONS[sample.finish_reason],
            num_tokens=sample.num_tokens,
            sum_logprob=sample.sum_logprob,
            error=_utf8(sample.error),
        )
    )


def _utf8(text: str) -> str:
    # A lone surrogate cannot travel in a protobuf string; one odd character must not cost the whole stream.
    return text.encode("utf-8", "replace").decode("utf-8")


def usage_event(usage: Usage) -> pb.GenerateResponse:
    """Make the last event of a stream."""
    return pb.GenerateResponse(usage=_usage(usage))


def _usage(usage: Usage) -> pb.Usage:
    message = pb.Usage(
        prompt_tokens=usage.prompt_tokens,
        cached_prompt_tokens=usage.cached_prompt_tokens,
        completion_tokens=usage.completion_tokens,
    )
    message.queue_time.FromNanoseconds(int(usage.queue_seconds * 1e9))
    message.compute_time.FromNanoseconds(int(usage.compute_seconds * 1e9))
    return message


def judge_response(judgements: Sequence[Judgement], usage: Usage) -> pb.JudgeResponse:
    """Make the answer to a JudgeRequest."""
    return pb.JudgeResponse(
        judgements=[
            pb.Judgement(
                score=item.score,
                answer_mass=item.answer_mass,
                logit_margin=item.logit_margin,
                calibrated=item.calibrated,
            )
            for item in judgements
        ],
        usage=_usage(usage),
    )


def score_response(scores: Sequence[ScoredContinuation], usage: Usage) -> pb.ScoreResponse:
    """Make the answer to a ScoreRequest."""
    items = [pb.ContinuationScore(sum_logprob=item.sum_logprob, num_tokens=item.num_tokens) for item in scores]
    return pb.ScoreResponse(scores=items, usage=_usage(usage))


def info_response(info: EngineInfo, *, node_id: str, version: str) -> pb.GetInfoResponse:
    """Make the answer to GetInfo."""
    devices = [pb.Device(name=d.name, total_bytes=d.total_bytes, weight_bytes=d.weight_bytes) for d in info.devices]
    return pb.GetInfoResponse(
        node_id=node_id,
        model_id=info.model_id,
        model_digest=info.model_digest,
        software_version=version,
        backend=info.backend,
        quantization=info.quantization,
        devices=devices,
        max_context_tokens=info.max_context_tokens,
        max_batch_samples=info.max_batch_samples,
        max_queued_samples=info.max_queued_samples,
        protocol_version=_PROTOCOL,
    )


def load_response(load: Load, *, draining: bool) -> pb.GetLoadResponse:
    """Make the answer to GetLoad."""
    return pb.GetLoadResponse(
        running_samples=load.running_samples,
        queued_samples=load.queued_samples,
        free_samples=load.free_samples,
        tokens_per_second=load.tokens_per_second,
        draining=draining or load.draining,
    )
