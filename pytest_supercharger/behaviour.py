"""What is weighed: the candidates of one stub by what they did, and the tests they were run on."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_supercharger.domain import Output

__all__ = ["Behaviour", "Evidence", "Told"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What one candidate did; a candidate may have been drawn several times."""

    id: str
    samples: int = 1  # how often it was drawn
    texts: int = 1  # distinct texts among those samples
    loads: bool = True
    trusted: bool = True  # passes every trusted test and gate test it was run on
    passes: tuple[bool | None, ...] = ()  # by generated test; None: not run, environment or infra
    outputs: tuple[Output | None, ...] = ()  # by probe; None: not run
    equals_anything: bool = False
    unstable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one generated test tells apart, as far as it was tried."""

    blank: bool | None = None  # whether the empty stub passes it; None: not run
    killed: int = 0  # mutants, of candidates that pass it, on which its assertion fails
    survived: int = 0  # mutants that behave otherwise and pass it all the same
    unsteady: bool = False  # its verdict changed from one run to the next, and no candidate is to blame


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that is known about the candidates of one stub."""

    behaviours: tuple[Behaviour, ...]
    rejected: int = 0  # samples that gave no candidate
    weights: tuple[float, ...] = ()  # one a generated test: how often the same test was written
    told: tuple[Told, ...] = ()  # one a generated test, or none where nothing was tried
    test_answers: int = 0  # test suites drawn
    trusted_checks: int = 0  # trusted tests and gate tests
    documented: frozenset[str] = frozenset()  # exception names the docstring or the signature mentions
    trusted_inputs: frozenset[int] = frozenset()  # indices of the probes that come from trusted tests
