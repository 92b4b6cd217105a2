"""A session made before the fork says what `pytest.main()` says; tox asks the oldest pytest we support too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from order_corpus import CANDIDATE, CORPUS
from zygote_slot import MODULE, ZygoteSlot

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZygoteSlot]:
    """A slot that runs tests by `pytest.main()`."""
    project = tmp_path_factory.mktemp("plain")
    (project / "mod.py").write_text(MODULE)
    slot = ZygoteSlot(project, number=201, plain=True)
    yield slot
    slot.close()


def test_this_pytest_is_one_whose_session_can_be_made_before_the_fork(zygote: ZygoteSlot) -> None:
    assert zygote.slot.hello["pytest"] == pytest.__version__
    assert zygote.slot.hello["plain"] == ""


@pytest.mark.parametrize(("source", "expected", "begin"), CORPUS.values(), ids=CORPUS.keys())
def test_both_ways_give_the_verdict_and_say_why(
    zygote: ZygoteSlot, plain: ZygoteSlot, source: str, expected: str, begin: str
) -> None:
    for slot in (zygote, plain):
        result = slot.pair(CANDIDATE, source)
        assert result.verdict.value == expected, result
        assert result.detail.removeprefix("AssertionError: ").startswith(begin.removeprefix("AssertionError: ")), result


def test_a_batch_says_of_each_test_what_it_comes_to_on_its_own(zygote: ZygoteSlot) -> None:
    # Those that end the process keep a batch from saying anything.
    whole = {name: case for name, case in CORPUS.items() if name not in ENDING}
    found = zygote.batch(CANDIDATE, *(source for source, _, _ in whole.values()))
    assert dict(zip(whole, found, strict=True)) == {name: case[1] == "pass" for name, case in whole.items()}


ENDING = ("exits when imported", "ends the session", "is interrupted")


@pytest.mark.parametrize("name", ENDING)
def test_a_batch_that_was_ended_says_nothing(zygote: ZygoteSlot, name: str) -> None:
    assert zygote.batch(CANDIDATE, CORPUS["passes"][0], CORPUS[name][0]) == [None, None]
