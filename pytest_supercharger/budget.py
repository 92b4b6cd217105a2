"""What may be spent on one stub."""

from __future__ import annotations

from pytest_supercharger import expecting, prompting, sampler, search
from pytest_supercharger.domain import Stub
from pytest_supercharger.options import Settings

__all__ = ["of"]


def of(stub: Stub, settings: Settings) -> search.Policy:
    """The budgets of this stub: an option of the marker wins over the settings."""
    samples = stub.options.get("samples", settings.samples)
    confidence = stub.options.get("confidence", settings.confidence)
    assert isinstance(samples, int), "stubs.find checks the options"
    assert isinstance(confidence, int | float), "stubs.find checks the options"
    return search.Policy(
        codes=samples,
        suites=settings.suites,
        repairs=settings.repairs,
        tau=float(confidence),
        start_codes=min(4, samples),
        batch=3,
        seconds=settings.time,
        tokens=settings.tokens,
        code_tokens=prompting.CODE_TOKENS,
        suite_tokens=sampler.ANSWERS_IN_A_SUITE * prompting.TEST_TOKENS,
        expected_tokens=expecting.ANSWERS * prompting.EXPECTED_TOKENS,
    )
