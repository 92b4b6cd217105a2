"""Tasks about texts with edge cases that a hurried answer misses."""

from __future__ import annotations

import re

from pytest_supercharger.calibrating.cases import cases


@cases(
    ("1.2", "1.10"),
    ("1.2", "1.2.0"),
    ("2", "1.9.9"),
    ("", ""),
    ("1.01", "1.1"),
    ("0.0.1", "0.0"),
    ("3.0", "3.0.0.1"),
    ("10.0", "9.99"),
)
def compare_versions(one: str, other: str) -> int:
    """Return -1, 0 or 1 as one version is older than, equal to or newer than the other.

    Versions are whole numbers with dots between; they are compared part by part, and a part that is missing is 0. An
    empty text is version 0.

    >>> compare_versions("1.2", "1.10")
    -1
    >>> compare_versions("1.2", "1.2.0")
    0
    """
    parts = [[int(part) for part in version.split(".") if part] for version in (one, other)]
    length = max(map(len, parts))
    mine, theirs = ([*found, *[0] * (length - len(found))] for found in parts)
    return (mine > theirs) - (mine < theirs)


@cases(
    ("10",),
    ("1.5kB",),
    ("2 MiB",),
    ("3mb",),
    ("0",),
    (" 1 KiB ",),
    ("1,5kB",),
    ("-1",),
    ("",),
    ("kB",),
    ("1.0001 kb",),
    ("7 XB",),
    ("1 2",),
    ("2GiB",),
)
def parse_size(text: str) -> int:
    """Read a size in bytes, such as 10, 1.5kB or 2 MiB; a fraction of a byte is cut off.

    The units are B, kB, MB, GB (powers of 1000) and KiB, MiB, GiB (powers of 1024), in upper or lower case, with or
    without blanks around. Without a unit the number is one of bytes. Anything else, a sign included, raises ValueError.

    >>> parse_size("1.5kB")
    1500
    >>> parse_size("2 MiB")
    2097152
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:([kmg]?)(i?)b)?\s*", text, re.IGNORECASE)
    if found is None or (found[3] and not found[2]):
        raise ValueError(f"{text!r} is no size")
    base = 1024 if found[3] else 1000
    whole, _, fraction = found[1].partition(".")
    scale = base ** " kmg".index((found[2] or " ").lower())
    return int(int(whole + fraction) * scale // 10 ** len(fraction))


@cases(
    ("a{b,c}d",),
    ("plain",),
    ("{x,y}{1,2}",),
    ("a{b",),
    ("",),
    ("{}",),
    ("{,s}",),
    ("a}b",),
    ("{a}{b,c}",),
    ("{a,b}c}",),
)
def expanded(pattern: str) -> list[str]:
    """Write out the choices in a pattern: each pair of braces holds texts with commas between, one of which is taken.

    The results are in the order of the choices, the first pair of braces changing slowest. Braces are not nested. A
    pair without a comma is a choice of one, and a brace without a partner is an ordinary character.

    >>> expanded("a{b,c}d")
    ['abd', 'acd']
    >>> expanded("a{b")
    ['a{b']
    """
    results = [""]
    for part in re.split(r"(\{[^{}]*\})", pattern):
        paired = part.startswith("{") and part.endswith("}")
        choices = part[1:-1].split(",") if paired else [part]
        results = [result + choice for result in results for choice in choices]
    return results


@cases(
    ("*.py", "a.py"),
    ("a?c", "abc"),
    ("", ""),
    ("*", ""),
    ("a*b*c", "aXbYbZc"),
    ("?", ""),
    ("a.c", "abc"),
    ("**a", "ba"),
    ("a*", "ba"),
    ("[ab]", "a"),
    ("*a", "a\nb"),
    ("a*a", "a"),
)
def matches(pattern: str, text: str) -> bool:
    """Tell whether the whole text fits a pattern: * stands for any characters, also none, and ? for exactly one.

    Every other character stands for itself.
    """
    translated = "".join({"*": ".*", "?": "."}.get(character) or re.escape(character) for character in pattern)
    return re.fullmatch(translated, text, re.DOTALL) is not None


@cases(
    ("a,b,c",),
    ("",),
    ('"a,b",c',),
    ('"say ""hi""",x',),
    (",",),
    ('"open',),
    ('a"b,c',),
    ('"",""',),
    ('"a"b,c',),
    (" a , b ",),
)
def split_record(line: str) -> list[str]:
    """Split a line into fields at its commas.

    A field that begins with a double quote ends with one; in it commas are ordinary characters and two double quotes
    stand for one. Quotes elsewhere are ordinary characters, and so are blanks. An empty line has one empty field. A
    quoted field that is not closed, or goes on behind its closing quote, raises ValueError.

    >>> split_record('"a,b",c')
    ['a,b', 'c']
    """
    fields: list[str] = []
    rest = line
    while True:
        found = re.match(r'"((?:[^"]|"")*)"(?=,|\Z)' if rest.startswith('"') else r"([^,]*)", rest)
        if found is None:
            raise ValueError("a quoted field does not end as it should")
        fields.append(found[1].replace('""', '"') if rest.startswith('"') else found[1])
        if found.end() == len(rest):
            return fields
        rest = rest[found.end() + 1 :]


@cases(
    ("/a/./b/../c",),
    ("a//b/",),
    ("",),
    ("/",),
    ("..",),
    ("/..",),
    ("a/..",),
    ("../../x",),
    ("/a/../../b",),
    ("./.",),
    ("a/b/../../..",),
)
def tidy_path(path: str) -> str:
    """Simplify a path with slashes: drop empty and . parts, and let each .. take back the part before it.

    A .. at the top of a path that begins with a slash is dropped, at the top of any other it stays. What has no part
    left is / with a slash in front and . without. There is no slash at the end of anything else.

    >>> tidy_path("/a/./b/../c")
    '/a/c'
    >>> tidy_path("a/..")
    '.'
    """
    root = path.startswith("/")
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in ("", ".") and not (part == ".." and root):
            parts.append(part)
    return ("/" if root else "") + "/".join(parts) or "."


@cases(
    ("2+3*4",),
    ("(2+3)*4",),
    ("-3",),
    ("2*-3",),
    ("",),
    ("1+",),
    ("7",),
    ("((1))",),
    ("1 - 2 - 3",),
    ("2(3)",),
    ("--2",),
    ("10-(4-1)*2",),
)
def calculate(expression: str) -> int:
    """Work out whole numbers with +, -, * and parentheses: * before + and -, otherwise from the left.

    A minus may stand in front of any number or parenthesis, also several times. Blanks do not matter. Anything else
    raises ValueError.

    >>> calculate("2+3*4")
    14
    >>> calculate("2*-3")
    -6
    """
    if not re.fullmatch(r"[\d+\-*() ]*", expression):
        raise ValueError("there is something else than numbers and signs in it")
    tokens = [*re.findall(r"\d+|[-+*()]", expression), ""]

    def term() -> int:
        token = tokens.pop(0)
        if token == "-":
            return -term()
        if token == "(":
            value = total()
            if tokens.pop(0) != ")":
                raise ValueError("a parenthesis is not closed")
            return value
        return int(token)  # raises ValueError for anything else

    def product() -> int:
        value = term()
        while tokens[0] == "*":
            tokens.pop(0)
            value *= term()
        return value

    def total() -> int:
        value = product()
        while tokens[0] in ("+", "-"):
            value += product() if tokens.pop(0) == "+" else -product()
        return value

    result = total()
    if tokens != [""]:
        raise ValueError("something is left over")
    return result
