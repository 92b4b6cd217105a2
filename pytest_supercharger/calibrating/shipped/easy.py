"""Tasks of a few lines that most code models solve."""

from __future__ import annotations

from pytest_supercharger.calibrating.cases import cases


@cases(("ada lovelace",), ("Grace Brewster Hopper",), ("  kurt   goedel ",), ("",), ("x",), ("o'neill van der berg",))
def initials(name: str) -> str:
    """Return the first letter of each word of a name in upper case, each followed by a dot.

    >>> initials("ada lovelace")
    'A.L.'
    >>> initials("")
    ''
    """
    return "".join(f"{word[0].upper()}." for word in name.split())


@cases(
    ([1, 5, 10], 2, 10), ([], 0, 9), ([3, 3, 3], 3, 3), ([-5, 0, 5], -5, 0), ([1, 2], 5, 1), ([7], 0, 6), ([0], 0, 0)
)
def count_between(numbers: list[int], low: int, high: int) -> int:
    """Count the numbers from low to high, both included.

    >>> count_between([1, 5, 10], 2, 10)
    2
    """
    return sum(low <= number <= high for number in numbers)


@cases(([1, 2, 3],), ([],), ([1],), (["a", "b"],), ([1, 2, 3, 4],), ([None, 0, ""],))
def swap_ends(items: list[object]) -> list[object]:
    """Return a new list in which the first and the last item have changed places.

    Lists of fewer than two items come back as an equal list.
    """
    if len(items) < 2:
        return list(items)
    return [items[-1], *items[1:-1], items[0]]


@cases(("00:00",), ("07:30",), ("23:59",), ("12:05",), ("9:07",), ("0:1",))
def minutes_of(clock: str) -> int:
    """Return how many minutes after midnight a time of day is, given as hours and minutes with a colon between.

    >>> minutes_of("07:30")
    450
    """
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


@cases(("4012888", 4), ("1234", 4), ("12", 4), ("", 2), ("secret", 0), ("abc", 1), ("äöü", 2))
def mask(text: str, shown: int) -> str:
    """Replace every character but the last `shown` ones by an asterisk.

    >>> mask("4012888", 4)
    '***2888'
    >>> mask("12", 4)
    '12'
    """
    hidden = max(0, len(text) - shown)
    return "*" * hidden + text[hidden:]


@cases(([10, 11, 12, 13],), ([],), ([7],), ([1, 2],), (["x", "y", "z"],), ([[], [1]],))
def every_second(items: list[object]) -> list[object]:
    """Return the first, third, fifth and so on item of a list, in their order."""
    return items[::2]


@cases(
    ({"tea": 2.5, "cake": 4.0}, ["tea", "tea", "cake"]),
    ({}, ["tea"]),
    ({"tea": 2.5}, []),
    ({"a": 1, "b": 2}, ["b", "c", "b"]),
    ({"free": 0}, ["free", "free"]),
)
def total_price(prices: dict[str, float], basket: list[str]) -> float:
    """Add up the prices of what is in the basket; what has no price costs nothing.

    >>> total_price({"tea": 2.5, "cake": 4.0}, ["tea", "tea", "cake"])
    9.0
    """
    return sum(prices.get(item, 0) for item in basket)


@cases((1900,), (2000,), (2023,), (2024,), (2100,), (4,), (1,), (1600,))
def days_in_february(year: int) -> int:
    """Return how many days February has in a year of the Gregorian calendar.

    >>> days_in_february(2024)
    29
    >>> days_in_february(2023)
    28
    """
    return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28


@cases((1, 4), (0, 5), (3, 0), (2, 3), (5, 4), (-1, 8), (0, 0))
def percent(part: float, whole: float) -> float:
    """Return what share of the whole a part is, in percent, rounded to one decimal; 0.0 where the whole is 0."""
    return round(100 * part / whole, 1) if whole else 0.0


@cases(("Berlin", "Munich"), ("", ""), ("a", ""), ("tea", "SEA"), ("x", "x"), ("end", "and"), ("AB", "b"))
def ends_alike(one: str, other: str) -> bool:
    """Tell whether two words have the same last letter, upper and lower case being the same; an empty word has none.

    >>> ends_alike("tea", "SEA")
    True
    >>> ends_alike("", "")
    False
    """
    return bool(one and other) and one[-1].lower() == other[-1].lower()


@cases((5, 0, 10), (-3, 0, 10), (12, 0, 10), (0, 0, 0), (2.5, 1, 2), (1, 5, 4), (7, 7, 9))
def limited(value: float, low: float, high: float) -> float:
    """Return the value, or the nearer bound where it is not from low to high.

    A low bound above the high one raises ValueError.

    >>> limited(12, 0, 10)
    10
    """
    if low > high:
        raise ValueError("the low bound is above the high one")
    return max(low, min(high, value))


@cases(("the quick brown fox",), ("",), ("one two six",), ("  a  bb  ",), ("tie eit",), ("x-y zzz",), ("a\nbbb\tcc",))
def longest_word(text: str) -> str:
    """Return the longest word between white space, the first of those that are equally long, or an empty text."""
    return max(text.split(), key=len, default="")


@cases(([3, 1, 2],), ([],), ([1],), ([5, 5],), ([2, 9, -4, 9],), ([-1, -7],))
def spread(numbers: list[int]) -> int:
    """Return the difference between the largest and the smallest number; 0 for an empty list.

    >>> spread([3, 1, 2])
    2
    """
    return max(numbers) - min(numbers) if numbers else 0


@cases(
    (["a.txt", "b.py", "c.txt"], "txt"),
    ([], "py"),
    (["txt"], "txt"),
    (["a.TXT"], "txt"),
    (["x.tar.gz", "gz"], "gz"),
    ([".py", "a.py.bak"], "py"),
)
def with_ending(names: list[str], ending: str) -> list[str]:
    """Return the names that end with a dot and the ending, in their order; case matters."""
    return [name for name in names if name.endswith(f".{ending}")]


@cases(("Banana",), ("",), ("RHYTHM",), ("AEIOU aeiou",), ("y",), ("Übung",))
def vowels(text: str) -> int:
    """Count the letters a, e, i, o and u of a text, small and capital.

    >>> vowels("Banana")
    3
    """
    return sum(letter in "aeiou" for letter in text.lower())


@cases(([1, 2, 3],), ([],), ([-1, 1],), ([5],), ([0, 0, 2],), ([10, -20, 5],))
def running_totals(numbers: list[int]) -> list[int]:
    """Return for each number the sum of all numbers up to it, itself included.

    >>> running_totals([1, 2, 3])
    [1, 3, 6]
    """
    totals: list[int] = []
    for number in numbers:
        totals.append(number + (totals[-1] if totals else 0))
    return totals


@cases(("level",), ("Level",), ("",), ("ab",), ("a b a",), ("noon",), ("x",))
def reads_alike(text: str) -> bool:
    """Say whether a text is the same when it is read backwards; capital letters differ from small ones.

    >>> reads_alike("level")
    True
    >>> reads_alike("Level")
    False
    """
    return text == text[::-1]


@cases(([[1, 2], [3]],), ([],), ([[]],), ([[], ["a"], []],), ([[1], [[2]]],), ([[0], [0]],))
def joined(lists: list[list[object]]) -> list[object]:
    """Return one list of the items of all these lists, in their order; lists within them stay as they are.

    >>> joined([[1, 2], [3]])
    [1, 2, 3]
    """
    return [item for part in lists for item in part]


@cases(("a bb a",), ("",), ("one  two",), ("x\ny x",), ("A a",), ("to be or not to be",))
def word_counts(text: str) -> dict[str, int]:
    """Return how often each word between white space stands in a text.

    >>> word_counts("a bb a")
    {'a': 2, 'bb': 1}
    """
    counts: dict[str, int] = {}
    for word in text.split():
        counts[word] = counts.get(word, 0) + 1
    return counts


@cases(([4, 1, 3], 2), ([], 1), ([5], 3), ([1, 1, 2], 2), ([7, -7, 0], 1), ([2, 3], 0))
def largest(numbers: list[int], count: int) -> list[int]:
    """Return the `count` largest numbers, the largest first; all of them where there are fewer.

    >>> largest([4, 1, 3], 2)
    [4, 3]
    """
    return sorted(numbers, reverse=True)[:count]


@cases((0,), (1,), (5,), (10,), (-1,), (3,))
def product_up_to(number: int) -> int:
    """Return the product of all whole numbers from 1 to this one; 1 for 0.

    A negative number raises ValueError.

    >>> product_up_to(5)
    120
    """
    if number < 0:
        raise ValueError("there is no such product below 0")
    product = 1
    for factor in range(2, number + 1):
        product *= factor
    return product


@cases(("hello", "l"), ("", "a"), ("aaa", "a"), ("AbA", "a"), ("banana", "n"), ("no", "x"))
def places(text: str, letter: str) -> list[int]:
    """Return the places at which a letter stands in a text, counted from 0.

    >>> places("hello", "l")
    [2, 3]
    """
    return [place for place, found in enumerate(text) if found == letter]
