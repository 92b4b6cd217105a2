"""Questions and answers as messages of the model node's protocol."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from model_node.v1 import model_node_pb2 as pb
from pytest_supercharger.domain import Answer, FinishReason, Question

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["answer_of", "generate_request", "judge_request"]

_REASONS = {
    pb.FINISH_REASON_EOS: FinishReason.EOS,
    pb.FINISH_REASON_STOP: FinishReason.STOP,
    pb.FINISH_REASON_LENGTH: FinishReason.LENGTH,
    pb.FINISH_REASON_CANCELLED: FinishReason.CANCELLED,
    pb.FINISH_REASON_LOOP: FinishReason.LOOP,
}


def generate_request(question: Question, indices: range, seconds: float, model: str = "") -> pb.GenerateRequest:
    """Ask for the samples of these indices within so many seconds, of the model with this digest alone."""
    request = pb.GenerateRequest(
        request_id=uuid.uuid4().hex,
        prompts=[_prompt(question)],
        num_samples=len(indices),
        first_sample_index=indices.start,
        expected_model_digest=model,
        priority=question.priority,
        params=pb.SamplingParams(
            temperature=question.temperature,
            top_p=question.top_p,
            max_new_tokens=question.max_new_tokens,
            stop=question.stop,
            seed=question.seed,
        ),
    )
    request.budget.FromNanoseconds(max(1, int(seconds * 1e9)))
    return request


def judge_request(questions: Sequence[Question], seconds: float) -> pb.JudgeRequest:
    """Ask for P(yes) of each question, with the node's own spellings of yes and no."""
    prompts = [_prompt(question) for question in questions]
    request = pb.JudgeRequest(request_id=uuid.uuid4().hex, prompts=prompts, binary=pb.BinaryScale())
    request.budget.FromNanoseconds(max(1, int(seconds * 1e9)))
    return request


def _prompt(question: Question) -> pb.Prompt:
    turns = ((pb.ROLE_SYSTEM, question.system), (pb.ROLE_USER, question.user))
    messages = [pb.ChatMessage(role=role, text=_utf8(text)) for role, text in turns if text]
    chat = pb.Chat(messages=messages, assistant_prefix=_utf8(question.assistant_prefix))
    return pb.Prompt(chat=chat, kind=question.kind.value, subject=question.stub_id)


def _utf8(text: str) -> str:
    # User's sources may hold lone surrogates in string literals; a protobuf string may not.
    return text.encode("utf-8", "replace").decode("utf-8")


def answer_of(sample: pb.Sample, model: str = "") -> Answer:
    """Read one sample of this model; a reason this version does not know counts as an error."""
    return Answer(
        text=sample.text,
        finish_reason=_REASONS.get(sample.finish_reason, FinishReason.ERROR),
        sample_index=sample.sample_index,
        num_tokens=sample.num_tokens,
        sum_logprob=sample.sum_logprob,
        model=model,
    )
