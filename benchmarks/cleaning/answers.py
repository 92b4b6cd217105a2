"""Raw answers of a model as a file, and what came of each.

JSON lines of two kinds. A module that answers are about, ahead of them:

    {"module": "shop.text", "source": "from pytest_supercharger import supercharge\\n..."}

and an answer: `kind` is `code` or `tests`, `stub` a qualified name in that module, `text` the whole answer with the
words that were put into the model's mouth, `finish` why it ended (`eos`, `stop`, `length`):

    {"kind": "code", "module": "shop.text", "stub": "slugify", "text": "```python\\ndef ...", "finish": "stop"}
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_supercharger import stubs
from pytest_supercharger.domain import Answer, FinishReason, SourceFile, Stub

__all__ = ["Raw", "of_module", "read", "write"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """One answer and what it was to be about."""

    kind: str  # "code" or "tests"
    stub: Stub
    source: SourceFile
    answer: Answer


def of_module(module: str, text: str) -> SourceFile:
    """A module as a file of a project."""
    relpath = f"{module.replace('.', '/')}.py"
    return SourceFile(path=Path("/project", relpath), relpath=relpath, module=module, data=text.encode())


def read(path: Path) -> list[Raw]:
    """The answers of a file; the program ends where it is not of the format above."""
    sources: dict[str, SourceFile] = {}
    found: list[Raw] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if line.strip():
            try:
                found += _entry(json.loads(line), sources)
            except (ValueError, KeyError, StopIteration, TypeError) as error:
                sys.exit(f"clean: {path}:{number}: {type(error).__name__}: {error}; see benchmarks/cleaning/answers.py")
    return found


def _entry(entry: dict[str, str], sources: dict[str, SourceFile]) -> Iterator[Raw]:
    if "source" in entry:
        sources[entry["module"]] = of_module(entry["module"], entry["source"])
        return
    if entry["kind"] not in {"code", "tests"}:
        raise ValueError(f"kind {entry['kind']!r} is neither code nor tests")
    source = sources[entry["module"]]
    stub = {stub.qualname: stub for stub in stubs.find(source)}[entry["stub"]]
    answer = Answer(text=entry["text"], finish_reason=FinishReason(entry.get("finish", "stop")), sample_index=0)
    yield Raw(kind=entry["kind"], stub=stub, source=source, answer=answer)


def write(path: Path, answers: Iterable[Raw]) -> int:
    """Write answers as they come, each module ahead of its first; how many there were."""
    seen: set[str] = set()
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for raw in answers:
            if raw.source.module not in seen:
                seen.add(raw.source.module)
                _line(file, {"module": raw.source.module, "source": raw.source.data.decode()})
            finish = raw.answer.finish_reason.value
            entry = {"kind": raw.kind, "module": raw.source.module, "stub": raw.stub.qualname}
            _line(file, {**entry, "text": raw.answer.text, "finish": finish})
            count += 1
    return count


def _line(file: object, entry: dict[str, str]) -> None:
    print(json.dumps(entry), file=file, flush=True)
