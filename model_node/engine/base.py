"""What an engine is: the seam between the gRPC service and whatever produces text.

An engine owns its thread or threads. `submit`, `judge`, `score` and `cancel` may be called from any thread and
return at once; the callbacks are called on an engine thread and must not block.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

__all__ = [
    "Device",
    "Engine",
    "EngineDied",
    "EngineError",
    "EngineInfo",
    "ErrorKind",
    "FinishReason",
    "FinishedSample",
    "GenerateJob",
    "JudgeJob",
    "Judgement",
    "Load",
    "Message",
    "Prompt",
    "SamplingParams",
    "ScoreJob",
    "ScoredContinuation",
    "Usage",
]

_YES = ("Yes", " Yes", "yes", " yes", "YES")
_NO = ("No", " No", "no", " no", "NO")


class ErrorKind(enum.Enum):
    """Why a job was refused or broke; the service maps each to one gRPC status."""

    INVALID = "invalid"  # the request is wrong: empty, too long for the context
    NOT_FOUND = "not_found"  # the replay file has no line for it
    EXHAUSTED = "exhausted"  # the queue is full: try again later
    CANCELLED = "cancelled"
    DEADLINE = "deadline"  # the budget is spent
    UNAVAILABLE = "unavailable"  # the server behind the engine cannot be reached
    REFUSED = "refused"  # that server does not do it: no such key, model or method
    FAILED = "failed"  # the engine itself broke


class EngineError(Exception):
    """A job that cannot go on; the text says the thing, the value and the next step."""

    def __init__(self, kind: ErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class EngineDied(EngineError):
    """The engine's own thread has ended by an error: all jobs are over and none is taken any more."""

    def __init__(self, error: BaseException) -> None:
        # Its type only: the text may hold words of one client, and all clients get to read this.
        message = (
            f"the node has lost its engine ({type(error).__name__}) and stops; see its log, start it again or ask"
            " another node"
        )
        super().__init__(ErrorKind.UNAVAILABLE, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a chat."""

    role: str  # "system", "user" or "assistant"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Plain text, or a chat that goes through the model's own template."""

    text: str = ""  # used when there are no messages
    messages: tuple[Message, ...] = ()
    assistant_prefix: str = ""  # starts the answer; a chat only
    kind: str = ""  # what is asked ("code", "test", ...): for the log and the replay engine
    subject: str = ""  # what it is asked about ("module:qualname")


class FinishReason(enum.Enum):
    """Why a sample ended."""

    EOS = "eos"
    STOP = "stop"
    LENGTH = "length"
    CANCELLED = "cancelled"
    ERROR = "error"
    LOOP = "loop"  # it said the same over and over


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingParams:
    """How to sample; temperature 0 is greedy."""

    max_new_tokens: int
    temperature: float = 0.8
    top_p: float = 0.95
    top_k: int = 0  # 0: off
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    stop: tuple[str, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedSample:
    """One sample that ended; `text` starts with the prompt's assistant prefix."""

    prompt_index: int
    sample_index: int
    text: str
    finish_reason: FinishReason
    num_tokens: int  # generated
    sum_logprob: float = 0.0  # under the model as it is, before temperature and cuts
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a job cost; seconds of wall time."""

    prompt_tokens: int = 0
    cached_prompt_tokens: int = 0
    completion_tokens: int = 0
    queue_seconds: float = 0.0
    compute_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateJob:
    """`num_samples` samples of each prompt; sample i draws from a stream keyed by (seed, prompt, first + i)."""

    request_id: str
    prompts: tuple[Prompt, ...]
    num_samples: int
    params: SamplingParams
    first_sample_index: int = 0
    priority: int = 0
    client: str = ""  # whose job it is: clients that wait share the rows fairly
    deadline: float | None = None  # of time.monotonic()
    on_sample: Callable[[FinishedSample], None]
    on_done: Callable[[Usage | EngineError], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """P(yes) or the expected digit in [0, 1], and how much probability fell on any listed answer."""

    score: float
    answer_mass: float
    logit_margin: float = 0.0
    calibrated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeJob:
    """Each prompt ends where the answer is due; read the next token's probabilities, sample nothing."""

    request_id: str
    prompts: tuple[Prompt, ...]
    yes: tuple[str, ...] = ()  # spellings; both empty and no digits: the usual ones
    no: tuple[str, ...] = ()
    digits: tuple[int, int] | None = None  # inclusive range of one-token integers
    deadline: float | None = None
    client: str = ""
    on_done: Callable[[tuple[Sequence[Judgement], Usage] | EngineError], None]

    @property
    def spellings(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Those of yes and those of no; raises EngineError INVALID where only one of them has any."""
        if bool(self.yes) != bool(self.no):
            raise EngineError(ErrorKind.INVALID, "only one of yes and no has spellings; give both or neither")
        return self.yes or _YES, self.no or _NO


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredContinuation:
    """Log-probability of one continuation, in nats."""

    sum_logprob: float
    num_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreJob:
    """Log-probability of each continuation after one shared prompt."""

    request_id: str
    prompt: Prompt
    continuations: tuple[str, ...]
    deadline: float | None = None
    client: str = ""
    on_done: Callable[[tuple[Sequence[ScoredContinuation], Usage] | EngineError], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One device in use; sizes in bytes."""

    name: str
    total_bytes: int = 0
    weight_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """What the engine runs and its limits."""

    model_id: str
    model_digest: str
    backend: str  # "transformers", "replay", "openai"
    quantization: str = ""  # "bf16", "fp32", "int8", "int8-all"
    devices: tuple[Device, ...] = ()
    max_context_tokens: int
    max_batch_samples: int
    max_queued_samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How busy the engine is, in samples."""

    running_samples: int = 0
    queued_samples: int = 0
    free_samples: int = 0
    tokens_per_second: float = 0.0
    draining: bool = field(default=False)


class Engine(Protocol):
    """Turns jobs into samples, judgements and scores."""

    on_failure: Callable[[EngineError], None]
    """Set by the owner ahead of `start`; called once, from an engine thread, when the engine can do no more."""

    def start(self) -> None:
        """Load the model and start the engine thread; raises EngineError when it cannot."""
        ...

    def info(self) -> EngineInfo: ...

    def load(self) -> Load: ...

    def submit(self, job: GenerateJob) -> None:
        """Queue the job; raises EngineError INVALID or EXHAUSTED at once where that can be told."""
        ...

    def judge(self, job: JudgeJob) -> None: ...

    def score(self, job: ScoreJob) -> None: ...

    def cancel(self, request_id: str) -> bool:
        """Stop the job at the next step; False when it is unknown or done. Its on_done gets CANCELLED."""
        ...

    def close(self) -> None:
        """Cancel everything and join the engine thread."""
        ...
