"""The values that flow through a run; frozen, without behaviour beyond small derived properties."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_supercharger.disputes import Dispute
from pytest_supercharger.mutation import MutationScore

__all__ = [
    "LIMITS",
    "Answer",
    "Candidate",
    "Decision",
    "FinishReason",
    "GeneratedTest",
    "Marks",
    "Outcome",
    "Output",
    "OutputKind",
    "PairResult",
    "Priority",
    "Probe",
    "Question",
    "QuestionKind",
    "Rejection",
    "SourceFile",
    "Stub",
    "StubKind",
    "Verdict",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """How a file gets the marker by way of other modules of its project, and passes it on to them."""

    taken: frozenset[str] = frozenset()  # decorators of the file that are the marker, as in "compat.supercharge"
    lent: frozenset[str] = frozenset()  # names of the file under which other modules get the marker from it


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A Python file of the user's project as it was read."""

    path: Path  # absolute
    relpath: str  # posix, relative to the project root
    module: str  # dotted name under which the project imports it
    data: bytes
    marks: Marks = Marks()


class StubKind(str, enum.Enum):
    """What the marked definition is."""

    FUNCTION = "function"
    METHOD = "method"
    CLASS_METHOD = "classmethod"
    STATIC_METHOD = "staticmethod"
    PROPERTY = "property"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """A function or method marked `@supercharge` whose body is still to be written."""

    module: str
    qualname: str  # "slugify" or "Cart.total"
    path: Path  # absolute
    relpath: str
    line: int  # of the `def` line, from 1
    kind: StubKind
    is_async: bool
    signature: str  # "def total(self, rate: float = 0.2) -> float", no colon, decorators left out
    docstring: str  # cleaned as by inspect.cleandoc; "" when there is none
    options: Mapping[str, object] = field(default_factory=dict)  # literal options of the marker
    number: int = 1  # among the definitions of its name in the file
    marks: Marks = Marks()  # of its file

    @property
    def id(self) -> str:
        """The name users select stubs by: `module:qualname`, with "#2" behind the second definition of a name."""
        return f"{self.module}:{self.label}"

    @property
    def label(self) -> str:
        """The id without the module."""
        return self.qualname + (f"#{self.number}" if self.number > 1 else "")

    @property
    def name(self) -> str:
        """The bare name of the function."""
        return self.qualname.rpartition(".")[2]

    @property
    def root_name(self) -> str:
        """The module-level name a test has to import: the function, or the outermost class."""
        return self.qualname.partition(".")[0]


class QuestionKind(str, enum.Enum):
    """What a model is asked for; the words of replay files and of prompts/NAME.md."""

    CODE = "code"
    TEST = "test"
    REPAIR = "repair"
    IMPROVE_TEST = "improve_test"
    EXPECT = "expect"
    JUDGE = "judge"


class Priority(enum.IntEnum):
    """Which question a node takes up first, of all stubs' questions that wait for it."""

    FRESH = 0
    REPAIR = 1
    CONFIRM = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One prompt with its sampling settings."""

    kind: QuestionKind
    stub_id: str
    system: str
    user: str
    assistant_prefix: str  # the first words of the answer, put into the model's mouth
    max_new_tokens: int
    temperature: float
    top_p: float = 0.95
    stop: tuple[str, ...] = ()
    seed: int = 0
    priority: Priority = Priority.FRESH


class FinishReason(str, enum.Enum):
    """Why a sample ended."""

    EOS = "eos"
    STOP = "stop"
    LENGTH = "length"
    CANCELLED = "cancelled"
    ERROR = "error"
    LOOP = "loop"  # it said the same over and over until the node cut it

    @property
    def torn(self) -> bool:
        """Whether the answer may end in the middle of a word."""
        return self in {FinishReason.LENGTH, FinishReason.LOOP}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One sample of a question; `text` is the whole answer, its assistant prefix included."""

    text: str
    finish_reason: FinishReason
    sample_index: int
    num_tokens: int = 0
    sum_logprob: float = 0.0
    model: str = ""  # digest of the model that wrote it; "" where that is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One cleaned implementation of a stub, ready to be put into the source file."""

    id: str  # hex digest of the normalised AST: equal behaviour by construction, equal id
    text_id: str  # hex digest of the cleaned source text
    body: str  # statements of the function, dedented, docstring left out, newline at the end
    imports: tuple[str, ...] = ()  # one import a string: "import math", "from typing import Iterable"
    helpers: tuple[str, ...] = ()  # module-level definitions the body needs, in order


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Why an answer gave no candidate or no test; `reason` is a short phrase that can be counted."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """An input: run `setup`, then evaluate `expression`; both are source text.

    `imports` make the names resolve. A top-level `await` in the expression is allowed.
    """

    id: str
    imports: str
    setup: str
    expression: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedTest:
    """One test function in a module of its own; trusted ones come from the user, the rest from a model."""

    id: str  # hex digest of the normalised AST
    name: str  # of the test function
    source: str  # a complete test module that holds exactly this test function
    trusted: bool = False
    probes: tuple[Probe, ...] = ()  # the inputs its assertions use
    shown: str = ""  # the example as its author wrote it, where the source is our own wrapping of it
    asked: bool = False  # its expected output was asked for, on an input on which candidates differed


class Verdict(str, enum.Enum):
    """What a pair came to."""

    PASS = "pass"
    FAIL = "fail"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    PROCESSES = "processes"  # wanted more processes or threads than allowed
    OUTPUT = "output"  # sent more results than allowed
    DISK = "disk"  # wrote more than there is room for
    ENVIRONMENT = "environment"  # fails alike for every candidate; never held against one
    INFRA = "infra"  # our fault; retried, never held against a candidate
    NOT_ENCODABLE = "not encodable"  # of split runs only: the test uses what cannot be said between two processes


# The verdicts of a run that was stopped, or refused something, for using more than allowed.
LIMITS = frozenset({Verdict.TIMEOUT, Verdict.MEMORY, Verdict.PROCESSES, Verdict.OUTPUT, Verdict.DISK})


@dataclass(frozen=True, slots=True, kw_only=True)
class PairResult:
    """The verdict of one candidate on one test, with a capped and cleaned reason."""

    verdict: Verdict
    detail: str = ""
    seconds: float = 0.0
    reached: frozenset[str] = frozenset()  # ids of unfilled stubs that were called on the way
    order_dependent: bool = False  # it came to something else after other tests in the same process


class OutputKind(str, enum.Enum):
    """What a probe came to."""

    VALUE = "value"  # text is the canonical form: equal texts, equal values
    EXCEPTION = "exception"  # text is the type's name
    TIMEOUT = "timeout"
    MEMORY = "memory"
    OPAQUE = "opaque"  # a value without a canonical form
    EQUALS_ANYTHING = "equals_anything"  # a value that claims to equal everything
    UNSTABLE = "unstable"  # two runs gave two values
    BLOCKED = "blocked"  # called a stub that is not filled yet; text is its id
    INVALID = "invalid"  # the input itself is broken: its setup or its arguments raised
    INFRA = "infra"


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a candidate did on one probe."""

    kind: OutputKind
    text: str = ""
    preview: str = ""  # for people: repr of the value or the exception, capped and cleaned


class Decision(str, enum.Enum):
    """What became of a stub."""

    ACCEPTED = "accepted"
    ABSTAINED = "abstained"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The decision on one stub and what is needed to act on it and to report it."""

    stub: Stub
    decision: Decision
    reason: str
    probability: float = 0.0
    candidate: Candidate | None = None
    candidates: int = 0  # distinct candidates that were run
    tests: int = 0  # distinct tests that were run
    samples: int = 0  # answers drawn, codes and tests
    tokens: int = 0  # generated for them
    models: Mapping[str, int] = field(default_factory=dict)  # digest of a model -> samples that it wrote
    author: str = ""  # digest of the model that wrote the candidate; "" where that is not known
    seconds: float = 0.0
    redo: bool = False  # it was filled before, and is as it was where this is no acceptance
    together: Mapping[str, str] = field(default_factory=dict)  # stubs it needs that need it -> ids of their candidates
    needs: tuple[str, ...] = ()  # distributions that the code needs and the project's environment lacks
    mutation: MutationScore | None = None  # of the best candidate; None where it is not known
    question: Dispute | None = None  # of an abstention: what the user could decide it with
    failing: str = ""  # of an abstention: the check of the user's that nobody passes
    duplicates: int = 0  # codes drawn that say what another one had said
    rejections: Mapping[str, int] = field(default_factory=dict)  # reason -> how often
    details: Mapping[str, str] = field(default_factory=dict)  # reason -> the first of its kind, in words
