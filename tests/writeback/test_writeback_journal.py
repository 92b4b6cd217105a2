"""Accepted candidates outlive the run that found them."""

from __future__ import annotations

import dataclasses
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_supercharger.domain import Candidate
from pytest_supercharger.errors import SourceError
from pytest_supercharger.writeback import files, journal, temporaries
from pytest_supercharger.writeback.journal import Entry

FILE = b"def total(): ...\n"


def entry(stub_id: str = "shop:total", body: str = "return 1\n") -> Entry:
    candidate = Candidate(id="aa", text_id="bb", body=body, imports=("import math",), helpers=("X = '\u00e9'\n",))
    return Entry(
        stub_id=stub_id,
        relpath="shop.py",
        sha256=files.sha256(FILE),
        candidate=candidate,
        probability=0.97,
        reason="all agree",
        evidence="{}",
    )


def test_what_is_appended_is_read_back(tmp_path):
    journal.append(tmp_path, entry())
    journal.append(tmp_path, entry("shop:tax"))
    assert journal.read(tmp_path) == (entry(), entry("shop:tax"))


def test_no_journal_reads_as_empty(tmp_path):
    assert journal.read(tmp_path) == ()
    assert list(tmp_path.iterdir()) == []


def test_git_sees_the_evidence_and_nothing_else_of_the_folder(tmp_path):
    journal.append(tmp_path, entry())
    record = tmp_path / ".supercharge" / "evidence" / "shop.cart" / "Cart.total.json"
    record.parent.mkdir(parents=True)
    record.write_text("{}")
    record.with_name(".Cart.total.json.tmp").write_text("half")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    listing = ["git", "-C", tmp_path, "ls-files", "--others", "--exclude-standard"]
    seen = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.splitlines()
    assert seen == [".supercharge/.gitignore", ".supercharge/evidence/shop.cart/Cart.total.json"]


def test_an_entry_cut_at_any_byte_costs_only_itself(tmp_path):
    journal.append(tmp_path, entry())
    path = tmp_path / ".supercharge" / "journal.jsonl"
    whole = path.read_bytes()
    for length in range(len(whole) - 1):
        path.write_bytes(whole + whole[:length])
        assert journal.read(tmp_path) == (entry(),)
    path.write_bytes(whole + whole[:40])
    journal.append(tmp_path, entry("shop:tax"))
    assert journal.read(tmp_path) == (entry(), entry("shop:tax"))


@pytest.mark.parametrize("line", [b"[]", b"null", b"{}", b"\xff\xfe", b'{"candidate": 1}'])
def test_a_line_that_is_no_entry_is_passed_over(tmp_path, line):
    journal.append(tmp_path, entry())
    with (tmp_path / ".supercharge" / "journal.jsonl").open("ab") as file:
        file.write(line + b"\n")
    assert journal.read(tmp_path) == (entry(),)


def test_the_newest_entry_of_a_stub_counts(tmp_path):
    journal.append(tmp_path, entry())
    newer = dataclasses.replace(entry(), candidate=dataclasses.replace(entry().candidate, body="return 2\n"))
    journal.append(tmp_path, newer)
    assert journal.read(tmp_path) == (newer,)


def test_clear_forgets_the_named_stubs_only(tmp_path):
    (tmp_path / "shop.py").write_bytes(FILE)
    for name in ("shop:total", "shop:tax", "shop:net"):
        journal.append(tmp_path, entry(name))
    journal.clear(tmp_path, ["shop:total", "shop:net", "shop:unknown"])
    assert journal.read(tmp_path) == (entry("shop:tax"),)
    journal.clear(tmp_path, {"shop:tax"})
    assert journal.read(tmp_path) == ()
    assert [path.name for path in (tmp_path / ".supercharge").iterdir()] == [".gitignore"]
    journal.clear(tmp_path, {"shop:tax"})


def test_clear_forgets_what_is_for_another_state_of_its_file_and_what_dead_runs_have_left(tmp_path):
    (tmp_path / "shop.py").write_bytes(FILE)
    journal.append(tmp_path, entry())
    path = tmp_path / ".supercharge" / "journal.jsonl"
    temporaries.beside(path).write_bytes(b"half")  # of this very process: of one that had its number before
    journal.clear(tmp_path, ())
    assert journal.read(tmp_path) == (entry(),)
    assert sorted(other.name for other in path.parent.iterdir()) == [".gitignore", "journal.jsonl"]
    (tmp_path / "shop.py").write_bytes(FILE + b"#\n")
    journal.clear(tmp_path, ())
    assert not path.exists()


def test_clear_without_a_journal_makes_nothing(tmp_path):
    journal.clear(tmp_path, ["shop:total"])
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_is_a_symbolic_link_is_not_followed(tmp_path):
    target = tmp_path / "precious"
    target.write_bytes(b"keep\n")
    (journal.folder(tmp_path) / "journal.jsonl").symlink_to(target)
    with pytest.raises(SourceError, match="cannot be used"):
        journal.append(tmp_path, entry())
    assert target.read_bytes() == b"keep\n"


def test_threads_of_one_run_do_not_take_each_others_files(tmp_path):
    """Two stubs may be accepted at the same moment, each in its own thread."""
    path = tmp_path / "notes"
    texts = [str(number).encode() * 1000 for number in range(8)]
    with ThreadPoolExecutor(len(texts)) as threads:
        for _ in threads.map(lambda text: [temporaries.put(path, text) for turn in range(25)], texts):
            pass  # an error of a thread is raised here
    assert path.read_bytes() in texts
    assert [*tmp_path.iterdir()] == [path]
