"""Tasks that need an idea, a loop with a state, or some care."""

from __future__ import annotations

import re

from pytest_supercharger.calibrating.cases import cases


@cases(("aaabcc",), ("",), ("x",), ("abab",), ("  !",), ("AAaa",), ("1112223",))
def run_lengths(text: str) -> list[tuple[str, int]]:
    """Return each run of equal characters as the character and the length of the run.

    >>> run_lengths("aaabcc")
    [('a', 3), ('b', 1), ('c', 2)]
    """
    runs: list[tuple[str, int]] = []
    for character in text:
        if runs and runs[-1][0] == character:
            runs[-1] = (character, runs[-1][1] + 1)
        else:
            runs.append((character, 1))
    return runs


@cases(
    ([(1, 3), (2, 5), (8, 9)],),
    ([],),
    ([(5, 6), (1, 2)],),
    ([(1, 4), (4, 6)],),
    ([(1, 10), (2, 3)],),
    ([(0, 0), (0, 0)],),
    ([(3, 4), (1, 2), (2, 3)],),
    ([(-5, -1), (-1, 0), (2, 2)],),
)
def merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join ranges that overlap or share an end; the result is sorted. Each range is its first and its last number.

    >>> merged([(1, 3), (2, 5), (8, 9)])
    [(1, 5), (8, 9)]
    >>> merged([(1, 4), (4, 6)])
    [(1, 6)]
    """
    result: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if result and low <= result[-1][1]:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return result


@cases(("a=1&b=2",), ("",), ("a=1&a=2",), ("flag&x=",), ("k=v=w",), ("&&a=b&",), ("=x&y=z",))
def query_fields(text: str) -> dict[str, str]:
    """Read fields of the form name=value that are joined by ampersands.

    Only the first equals sign of a field separates. A field without one has an empty value, empty fields and fields
    without a name are left out, and of several fields of one name the last counts.

    >>> query_fields("a=1&b=2")
    {'a': '1', 'b': '2'}
    >>> query_fields("flag&x=")
    {'flag': '', 'x': ''}
    """
    found: dict[str, str] = {}
    for field in text.split("&"):
        name, _, value = field.partition("=")
        if name:
            found[name] = value
    return found


@cases(([1, 2, 3, 4, 5], 2), ([], 3), ([1], 5), ([1, 2, 3, 4], 4), ([1, 2, 3], 1), ([1], 0), (["a", "b"], -1))
def in_chunks(items: list[object], size: int) -> list[list[object]]:
    """Cut a list into lists of `size` items; the last one may be shorter. A size below 1 raises ValueError."""
    if size < 1:
        raise ValueError("the size is below 1")
    return [items[i : i + size] for i in range(0, len(items), size)]


@cases(
    ({"ann": 3, "bob": 5, "cid": 3}, 2),
    ({}, 3),
    ({"a": 1}, 0),
    ({"b": 1, "a": 1, "c": 2}, 9),
    ({"x": -1, "y": 0}, 1),
    ({"B": 2, "a": 2}, 2),
)
def best_names(scores: dict[str, int], n: int) -> list[str]:
    """Return the names with the n highest scores, the highest first; equal scores are in the order of the alphabet.

    >>> best_names({"ann": 3, "bob": 5, "cid": 3}, 2)
    ['bob', 'ann']
    """
    return sorted(scores, key=lambda name: (-scores[name], name))[:n]


@cases(([[1, 2], [3, 4]],), ([],), ([[1]],), ([[1, 2, 3]],), ([[1], [2]],), ([["a", "b"], ["c", "d"], ["e", "f"]],))
def turned(grid: list[list[int]]) -> list[list[int]]:
    """Return a grid, given as its rows, turned by a quarter clockwise.

    >>> turned([[1, 2], [3, 4]])
    [[3, 1], [4, 2]]
    """
    return [list(column) for column in zip(*grid[::-1])]  # noqa: B905 (rows are equally long)


@cases(("(a[b]c)",), ("",), ("(]",), ("((",), (")",), ("a{b(c}d)",), ("[x](y",), ("no brackets",), ("([{}])}",))
def first_unmatched(text: str) -> int:
    """Return the position of the first bracket that closes nothing or closes another kind, of (), [] and {}.

    Where there is none, return the position of the first bracket that is never closed, and -1 where all is well.

    >>> first_unmatched("(a[b]c)")
    -1
    >>> first_unmatched("(]")
    1
    """
    opened: list[int] = []
    pairs = {")": "(", "]": "[", "}": "{"}
    for position, character in enumerate(text):
        if character in pairs.values():
            opened.append(position)
        elif character in pairs and (not opened or text[opened.pop()] != pairs[character]):
            return position
    return opened[0] if opened else -1


@cases(("userName",), ("HTTPServer",), ("",), ("already_snake",), ("X",), ("parseURL2Text",), ("lower",), ("ABC",))
def snake_case(name: str) -> str:
    """Turn a name such as userName into user_name.

    An underscore goes between a lower-case letter or digit and an upper-case letter, and in front of the last letter of
    several upper-case ones where a lower-case letter follows it; then everything is made lower case.

    >>> snake_case("userName")
    'user_name'
    >>> snake_case("HTTPServer")
    'http_server'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@cases(([1, 2, 3, 4], 2), ([], 1), ([5], 1), ([1, 2], 3), ([1, 1, 4], 3), ([2, -2, 2, -2], 2), ([1], 0))
def moving_means(values: list[float], window: int) -> list[float]:
    """Return the mean of each stretch of `window` values that follow each other; none where there are too few values.

    A window below 1 raises ValueError.
    """
    if window < 1:
        raise ValueError("the window is below 1")
    return [sum(values[i : i + window]) / window for i in range(len(values) - window + 1)]


@cases(
    ({"a": 1, "b": 2}, {"b": 3, "c": 4}),
    ({}, {}),
    ({"a": 1}, {"a": 1}),
    ({"b": 1, "a": 1}, {}),
    ({}, {"y": 0, "x": 0}),
    ({"k": None}, {"k": 0}),
    ({"k": None}, {}),
)
def changes(old: dict[str, object], new: dict[str, object]) -> tuple[list[str], list[str], list[str]]:
    """Compare two dictionaries: the keys that are new, those that are gone, those whose value changed, each sorted.

    >>> changes({"a": 1, "b": 2}, {"b": 3, "c": 4})
    (['c'], ['a'], ['b'])
    """
    changed = [key for key in old if key in new and old[key] != new[key]]
    return sorted(new.keys() - old.keys()), sorted(old.keys() - new.keys()), sorted(changed)


@cases((3723,), (0,), (60,), (3600,), (59,), (90061,), (-1,), (7205,), (3660,))
def duration(seconds: int) -> str:
    """Write a duration in hours, minutes and seconds, such as 1h 2m 3s, leaving out parts that are zero.

    Hours may be any number. Nothing at all is written as 0s, and a negative duration raises ValueError.
    """
    if seconds < 0:
        raise ValueError("the duration is negative")
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s"))
    return " ".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


@cases((1,), (26,), (27,), (52,), (702,), (703,), (18278,), (0,), (-4,))
def column_letters(number: int) -> str:
    """Return the letters of a column of a spreadsheet: 1 is A, 26 is Z, 27 is AA. A number below 1 raises ValueError.

    >>> column_letters(27)
    'AA'
    """
    if number < 1:
        raise ValueError("columns are counted from 1")
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


@cases(([[1, 2, 3], [4], [5, 6]],), ([],), ([[]],), ([[1]],), ([[], [1, 2]],), ([["a"], ["b", "c"], []],))
def dealt(piles: list[list[int]]) -> list[int]:
    """Take the first item of each pile in turn, then the second of each, until all piles are used up."""
    longest = max(map(len, piles), default=0)
    return [pile[i] for i in range(longest) for pile in piles if i < len(pile)]


@cases(
    ("the cat sat on the mat", 7),
    ("", 5),
    ("word", 2),
    ("a b c", 1),
    ("  two   words ", 20),
    ("exact fit", 9),
    ("abc defgh i", 5),
)
def wrapped(text: str, width: int) -> list[str]:
    """Put the words of a text on lines of at most `width` characters, as many on each as fit, one blank between them.

    A word longer than that has a line of its own.

    >>> wrapped("the cat sat on the mat", 7)
    ['the cat', 'sat on', 'the mat']
    """
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
