"""Tasks about numbers and containers with edge cases that a hurried answer misses."""

from __future__ import annotations

import calendar

from pytest_supercharger.calibrating.cases import cases


@cases(
    ("2024-01-31", 1),
    ("2023-01-31", 1),
    ("2024-12-15", 1),
    ("2024-03-31", -1),
    ("2024-05-05", 0),
    ("2020-02-29", 12),
    ("2024-01-10", -13),
    ("1999-11-30", 3),
)
def add_months(day: str, months: int) -> str:
    """Move an ISO date by a number of months, which may be negative.

    Where the month that is reached has fewer days, its last day is taken.

    >>> add_months("2024-01-31", 1)
    '2024-02-29'
    >>> add_months("2024-03-31", -1)
    '2024-02-29'
    """
    year, month, date = map(int, day.split("-"))
    year, month = divmod(year * 12 + month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return f"{year:04}-{month + 1:02}-{min(date, last):02}"


@cases(
    ({"app": ["lib"], "lib": [], "doc": ["app"]},),
    ({},),
    ({"b": [], "a": []},),
    ({"a": ["b"], "b": ["a"]},),
    ({"a": ["x"]},),
    ({"a": ["a"]},),
    ({"z": ["m"], "m": [], "b": ["z"], "a": ["m"]},),
    ({"a": ["b", "b"], "b": []},),
)
def build_order(needs: dict[str, list[str]]) -> list[str]:
    """Return all names in an order in which each comes after all that it needs.

    What is needed counts as a name too, also where it is no key. Of the names that could come next, the first in the
    order of the alphabet comes. A circle raises ValueError.

    >>> build_order({"app": ["lib"], "lib": [], "doc": ["app"]})
    ['lib', 'app', 'doc']
    """
    left = {name: set(needs.get(name, ())) for name in {*needs, *(other for some in needs.values() for other in some)}}
    order: list[str] = []
    while left:
        ready = sorted(name for name, missing in left.items() if missing <= set(order))
        if not ready:
            raise ValueError("there is a circle")
        order.append(ready[0])
        del left[ready[0]]
    return order


@cases(
    ([1, 2, 3, 4], 50),
    ([7], 99),
    ([3, 1, 2], 0),
    ([3, 1, 2], 100),
    ([1, 2], 25),
    ([], 50),
    ([1], 101),
    ([1, 1, 5], -1),
    ([10, 20, 30, 40, 50], 90),
)
def percentile(values: list[float], p: float) -> float:
    """Return the p-th percentile: of the sorted values the first is at 0, the last at 100, the others evenly between.

    Between two values it is on the straight line from one to the other. No value at all, or a p outside of 0 to 100,
    raises ValueError.
    """
    if not values or not 0 <= p <= 100:
        raise ValueError("there is no such percentile")
    ordered = sorted(values)
    position = (len(ordered) - 1) * p / 100
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


@cases(
    ({"a": {"b": 1, "c": {"d": 2}}, "e": 3},),
    ({},),
    ({"a": {}},),
    ({"a": {"b": {}}},),
    ({"a": [1, {"b": 2}]},),
    ({"a": {"": 1}},),
    ({"x": None, "y": {"z": False}},),
)
def flattened(nested: dict[str, object]) -> dict[str, object]:
    """Make one dictionary of nested ones: the keys on the way to a value are joined with dots.

    An empty dictionary is a value, and so is everything that is no dictionary.

    >>> flattened({"a": {"b": 1, "c": {"d": 2}}, "e": 3})
    {'a.b': 1, 'a.c.d': 2, 'e': 3}
    """
    result: dict[str, object] = {}
    for key, value in nested.items():
        if isinstance(value, dict) and value:
            result.update({f"{key}.{inner}": found for inner, found in flattened(value).items()})
        else:
            result[key] = value
    return result


@cases(
    ([1, 5, 10], 17),
    ([1, 3, 4], 6),
    ([2], 3),
    ([5], 0),
    ([], 0),
    ([], 5),
    ([9, 6, 1], 12),
    ([7, 3], 12),
    ([2, 2], 4),
    ([1, 2], -1),
)
def fewest_coins(coins: list[int], amount: int) -> int:
    """Return the least number of coins that make up the amount; every coin may be used any number of times.

    An amount that cannot be made up raises ValueError.

    >>> fewest_coins([1, 5, 10], 17)
    4
    """
    if amount < 0:
        raise ValueError("the amount is negative")
    best: list[int | None] = [0]
    for total in range(1, amount + 1):
        found = [part + 1 for coin in coins if coin <= total and (part := best[total - coin]) is not None]
        best.append(min(found, default=None))
    least = best[amount]
    if least is None:
        raise ValueError("no coins make up this amount")
    return least


@cases(
    ([(9, 10), (12, 13)], 8, 17),
    ([], 8, 17),
    ([(8, 17)], 8, 17),
    ([(7, 9), (16, 20)], 8, 17),
    ([(10, 12), (9, 11)], 8, 17),
    ([(1, 2)], 8, 17),
    ([(9, 10), (10, 11)], 9, 11),
    ([(9, 16), (10, 11)], 8, 17),
    ([(8, 9)], 8, 8),
)
def free_times(busy: list[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """Return the stretches of the day from start to end in which nothing is planned, in order.

    What is planned may overlap, be in any order, and reach beyond the day. There are no stretches of length 0.

    >>> free_times([(9, 10), (12, 13)], 8, 17)
    [(8, 9), (10, 12), (13, 17)]
    """
    free: list[tuple[int, int]] = []
    for begin, finish in [*sorted(busy), (end, end)]:
        if start < min(begin, end):
            free.append((start, min(begin, end)))
        start = max(start, finish)
    return free


@cases(
    ([1, 2, 3, 5, 7, 8],),
    ([],),
    ([4],),
    ([3, 1, 2],),
    ([1, 1, 2],),
    ([-3, -2, -1],),
    ([5, 9],),
    ([0, 1],),
    ([10, 9, 8, 6],),
)
def as_ranges(numbers: list[int]) -> str:
    """Write whole numbers as ranges, sorted, with commas between: three or more in a row as the first and the last one.

    Between the two stands a hyphen. Numbers that are there twice are written once.
    """
    ordered = sorted(set(numbers))
    runs: list[list[int]] = []
    for number in ordered:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(f"{r[0]}-{r[-1]}" if len(r) > 2 else ",".join(map(str, r)) for r in runs)
