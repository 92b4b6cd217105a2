"""A session made before the fork says what `pytest.main()` says; tox asks the oldest pytest we support too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from order_corpus import CANDIDATE, CORPUS
from zygote_slot import LIMITS, MODULE, ZygoteSlot

from pytest_supercharger.domain import GeneratedTest, Verdict
from pytest_supercharger.sandbox import environment, image
from pytest_supercharger.sandbox.docker import DockerSandbox
from pytest_supercharger.sandbox.engine import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZygoteSlot]:
    """A slot that runs tests by `pytest.main()`."""
    project = tmp_path_factory.mktemp("plain")
    (project / "mod.py").write_text(MODULE)
    slot = ZygoteSlot(project, plain=True)
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


def test_a_session_that_cannot_be_made_is_told_once_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a PID 1 whose own tests come to something else than it expects, as another pytest might make them."""
    (tmp_path / "mod.py").write_text(MODULE)
    files = image.own_files()
    files[f"{image.INSIDE}/prebuilt.py"] += b'_WARM_UP_OUTCOMES["test_fails"] = "passed"\n'
    monkeypatch.setattr(image, "own_files", lambda: files)
    said: list[str] = []
    tests = [GeneratedTest(id=str(n), name="test_it", source=f"def test_it():\n    assert {n}\n") for n in range(4)]
    try:
        with DockerSandbox(tmp_path, limits=LIMITS, slots=2, report=said.append) as sandbox:
            results = sandbox.run_tests({}, tests, isolated=True)
    finally:
        client = connect()
        made = image.ensure_image(client, image.build_tar(environment.discover(tmp_path).links, files))
        client.images.remove(made)
        client.close()
    assert [pair.verdict for pair in results.values()] == [Verdict.FAIL, Verdict.PASS, Verdict.PASS, Verdict.PASS]
    # What a killed test left behind may have been removed, and been told, first.
    told = [line for line in said if line.startswith("sandbox: generated tests run at about a third of the speed")]
    assert len(told) == 1
    assert f"pytest {pytest.__version__} cannot be made" in told[0]
