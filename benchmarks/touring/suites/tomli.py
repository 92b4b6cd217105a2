"""Tests of tomli for the tour: its sdist brings none."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
import tomli
from tomli._parser import make_safe_parse_float
from tomli._re import RE_DATETIME, match_to_datetime


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", {}),
        ("a = 1", {"a": 1}),
        ("a = [1, 2, 3]\nb.c = 'x'", {"a": [1, 2, 3], "b": {"c": "x"}}),
        ("[t]\nx = true\n[[u]]\ny = 1.5\n[[u]]\n", {"t": {"x": True}, "u": [{"y": 1.5}, {}]}),
        ('s = """\nline\\\n   on"""', {"s": "lineon"}),
        ("p = {q = 0x1f, r = -2}", {"p": {"q": 31, "r": -2}}),
        ("d = 1979-05-27\nt = 07:32:00", {"d": date(1979, 5, 27), "t": time(7, 32)}),
    ],
)
def test_documents(text, value):
    assert tomli.loads(text) == value
    assert tomli.load(io.BytesIO(text.encode())) == value


@pytest.mark.parametrize("text", ["a = ", "a = 1\na = 2", "[t", "= 1", 'a = "x', "a = [1"])
def test_what_is_no_document(text):
    with pytest.raises(tomli.TOMLDecodeError):
        tomli.loads(text)


def test_floats_of_another_kind():
    assert tomli.loads("x = 0.1", parse_float=Decimal) == {"x": Decimal("0.1")}
    assert make_safe_parse_float(float) is float
    assert make_safe_parse_float(Decimal)("1.5") == Decimal("1.5")
    with pytest.raises(ValueError, match="must not return"):
        make_safe_parse_float(lambda text: [text])("1.5")
    with pytest.raises(ValueError, match="must not return"):
        make_safe_parse_float(lambda text: {})("1.5")


@pytest.mark.parametrize(
    "text", ["1979-05-27T07:32:00Z", "1979-05-27T00:32:00.5-07:00", "1979-05-27 07:32", "1979-05-27"]
)
def test_points_in_time(text):
    found = match_to_datetime(RE_DATETIME.match(text))
    assert found == (datetime if ":" in text else date).fromisoformat(
        text.replace("Z", "+00:00").replace(".5-", ".500-")
    )


def test_zones():
    assert tomli.loads("t = 1979-05-27T07:32:00-07:30")["t"].utcoffset() == timedelta(hours=-7, minutes=-30)
    assert tomli.loads("t = 1979-05-27T07:32:00Z")["t"].tzinfo == timezone.utc
