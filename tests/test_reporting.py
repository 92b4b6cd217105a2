"""What people read of a run."""

from __future__ import annotations

import io

from pytest_supercharger.reporting import Reporter


class Gone(io.StringIO):
    """A pipe whose reader has left."""

    def write(self, text):
        raise BrokenPipeError


def test_a_reader_who_left_does_not_stop_the_run():
    Reporter(Gone()).line("1 stubs to fill")


def test_what_the_terminal_cannot_show_is_replaced():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Reporter(stream).line("na\u00efve")
    assert stream.buffer.getvalue() == b"supercharge: na?ve\n"
