"""Frames survive any cut of the stream, and nothing but a frame is taken for one."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_supercharger.sandbox.frames import Decoder, FrameError, encode

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**50), 10**50)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(), values, max_size=4)


def raw(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


@given(st.lists(objects, max_size=4), st.lists(st.integers(0, 500), max_size=6))
def test_objects_survive_any_cut_of_the_stream(sent: list[dict[str, object]], cuts: list[int]) -> None:
    data = b"".join(encode(obj) for obj in sent)
    decoder, got, last = Decoder(), [], 0
    for cut in [*sorted(min(cut, len(data)) for cut in cuts), len(data)]:
        got += decoder.feed(data[last:cut])
        last = cut
    assert got == sent
    assert decoder.pending == 0


def test_a_lone_surrogate_survives() -> None:
    assert Decoder().feed(encode({"text": "\ud800"})) == [{"text": "\ud800"}]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"1",
        b"null",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": 1, "a": 2}',
        b'{"b": {"a": 1, "a": 1}}',
        b'{"a": "\xff"}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": ' + b'{"a":' * 100_000,
        b'{"a": 1} {"b": 2}',
    ],
)
def test_anything_but_a_plain_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(FrameError):
        Decoder().feed(raw(body))


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x80000000, (16 << 20) + 1])
def test_a_length_over_the_limit_is_refused_before_its_body_comes(length: int) -> None:
    with pytest.raises(FrameError, match="limit"):
        Decoder().feed(struct.pack(">I", length))


def test_a_broken_stream_stays_broken() -> None:
    decoder = Decoder()
    with pytest.raises(FrameError):
        decoder.feed(raw(b"[]"))
    with pytest.raises(FrameError, match="broken"):
        decoder.feed(encode({"fine": 1}))


@pytest.mark.parametrize("obj", [{"a": float("nan")}, {"a": object()}, {"a": "x" * 100}])
def test_what_cannot_be_a_frame_is_not_sent(obj: dict[str, object]) -> None:
    with pytest.raises(FrameError):
        encode(obj, limit=50)
