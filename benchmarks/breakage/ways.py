"""Twenty ways in which a model breaks a function; each changes lines in place and raises IndexError where it cannot."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable

__all__ = ["WAYS"]

Way = Callable[[list[str], random.Random], None]


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


def _code(lines: list[str], first: int = 0) -> list[int]:
    return [i for i, line in enumerate(lines) if i >= first and line.strip() and not line.lstrip().startswith("#")]


def _places(lines: list[str], characters: str, *, bare: bool = False) -> list[tuple[int, int]]:
    rows = [i for i in _code(lines) if not (bare and re.search("['\"]", lines[i]))]
    chosen = [i for i in rows if any(char in lines[i] for char in characters)]
    return [(i, k) for i in chosen for k, char in enumerate(lines[i]) if char in characters]


def _row_first(places: Iterable[tuple[int, int]], chance: random.Random) -> tuple[int, int]:
    """A place of a row drawn first, so that long rows are not broken more often."""
    pairs = list(places)
    row = chance.choice(sorted({row for row, _ in pairs}))
    return chance.choice([pair for pair in pairs if pair[0] == row])


def _replace(lines: list[str], place: tuple[int, int], text: str) -> None:
    row, at = place
    lines[row] = lines[row][:at] + text + lines[row][at + 1 :]


def _headers(lines: list[str]) -> list[int]:
    return [i for i in _code(lines) if lines[i].rstrip().endswith(":")]


def colon(lines: list[str], chance: random.Random) -> None:
    row = chance.choice(_headers(lines))
    lines[row] = lines[row].rstrip()[:-1]


def colon_comment(lines: list[str], chance: random.Random) -> None:
    row = chance.choice(_headers(lines))
    lines[row] = lines[row].rstrip()[:-1] + "  # see below"


def close(lines: list[str], chance: random.Random) -> None:
    _replace(lines, _row_first(_places(lines, ")]}", bare=True), chance), "")


def wrongclose(lines: list[str], chance: random.Random) -> None:
    row, at = _row_first(_places(lines, ")]}", bare=True), chance)
    _replace(lines, (row, at), chance.choice(")]}".replace(lines[row][at], "")))


def extraclose(lines: list[str], chance: random.Random) -> None:
    lines[chance.choice(_code(lines, 1))] += ")"


def dedent_line(lines: list[str], chance: random.Random) -> None:
    row = chance.choice(_code(lines)[1:])
    lines[row] = " " * max(0, _margin(lines[row]) - chance.randint(1, 4)) + lines[row].lstrip()


def overindent(lines: list[str], chance: random.Random) -> None:
    row = chance.choice(_code(lines)[1:])
    lines[row] = " " * chance.choice((1, 2, 3, 4, 8)) + lines[row]


def body_after_colon_flat(lines: list[str], chance: random.Random) -> None:
    row = chance.choice([i for i in _headers(lines) if lines[i + 1 : i + 2] and lines[i + 1].strip()])
    lines[row + 1] = " " * _margin(lines[row]) + lines[row + 1].lstrip()


def flat_body(lines: list[str], chance: random.Random) -> None:
    lines[1:] = [line[4:] if line.startswith("    ") else line for line in lines[1:]]


def lead_indent_def(lines: list[str], chance: random.Random) -> None:
    lines[0] = "    " + lines[0]


def truncate(lines: list[str], chance: random.Random) -> None:
    row = chance.randrange(max(2, len(lines) // 2), len(lines))
    lines[row:] = [lines[row][: chance.randint(0, len(lines[row]))]]


def prose(lines: list[str], chance: random.Random) -> None:
    lines.append(chance.choice(("This function does what you asked, it's simple.", "Hope this helps, let me know!")))


def slash(lines: list[str], chance: random.Random) -> None:
    lines.insert(0, chance.choice(("// Here is the code", "// the function you asked for:")))


def prose_mid(lines: list[str], chance: random.Random) -> None:
    text = ("Now let's continue with the next part:", "Next, we'll look at what is left.")
    lines.insert(chance.choice(_code(lines)[1:]), chance.choice(text))


def tabs(lines: list[str], chance: random.Random) -> None:
    row = chance.choice(_code(lines)[1:])
    lines[row] = "\t" * (_margin(lines[row]) // 4) + lines[row].lstrip()


def eqeq(lines: list[str], chance: random.Random) -> None:
    row = chance.choice([i for i in _code(lines) if " == " in lines[i]])
    lines[row] = lines[row].replace(" == ", " = ", 1)


def quote(lines: list[str], chance: random.Random) -> None:
    rows = [i for i in _code(lines) if lines[i].count("'") >= 2 and '"' not in lines[i]]
    _replace(lines, _row_first([p for p in _places(lines, "'") if p[0] in rows], chance), "")


def comma(lines: list[str], chance: random.Random) -> None:
    row, at = _row_first([p for p in _places(lines, ",") if lines[p[0]][p[1] : p[1] + 2] == ", "], chance)
    _replace(lines, (row, at), "")


def smart(lines: list[str], chance: random.Random) -> None:
    row = chance.choice([i for i in _code(lines) if lines[i].count("'") == 2])
    lines[row] = lines[row].replace("'", "\u2018", 1).replace("'", "\u2019", 1)


def nbsp(lines: list[str], chance: random.Random) -> None:
    row = chance.choice(_code(lines)[1:])
    lines[row] = lines[row].replace(" ", "\u00a0", chance.randint(1, 5))


WAYS: dict[str, Way] = {
    way.__name__: way
    for way in (
        colon,
        close,
        wrongclose,
        extraclose,
        dedent_line,
        overindent,
        body_after_colon_flat,
        flat_body,
        lead_indent_def,
        truncate,
        prose,
        slash,
        prose_mid,
        tabs,
        eqeq,
        quote,
        comma,
        smart,
        nbsp,
        colon_comment,
    )
}
