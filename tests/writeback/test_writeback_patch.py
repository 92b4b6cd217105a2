"""`git apply` takes the patch, and people can read it."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_supercharger.writeback import patch

CASES = {
    "plain": ("pkg/code.py", b"a\nb\nc\n", b"a\nB\nc\n"),
    "crlf": ("pkg/code.py", b"a\r\nb\r\nc\r\n", b"a\r\nB\r\nnew\r\nc\r\n"),
    "mixed ends": ("code.py", b"a\r\nb\nc\rd\n", b"a\r\nB\nc\rd\n"),
    "no newline before": ("code.py", b"a\nb", b"a\nB\n"),
    "no newline after": ("code.py", b"a\nb\n", b"a\nB"),
    "no newline on both sides": ("code.py", b"a\nb", b"A\nb"),
    "form feed": ("code.py", b"a\n\x0c\nb\n", b"a\n\x0c\nB\n"),
    "latin-1": ("code.py", b"# -*- coding: latin-1 -*-\n# \xe9\nb\n", b"# -*- coding: latin-1 -*-\n# \xe9\nB\n"),
    "byte order mark": ("code.py", b"\xef\xbb\xbfa\nb\n", b"\xef\xbb\xbfa\nB\n"),
    "blank in the name": ("my pkg/the code.py", b"a\n", b"b\n"),
    "unicode in the name": ("p\u00e4ckchen/\u7801.py", b"a\n", b"b\n"),
    "quote in the name": ('it"s.py', b"a\n", b"b\n"),
    "dashes as content": ("code.py", b"-- a\n++ b\n", b"-- a\n++ c\n"),
}


def git_apply(root, text: bytes) -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-c", "core.autocrlf=false", "apply", "--verbose", "-"]
    return subprocess.run(command, cwd=root, input=text, capture_output=True, check=False)


@pytest.mark.parametrize("name", CASES)
def test_git_apply_gives_the_new_bytes(tmp_path, name):
    path, old, new = CASES[name]
    target = tmp_path / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(old)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    done = git_apply(tmp_path, patch.unified([(path, old, new)]))
    assert done.returncode == 0, done.stderr
    assert target.read_bytes() == new


def test_one_patch_holds_several_files_and_leaves_out_equal_ones(tmp_path):
    old = b"".join(b"line %d\n" % n for n in range(40))
    new = old.replace(b"line 3\n", b"LINE 3\n").replace(b"line 30\n", b"")
    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_bytes(old)
    text = patch.unified([("a.py", old, new), ("b.py", old, old), ("c.py", old, new)])
    assert b"b.py" not in text
    done = git_apply(tmp_path, text)
    assert done.returncode == 0, done.stderr
    assert [(tmp_path / name).read_bytes() for name in ("a.py", "b.py", "c.py")] == [new, old, new]


def test_nothing_changed_gives_an_empty_patch():
    assert patch.unified([("a.py", b"a\n", b"a\n")]) == b""
    assert patch.diff_for_people([]) == ""


def test_the_diff_for_people_holds_no_control_characters():
    hidden = "\u202e"
    new = f"print('\x1b[2J\x07 {hidden}')\r\n".encode()
    text = patch.diff_for_people([("a.py", b"pass\r\n", new)])
    assert "-pass\n" in text
    assert "+print('\ufffd[2J\ufffd \ufffd')\n" in text
    assert "\x1b" not in text


@given(st.binary(max_size=60))
def test_lines_lose_no_byte(data):
    assert b"".join(patch._lines(data)) == data
