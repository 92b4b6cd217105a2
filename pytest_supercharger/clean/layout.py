"""yapf on the new body only, in the project's own style; a formatter that fails keeps the text as it was."""

from __future__ import annotations

import ast
import functools
import io
import logging
import threading
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_supercharger import configuration
from pytest_supercharger.clean._body import same_body
from pytest_supercharger.clean._syntax import dedent_code, indent_code, parse, string_rows

if TYPE_CHECKING:
    from collections.abc import Mapping


_NO_CODE = frozenset({tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER})

__all__ = ["Style", "format_body", "format_helper", "project_style"]

_log = logging.getLogger(__name__)
_yapf = threading.Lock()  # its style is process-wide

# yapf slows down steeply with nesting and size; such text is kept as the model wrote it.
_MAX_CHARACTERS = 12_000
_MAX_NESTING = 12
# A statement too long for its line costs yapf up to a tenth of a second, a table of constants up to one: beyond so
# many, and beyond so many characters, they stay as they are.
_MAX_LONG = 3
_MAX_STATEMENT = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How new code is laid out: yapf knobs on top of a base style."""

    base: str = "pep8"
    knobs: Mapping[str, str] | None = None
    column_limit: int | None = None  # of the whole file; None: the base style's own

    def limit(self, *, margin: int) -> int:
        """Return how long a line of code may be that will stand `margin` columns further right."""
        return max(40, (self.column_limit or (79 if self.base == "pep8" else 80)) - margin)

    def yapf(self, *, margin: int) -> str:
        """Return the yapf style string for code that will stand `margin` columns further right."""
        knobs = {"based_on_style": self.base, **(self.knobs or {})}
        knobs["column_limit"] = str(self.limit(margin=margin))
        # In the file the body hangs under a real header; blank lines before a nested def are the writer's business.
        return "{" + ", ".join(f"{name}: {value}" for name, value in knobs.items()) + "}"


def project_style(*, pyproject: str = "", style_yapf: str = "", setup_cfg: str = "") -> Style:
    """Return the style that a project's own files ask for; each argument is a file's text, "" where there is none.

    yapf's own settings win (`.style.yapf`, then `setup.cfg`, then `[tool.yapf]`); else black's or ruff's line length.
    """
    for text, section in ((style_yapf, "style"), (setup_cfg, "yapf")):
        if knobs := configuration.ini(text, section):
            return _style(knobs)
    tools = configuration.tables(pyproject).get("tool", {})
    if knobs := {name: str(value) for name, value in tools.get("yapf", {}).items()}:
        return _style(knobs)
    for tool in ("black", "ruff"):
        length = tools.get(tool, {}).get("line-length", 88 if tool in tools else None)
        if isinstance(length, int):
            return Style(column_limit=length)
    return Style()


def _style(knobs: dict[str, str]) -> Style:
    base = knobs.pop("based_on_style", "pep8")
    # A value with a brace or a comma cannot be written in yapf's one-line form.
    plain = {k: v for k, v in knobs.items() if not set("{},:\n") & set(v)}
    limit = plain.pop("column_limit", "")
    return Style(base=base, knobs=plain, column_limit=int(limit) if limit.isdigit() else None)


def format_body(body: str, style: Style, *, margin: int = 0) -> str:
    """Return `body` laid out as the body of a function whose `def` stands at column `margin`."""
    wanted = parse("async def _():\n" + indent_code(body, "    "))
    if wanted is None or not isinstance(wanted.body[0], ast.AsyncFunctionDef):
        return body
    asynchronous = any(isinstance(n, ast.Await | ast.AsyncFor | ast.AsyncWith) for n in ast.walk(wanted))
    header = "async def _():" if asynchronous else "def _():"
    text = _format(f"{header}\n{indent_code(body, '    ')}", style.yapf(margin=margin), style.limit(margin=margin))
    first, _, rest = text.partition("\n")
    if first != header:
        return body
    lines = dedent_code(rest.rstrip().split("\n"), 2, string_rows(text))
    changed = "\n".join(lines).strip("\n") + "\n"
    return changed if same_body(changed, wanted.body[0].body) else body


def format_helper(source: str, style: Style) -> str:
    """Return a module-level definition laid out; the text as it was where that fails or changes anything."""
    text = _format(source, style.yapf(margin=0), style.limit(margin=0)).strip("\n") + "\n"
    before, after = parse(source), parse(text)
    if before is None or after is None or ast.dump(before) != ast.dump(after):
        return source
    return text


@functools.lru_cache(maxsize=256)  # small models repeat themselves, and half of cleaning is yapf
def _format(source: str, style: str, limit: int) -> str:
    if len(source) > _MAX_CHARACTERS or _nesting(source) > _MAX_NESTING:
        return source
    try:
        from yapf.yapflib.yapf_api import FormatCode

        with _yapf:
            lines = _short_enough(source, limit)
            if lines == []:  # to yapf that would be all of them
                return source
            return str(FormatCode(source, style_config=style, lines=lines)[0])
    # yapf parses with a grammar of its own and fails in many ways on syntax newer than it.
    except Exception as error:  # a layout that fails costs no candidate
        _log.debug("yapf kept the text as it was: %s", error)
        return source


def _short_enough(source: str, limit: int) -> list[tuple[int, int]] | None:
    """Return the rows that are to be laid out, None for all: not those of too many long statements."""
    short: list[tuple[int, int]] = []
    long = giants = 0
    start = indent = length = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NEWLINE:
            long += indent + length > limit
            giants += length > _MAX_STATEMENT
            if indent + length <= limit:
                short.append((start, token.start[0]))
            length = 0
        elif token.type not in _NO_CODE:
            start, indent = (start, indent) if length else token.start
            length += len(token.string) + 1
    return short if giants or long > _MAX_LONG else None


def _nesting(source: str) -> int:
    depth = deepest = 0
    for char in source:
        depth += (char in "([{") - (char in ")]}")
        deepest = max(deepest, depth)
    return deepest
