"""What a run leaves: all figures, and how they came about."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_supercharger import __version__, context, finding, prompting
from pytest_supercharger.domain import Stub
from pytest_supercharger.errors import SourceError
from tuning import figures
from tuning.asking import Asked, Node
from tuning.samples import Sample

__all__ = ["facts", "measured"]

_CONTEXTS = (1024, 2048, 4096)


def measured(
    samples: Sequence[Sample], asked: Sequence[Asked], node: Node, work: finding.Work, most: Mapping[str, int]
) -> dict[str, Any]:
    """All figures of answers that were at most so many tokens long, by kind."""
    defaults = {each.kind: each.question.max_new_tokens for each in asked}
    stubs = {each.stub.id: each.stub for each in asked}.values()
    contexts = sorted({*_CONTEXTS, node.context})
    taken = {size: sum(_fits(work, stub, size) for stub in stubs) / len(stubs) for size in contexts}
    return {
        "defaults": {"temperature": prompting.TEMPERATURE, "tokens": defaults, "context": node.context},
        "temperatures": figures.by_temperature(samples),
        "limits": {
            kind: figures.by_limit([s for s in samples if s.kind == kind], [n for n in limits if n <= most[kind]])
            for kind, limits in figures.LIMITS.items()
        },
        "prompts": {kind: _spread(counts) for kind, counts in node.prompts.items()},
        "contexts": figures.fitting(node.prompts, defaults, taken),
    }


def _fits(work: finding.Work, stub: Stub, size: int) -> bool:
    """Whether the plugin would ask a model with this context about a stub."""
    try:
        context.describe(stub, work.sources[stub.relpath], max_chars=context.room(size))
    except SourceError:
        return False
    return True


def _spread(counts: Sequence[int]) -> dict[str, int]:
    return dict(zip(("median", "95%", "max"), figures.percentiles(counts, (0.5, 0.95, 1.0)), strict=True))


def facts(arguments: Sequence[str], node: Node, tasks: Sequence[str], *, own: bool) -> Mapping[str, Any]:
    """How the figures came about; of paths the names alone, as a record is shared. `own`: the node was ours."""
    words = [Path(word).name if "/" in word else word for word in arguments]
    packages = ("torch", "transformers") if own else ()
    return {
        "command": shlex.join(["benchmarks/tune", *words]),
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "model": {"name": node.label, "digest": node.digest},
        "versions": {
            "pytest-supercharger": __version__,
            "node": node.version,
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in packages},
        },
        "tasks": [*tasks],
    }
