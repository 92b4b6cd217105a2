"""Bytes to text and back without a change, and AST positions to indexes."""

from __future__ import annotations

import ast
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_supercharger.errors import SourceError
from pytest_supercharger.source import Positions, decode, parse


@pytest.mark.parametrize(
    ("data", "text", "encoding", "bom", "newline"),
    [
        (b"", "", "utf-8", False, "\n"),
        (b"x = 1", "x = 1", "utf-8", False, "\n"),
        (b"a\r\nb\r\nc\n", "a\r\nb\r\nc\n", "utf-8", False, "\r\n"),
        (b"a\rb\r", "a\rb\r", "utf-8", False, "\r"),
        (b"a\nb\n\tc\x0c\r\n", "a\nb\n\tc\x0c\r\n", "utf-8", False, "\n"),
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n", "utf-8", True, "\n"),
        (b"\xef\xbb\xbf# coding: utf-8\n", "# coding: utf-8\n", "utf-8", True, "\n"),
        (b"# coding: latin-1\n# \xe9\n", "# coding: latin-1\n# \xe9\n", "iso-8859-1", False, "\n"),
        (
            b"#!/bin/sh\r# -*- coding: cp1252 -*-\r# \x80",
            "#!/bin/sh\r# -*- coding: cp1252 -*-\r# €",
            "cp1252",
            False,
            "\r",
        ),
        # The third line does not count, also where lines end with carriage returns alone.
        (b"#1\r#2\r# coding: latin-1\r", "#1\r#2\r# coding: latin-1\r", "utf-8", False, "\r"),
    ],
)
def test_a_file_is_read_as_python_reads_it(data: bytes, text: str, encoding: str, bom: bool, newline: str) -> None:
    source = decode(data)
    assert (source.text, source.encoding, source.bom, source.newline) == (text, encoding, bom, newline)
    assert source.encode(source.text) == data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"x = '\xff'\n", "shop.py:1: cannot be decoded .*; save the file as UTF-8"),
        (b"#\n#\n# \xff\n", "shop.py: is not valid utf-8 .*; save the file as UTF-8"),
        (b"# coding: klingon\n", "shop.py:1: cannot be decoded .*klingon"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "shop.py:1: cannot be decoded"),
        (b"# coding: rot13\n", "shop.py:1: rot13 is no text encoding"),
        (b"# coding: utf-7\n# +AGE-\n", "shop.py: its encoding utf-7 does not survive a rewrite"),
    ],
)
def test_what_cannot_be_decoded_is_said_with_its_name(data: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        decode(data, name="shop.py")


def test_a_character_the_encoding_cannot_hold_is_named() -> None:
    source = decode(b"# coding: latin-1\n", name="shop.py")
    with pytest.raises(SourceError, match=r"shop\.py: its encoding iso-8859-1 cannot hold '€'; save the file as UTF-8"):
        source.encode("# €")


@given(
    text=st.text(st.characters(codec="utf-8") | st.sampled_from("\r\n\x0c\t\v\x85\u2028")),
    bom=st.booleans(),
)
def test_any_utf8_file_comes_back_byte_for_byte(text: str, bom: bool) -> None:
    data = (b"\xef\xbb\xbf" if bom else b"") + b"#\n#\n" + text.encode()
    source = decode(data)
    assert source.encode(source.text) == data


@given(
    data=st.binary(), coding=st.sampled_from([b"", b"# coding: latin-1\n", b"# coding: shift_jis\n", b"\xef\xbb\xbf"])
)
def test_any_bytes_come_back_or_are_refused(data: bytes, coding: bytes) -> None:
    try:
        source = decode(coding + data)
    except SourceError:
        return
    assert source.encode(source.text) == coding + data


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("x = 1\ndef f[T](x: T) -> T: ...\n", 2, "type parameters (PEP 695) need Python 3.12"),
        ("class A[T]: ...\n", 1, "type parameters (PEP 695) need Python 3.12"),
        ("type A[T] = list[T]\n", 1, "type statements (PEP 695) need Python 3.12"),
        ("try: ...\nexcept A, B: ...\n", 2, "exceptions without brackets (PEP 758) need Python 3.14"),
    ],
)
def test_syntax_of_a_newer_python_is_named_with_the_version_that_runs(text, line, words):
    newer = int(words.rpartition(".")[2]) > sys.version_info.minor
    try:
        said = str(ast.dump(parse(text, name="shop.py")))
    except SourceError as error:
        said = str(error)
    running = f"Python 3.{sys.version_info.minor}"
    expected = f"shop.py:{line}: does not parse as {running}, as {words}; run pytest with that Python"
    assert (said == expected) is newer


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\ndef f(:\n", "shop.py:2: does not parse"),
        ("x = '\0'", "shop.py:1: does not parse"),
        ("(" * 10_000 + ")" * 10_000, "shop.py:1: does not parse"),
    ],
)
def test_what_does_not_parse_is_said_with_its_line(text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        parse(text, name="shop.py")


@pytest.mark.filterwarnings("error")
def test_warnings_of_the_users_code_are_left_to_the_users_run() -> None:
    parse("x = '\\d' is 1\n")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_positions_count_characters_where_the_ast_counts_bytes(newline: str) -> None:
    text = newline.join(["\x0cé = 'ü€🐍'; b = 'ö'", "c = '\u2028'; d = 1", "", "e = 'x' \\", "  + 'ß'", ""])
    positions = Positions(text)
    for node in ast.walk(parse(text)):
        if isinstance(node, (ast.Constant, ast.Name)):
            start, end = positions.span(node)
            assert text[start:end] == (
                node.id if isinstance(node, ast.Name) else repr(node.value).replace("\\u2028", "\u2028")
            )


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_start_after_newlines_only(newline: str) -> None:
    text = f"a\x0b\x0c\u2028b{newline}{newline}c"
    positions = Positions(text)
    assert [text[positions.line_start(line) :] for line in (1, 2, 3, 4)] == [text, f"{newline}c", "c", ""]


@given(st.text(st.sampled_from("aé€🐍 \r\n\x0c\v\u2028"), min_size=1), st.data())
def test_a_position_made_of_an_index_leads_back_to_it(text: str, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(text) - 1))
    positions = Positions(text)
    line = max(number for number in range(1, len(text) + 2) if positions.line_start(number) <= index)
    start = positions.line_start(line)
    assert positions.index(line, len(text[start:index].encode())) == index
