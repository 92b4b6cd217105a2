"""Where the code is in an answer: fences of both kinds, unclosed and one-line ones, or none at all."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from pytest_supercharger.clean._bare import runs, spans
from pytest_supercharger.clean._dialects import as_python
from pytest_supercharger.clean._lexical import Scanner
from pytest_supercharger.clean._prose import has_definition, only_definitions, words
from pytest_supercharger.clean._signature import is_empty
from pytest_supercharger.clean._syntax import FunctionNode, parse
from pytest_supercharger.clean._wrapping import normalise, views
from pytest_supercharger.clean.repair import cut_tail

__all__ = ["Block", "blocks", "code_for", "code_for_tests", "ends_in_fence"]

_OPEN = re.compile(r"^([ \t]*(?:>[ \t]*)?)(`{3,}|~{3,})[ \t]*([^\s`]*)[ \t]*(.*)$")
_CODE_START = re.compile(r"(?:async\s+def|def|class|import|from|assert|return|@\w)\b")
_LANG_ENDS = re.compile(r"[^\w+#-]")
_RETURNS = re.compile(r"\b(?:return|yield|raise)\b")
_CHECKS = re.compile(r"\b(?:assert|raises)")
_PYTHON = frozenset({"", "python", "python3", "py", "py3", "pycon", "python-repl", "ipython", "pytest", "code", "repl"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block; `closed` is False for a last block whose fence never ends."""

    lang: str
    code: str  # lines with "\n", no newline at the end
    closed: bool


def blocks(text: str) -> tuple[Block, ...]:
    """Return the fenced blocks of `text` in order."""
    return tuple(_scan(normalise(text))[0])


def ends_in_fence(text: str, name: str = "") -> bool:
    """Tell whether the code of an answer, of `name` where that is given, ends with a closed fence."""
    found, outside = _scan(normalise(text))
    if not found or not all(block.closed for block in found):
        return False
    pieces, _ = _python(normalise(text))
    fenced = any(has_definition(piece, name, must_parse=False) for piece in pieces) if name else bool(pieces)
    # Where the fences hold something else (a shell command), the code may stand below them and be cut off.
    return fenced or not runs(outside[-1])


def _scan(text: str) -> tuple[list[Block], list[str]]:
    """Return the fenced blocks, and the texts before, between and behind them."""
    found: list[Block] = []
    outside: list[list[str]] = [[]]
    lines = text.split("\n")
    last: dict[str, int] = {}
    row = 0
    while row < len(lines):
        opening = _OPEN.match(lines[row])
        if opening is None:
            outside[-1].append(lines[row])
            row += 1
            continue
        block, row = _read(lines, row, opening, last)
        outside.append([])
        if block is not None:
            found.append(block)
    return found, ["\n".join(text) for text in outside]


def _read(lines: list[str], row: int, opening: re.Match[str], last: dict[str, int]) -> tuple[Block | None, int]:
    margin, fence, lang, rest = opening.groups()
    if _CODE_START.match(lang) and rest:  # ``` def f(x):   the language was left out
        lang, rest = "", f"{lang} {rest}"
    one_line = rest.rstrip()
    if one_line.endswith(fence):  # ```python def f(): return 1```
        return Block(lang=_LANG_ENDS.split(lang.lower())[0], code=one_line[: -len(fence)].strip(), closed=True), row + 1
    if fence not in last:  # the last row that closes such a fence
        last[fence] = max((at for at, line in enumerate(lines) if _closes(line, fence)), default=-1)
    inside = _inside(lines, row + 1, margin, fence, last[fence])
    first = [rest] if _CODE_START.match(rest) else []  # ```python def f(x):
    body, row, closed = inside
    code = "\n".join(first + body).strip("\n")
    if not code.strip():
        return None, row
    return Block(lang=_LANG_ENDS.split(lang.lower().strip("{}."))[0], code=code, closed=closed), row


def _inside(lines: list[str], row: int, margin: str, fence: str, last: int) -> tuple[list[str], int, bool]:
    """Return the lines up to the closing fence, the row after it, and whether there was one."""
    body: list[str] = []
    scanner = Scanner()
    ends = row  # where the open string ends, found once for each
    for at in range(row, len(lines)):
        line = lines[at]
        if line.startswith(margin):
            line = line[len(margin) :]
        if _closes(line, fence):
            ends = _string_ends(lines, max(at + 1, ends), scanner.quote) if scanner.in_string else last
            # A string that ends further down, before another fence: this one is text in it.
            if ends >= last:
                return body, at + 1, True
        # A fence glued to the end of the last line of code closes the block too.
        if line.rstrip().endswith(fence) and not scanner.in_string and line.strip(" \t`~"):
            stripped = line.rstrip()[: -len(fence)]
            if not Scanner().feed(stripped).in_string and "#" not in stripped:
                return [*body, stripped.rstrip()], at + 1, True
        scanner.feed(line)
        body.append(line)
    return body, len(lines), False


def _closes(line: str, fence: str) -> bool:
    stripped = line.strip()
    # Four blanks or more belong to the code (CommonMark 4.5): a fence in an indented docstring.
    indent = len(line) - len(line.lstrip())
    return indent < 4 and len(stripped) >= len(fence) and not stripped.strip(fence[0])


def _string_ends(lines: list[str], row: int, quote: str) -> int:
    """Return the row, from this one on, in which the open string ends; the number of rows where it does not."""
    return next((at for at in range(row, len(lines)) if quote in lines[at]), len(lines))


def code_for(text: str, name: str) -> str | None:
    """Return the code of an answer that should define `name`; None when there is no code at all.

    The last parsing block that defines `name` wins, as it would for Python; others that hold nothing but helpers and
    imports it uses stand before it. What wraps an answer (chat tokens, HTML, JSON) is taken off where it is in the way.
    """
    spare: list[str] = []
    for view in views(text):
        code = _choice(view, name)
        if code is None:
            continue
        if has_definition(code, name, must_parse=True):
            return code
        spare.append(code)
    # The second view is the answer without chat tokens: nearer to what was meant than the text as it came.
    return spare[min(1, len(spare) - 1)] if spare else None


def _choice(view: str, name: str) -> str | None:
    fenced, outside = _python(view)
    pieces = fenced
    if not any(has_definition(piece, name, must_parse=False) for piece in fenced):
        pieces = [*fenced, *runs(outside if fenced else as_python(view))]
    main = _main(pieces, name)
    if main is None and (inline := _main(spans(view), name)) is not None:
        pieces, main = spans(view), inline
    if main is not None:
        return _joined(main, [piece for piece in pieces if piece is not main], name)
    if fenced:
        return "\n\n".join(fenced)
    return next((piece for piece in pieces if _RETURNS.search(piece)), pieces[0] if pieces else None)


def _main(pieces: list[str], name: str) -> str | None:
    """Return the piece that defines the stub: the last that parses and says something, else the last at all."""
    defining = [piece for piece in pieces if has_definition(piece, name, must_parse=False)]
    parsing = [piece for piece in defining if has_definition(piece, name, must_parse=True)]
    filled = [piece for piece in parsing if _is_filled(piece, name)]
    last = [found[-1] for found in (filled, parsing, defining) if found]
    # The last one may be cut off or broken, and an earlier one the stub as it was given.
    if last and not filled and defining[-1] not in parsing:
        return defining[-1]
    return last[0] if last else None


def _is_filled(code: str, name: str) -> bool:
    tree = parse(code)
    functions = (n for n in ast.walk(tree) if isinstance(n, FunctionNode)) if tree is not None else ()
    return any(node.name == name and not is_empty(node) for node in functions)


def _joined(main: str, others: list[str], name: str) -> str:
    """Return the piece that defines the stub below the pieces that define what it lacks."""
    pieces, defined, wanted = [main], only_definitions(main), words(main)
    for other in reversed(others):
        offered = only_definitions(other)
        if (offered - defined) & wanted and not has_definition(other, name, must_parse=False):
            pieces.append(other)
            wanted |= words(other)
            defined |= offered if defined else set()  # of what holds more than definitions nothing is known
    return "\n\n".join(reversed(pieces))


def code_for_tests(text: str) -> str | None:
    """Return all Python of an answer that should hold tests, block after block; None when there is none."""
    spare: list[str] = []
    for view in views(text):
        fenced, _ = _python(view)
        code = "\n\n".join(_readable(fenced or runs(as_python(view))))
        if not code:
            continue
        if parse(code) is not None and _CHECKS.search(code):
            return code
        spare.append(code)
    return spare[min(1, len(spare) - 1)] if spare else None


def _readable(pieces: list[str]) -> list[str]:
    """A broken piece must not take those behind it along; the last may be what a token limit left of one."""
    return [*filter(None, (cut_tail(piece).rstrip() for piece in pieces[:-1])), *pieces[-1:]]


def _python(view: str, *, nested: bool = False) -> tuple[list[str], str]:
    """Return the fenced pieces of Python, and the text outside of all fences."""
    found: list[str] = []
    fenced, outside = _scan(view)
    for block in fenced:
        code = as_python(block.code)
        if not nested and "```" in code and parse(code) is None and (inner := _python(code, nested=True)[0]):
            found += inner  # a whole markdown document in a fence
        elif block.lang in _PYTHON or _CODE_START.match(code):
            found.append(code)
    return found, "\n\n".join(outside)
