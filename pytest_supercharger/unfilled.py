"""What an abstention owes to other stubs that are not filled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from pytest_supercharger.matrix import Matrix

__all__ = ["remark"]


def remark(matrix: Matrix, reason: str, is_filled: Callable[[str], bool]) -> str:
    """The stubs that stopped candidates or tests of this one, as far as `reason` does not name them; "" for none."""
    candidates, tests = _candidates(matrix), _tests(matrix)
    said = []
    for stub in sorted({*candidates, *tests}):
        if not is_filled(stub) and stub not in reason:
            if stub in candidates:
                stopped = f"{candidates[stub]} of {len(matrix.candidates)} candidates"
            else:
                stopped = "1 test" if tests[stub] == 1 else f"{tests[stub]} tests"
            said.append(f"; {stopped} stopped at {stub}, which is not filled")
    return "".join(said)


def _candidates(matrix: Matrix) -> Counter[str]:
    """How many candidates cannot be judged without a stub."""
    return Counter(stub for key in matrix.candidates for stub in matrix.waits_for(key))


def _tests(matrix: Matrix) -> Counter[str]:
    """How many generated and project tests could not speak of a candidate because of a stub."""
    generated = {(stub, test) for (_, test), pair in matrix.pairs.items() for stub in pair.reached}
    found = Counter(stub for stub, _ in generated if stub != matrix.stub.id)
    found.update({stub for gate in matrix.gates.values() for stub in gate.blocked if stub != matrix.stub.id})
    return found
