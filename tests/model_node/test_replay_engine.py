"""The replay engine: file order per (kind, stub), round and round, and one clear error for a bad line."""

from __future__ import annotations

import json
import queue
import threading
from pathlib import Path
from typing import Any

import pytest
from nodes import PATIENCE

from model_node.engine.base import EngineError, ErrorKind, GenerateJob, JudgeJob, Prompt, SamplingParams, ScoreJob
from model_node.engine.replay import KINDS, ReplayEngine, parse
from pytest_supercharger.domain import QuestionKind


def line(kind: str = "code", stub: str = "*", text: str = "", **more: object) -> dict[str, object]:
    return {"kind": kind, "stub": stub, "text": text, **more}


@pytest.fixture
def engine_for(tmp_path: Path) -> Any:
    engines = []

    def make(*lines: dict[str, object], **settings: Any) -> ReplayEngine:
        file = tmp_path / "answers.jsonl"
        file.write_text("".join(json.dumps(item) + "\n" for item in lines))
        engine = ReplayEngine(file, **settings)
        engine.start()
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.close()


def ask(
    engine: ReplayEngine, *subjects: str, kind: str = "code", samples: int = 1, deadline: float | None = None
) -> list[tuple[int, int, str]] | EngineError:
    got: list[tuple[int, int, str]] = []
    done: queue.Queue[Any] = queue.Queue()
    engine.submit(
        GenerateJob(
            request_id=f"{kind} {subjects} {threading.get_ident()}",
            prompts=tuple(Prompt(text="?", kind=kind, subject=subject) for subject in subjects),
            num_samples=samples,
            params=SamplingParams(max_new_tokens=9),
            deadline=deadline,
            on_sample=lambda sample: got.append((sample.prompt_index, sample.sample_index, sample.text)),
            on_done=done.put,
        )
    )
    end = done.get(timeout=PATIENCE)
    return end if isinstance(end, EngineError) else got


def texts(result: list[tuple[int, int, str]] | EngineError) -> list[str]:
    assert not isinstance(result, EngineError), result
    return [text for _, _, text in result]


def test_lines_of_a_stub_come_in_file_order_round_and_round(engine_for: Any) -> None:
    engine = engine_for(line(stub="m:f", text="1"), line(stub="m:f", text="2"), line(stub="m:g", text="other"))
    assert texts(ask(engine, "m:f", samples=3)) == ["1", "2", "1"]
    assert texts(ask(engine, "m:f", samples=2)) == ["2", "1"]


def test_lines_of_the_stub_itself_win_over_those_for_all(engine_for: Any) -> None:
    engine = engine_for(line(text="any"), line(stub="m:f", text="own"))
    assert texts(ask(engine, "m:f", samples=2)) == ["own", "own"]
    assert texts(ask(engine, "m:g", samples=2)) == ["any", "any"]


def test_each_stub_counts_the_lines_for_all_by_itself(engine_for: Any) -> None:
    engine = engine_for(line(text="1"), line(text="2"))
    assert texts(ask(engine, "m:f")) == ["1"]
    assert texts(ask(engine, "m:g")) == ["1"]
    assert texts(ask(engine, "m:f")) == ["2"]


def test_every_kind_of_question_can_be_replayed() -> None:
    assert set(KINDS) == {kind.value for kind in QuestionKind}


def test_each_kind_counts_by_itself(engine_for: Any) -> None:
    engine = engine_for(line(text="code 1"), line("test", text="test 1"), line(text="code 2"))
    assert texts(ask(engine, "m:f")) == ["code 1"]
    assert texts(ask(engine, "m:f", kind="test")) == ["test 1"]
    assert texts(ask(engine, "m:f")) == ["code 2"]


def test_threads_share_the_lines_without_losing_one(engine_for: Any) -> None:
    engine = engine_for(*(line(text=str(number)) for number in range(40)))
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.extend(texts(ask(engine, "m:f", samples=5)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(got, key=int) == [str(number) for number in range(40)]


def test_a_request_without_a_line_is_not_found_and_takes_none(engine_for: Any) -> None:
    engine = engine_for(line(stub="m:f", text="1"), line(stub="m:f", text="2"))
    missing = ask(engine, "m:other")
    assert isinstance(missing, EngineError)
    assert missing.kind is ErrorKind.NOT_FOUND
    assert "'m:other'" in str(missing)
    assert texts(ask(engine, "m:f")) == ["1"]


def test_judge_answers_the_score(engine_for: Any) -> None:
    engine = engine_for({"kind": "judge", "stub": "m:f", "score": 0.25}, {"kind": "judge", "stub": "*", "score": 1})
    done: queue.Queue[Any] = queue.Queue()
    prompts = (Prompt(text="?", subject="m:f"), Prompt(text="?", subject="m:g"))
    engine.judge(JudgeJob(request_id="j", prompts=prompts, on_done=done.put))
    judgements, _ = done.get(timeout=PATIENCE)
    assert [judgement.score for judgement in judgements] == [0.25, 1.0]


def test_scores_are_not_found(engine_for: Any) -> None:
    done: queue.Queue[Any] = queue.Queue()
    engine_for(line(text="x")).score(
        ScoreJob(request_id="s", prompt=Prompt(text="?"), continuations=("a",), on_done=done.put)
    )
    assert done.get(timeout=PATIENCE).kind is ErrorKind.NOT_FOUND


def test_a_spent_deadline_is_told(engine_for: Any) -> None:
    late = ask(engine_for(line(text="x")), "m:f", deadline=0.0)
    assert isinstance(late, EngineError)
    assert late.kind is ErrorKind.DEADLINE


def test_more_samples_than_the_queue_holds_are_refused_at_once(engine_for: Any) -> None:
    with pytest.raises(EngineError, match="ask again later") as caught:
        ask(engine_for(line(text="x"), max_queued=3), "m:f", samples=4)
    assert caught.value.kind is ErrorKind.EXHAUSTED


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("{", r"answers:2: not JSON"),
        ("[1]", r"answers:2: not a JSON object"),
        ('{"kind": "poem", "stub": "*", "text": ""}', r"answers:2: \"kind\" is 'poem'; it must be one of code, "),
        ('{"kind": "code", "stub": "total", "text": ""}', r"answers:2: \"stub\" is 'total'; it must be "),
        ('{"kind": "code", "text": ""}', r"answers:2: \"stub\" is None"),
        ('{"kind": "code", "stub": "*"}', r"answers:2: \"text\" is None; it must be a string"),
        ('{"kind": "judge", "stub": "*", "score": 2}', r"answers:2: \"score\" is 2; it must be a number from 0 to 1"),
        ('{"kind": "judge", "stub": "*"}', r"answers:2: \"score\" is None"),
        ('{"kind": "judge", "stub": "*", "score": NaN}', r"answers:2: \"score\" is nan"),
        ('{"kind": ["code"], "stub": "*", "text": ""}', r"answers:2: \"kind\" is \['code'\]"),
    ],
)
def test_a_bad_line_is_named_with_its_number(bad: str, message: str) -> None:
    good = b'{"kind": "code", "stub": "*", "text": "x"}\n'
    with pytest.raises(ValueError, match=message) as caught:
        parse(good + bad.encode() + b"\n" + good, "answers")
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_named_with_their_line() -> None:
    with pytest.raises(ValueError, match="answers:1: not JSON"):
        parse(b'{"kind": "\xff"}', "answers")


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(ValueError, match="no answers in it"):
        parse(b"\n\n", "answers")
