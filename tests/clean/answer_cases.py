"""Reads `cases/*.txt`: raw answers with what has to come out of each.

A case begins with `:::: NAME`; its fields with `:: FIELD`, each followed by its text. `:: answer escaped` knows `\\r`,
`\\t`, `\\f` and `\\uXXXX`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Case", "cases"]

_FOLDER = Path(__file__).parent / "cases"
_FIELD = re.compile(
    r"^:: (signature|qualname|kind|module|docstring|finish|answer(?: escaped)?|body|imports|helpers|rejected|tests"
    r"|broken|meant)$",
    re.M,
)
_ESCAPE = re.compile(r"\\(r|t|f|x[0-9a-f]{2}|u[0-9a-f]{4})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One answer and what has to become of it."""

    name: str
    fields: dict[str, str]

    def __getitem__(self, field: str) -> str:
        return self.fields[field]

    def get(self, field: str, default: str = "") -> str:
        """The text of a field, `default` where the case has none."""
        return self.fields.get(field, default)


def cases(file: str) -> list[Case]:
    """The cases of a file in their order."""
    text = (_FOLDER / f"{file}.txt").read_text(encoding="utf-8")
    _, *parts = re.split(r"^:::: ", text, flags=re.M)
    return [_case(part) for part in parts]


def _case(part: str) -> Case:
    name, _, rest = part.partition("\n")
    empty, *pieces = _FIELD.split(rest)
    assert not empty.strip(), f"text before the first field of {name!r}: {empty!r}"
    fields: dict[str, str] = {}
    for field, text in zip(pieces[::2], pieces[1::2], strict=True):
        plain = text.removeprefix("\n").rstrip("\n")
        if field == "answer escaped":
            plain = _ESCAPE.sub(lambda match: match.group().encode().decode("unicode_escape"), plain)
        fields[field.partition(" ")[0]] = plain
    return Case(name=name.strip(), fields=fields)
