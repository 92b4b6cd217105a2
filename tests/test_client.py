"""The pool of nodes against real servers: spreading, resuming, backing off, stopping."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from nodes import PATIENCE, RunningNode, ScriptedEngine, question, sample

from model_node import convert
from model_node.config import Tls as NodeTls
from model_node.convert import sample_event
from model_node.engine.base import EngineError, ErrorKind, FinishReason, Judgement, Usage
from model_node.engine.replay import ReplayEngine
from pytest_supercharger.client import NoAnswer, NodePool, Tls
from pytest_supercharger.domain import Answer, Priority, Question, QuestionKind
from pytest_supercharger.domain import FinishReason as Reason
from pytest_supercharger.errors import NodeError, SettingsError
from pytest_supercharger.pool import policy
from pytest_supercharger.pool.state import Tuning
from pytest_supercharger.wire import answer_of

CASES = Path(__file__).parent / "model_node" / "cases"


class Drawing:
    """A thread that draws answers, so that the test can play the engines meanwhile."""

    def __init__(self, answers: Iterator[tuple[int, Answer]]) -> None:
        self._events: queue.Queue[Any] = queue.Queue()
        self._thread = threading.Thread(target=self._run, args=(answers,), daemon=True)
        self._thread.start()

    def _run(self, answers: Iterator[tuple[int, Answer]]) -> None:
        try:
            for item in answers:
                self._events.put(item)
        except Exception as error:
            self._events.put(error)
        self._events.put(None)

    def next(self) -> Any:
        return self._events.get(timeout=PATIENCE)

    def rest(self) -> list[Any]:
        return list(iter(self.next, None))


def finish(job: Any) -> None:
    for index in range(job.first_sample_index, job.first_sample_index + job.num_samples):
        job.on_sample(sample(index))
    job.on_done(Usage())


def draw(pool: NodePool, *questions: Question, samples: int, seconds: float = PATIENCE, **more: Any) -> Any:
    return pool.generate(questions or [question()], samples=samples, deadline_seconds=seconds, **more)


def indices(items: list[Any]) -> list[int]:
    return sorted(answer.sample_index for _, answer in items)


def alike() -> list[ScriptedEngine]:
    """Two nodes' engines with one model."""
    return [ScriptedEngine(name=name, digest="of both") for name in ("one", "two")]


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def pool(engine: ScriptedEngine) -> Iterator[NodePool]:
    with RunningNode(engine) as node, NodePool([node.address]) as pool:
        yield pool


@pytest.fixture
def replay(tmp_path: Path) -> Iterator[NodePool]:
    file = tmp_path / "answers.jsonl"
    file.write_text(
        '{"kind": "code", "stub": "shop:total", "text": "```\\nreturn 1"}\n'
        '{"kind": "code", "stub": "shop:total", "text": "```\\nreturn 2"}\n'
        '{"kind": "judge", "stub": "*", "score": 0.75}\n'
    )
    with RunningNode(ReplayEngine(file)) as node, NodePool([node.address]) as pool:
        yield pool


@pytest.mark.parametrize("reason", FinishReason)
def test_every_finish_reason_means_the_same_on_both_sides(reason: FinishReason) -> None:
    assert answer_of(sample_event(sample(0, reason=reason)).sample).finish_reason.value == reason.value


def test_an_answer_comes_the_moment_it_ends(pool: NodePool, engine: ScriptedEngine) -> None:
    drawing = Drawing(draw(pool, samples=2))
    job = engine.next_job()
    job.on_sample(sample(1, "first"))
    model = "digest-of-scripted"
    expected = Answer(text="first", finish_reason=Reason.EOS, sample_index=1, num_tokens=2, model=model)
    assert drawing.next() == (0, expected)
    job.on_sample(sample(0, "second", reason=FinishReason.LENGTH))
    index, answer = drawing.next()
    assert (index, answer.text, answer.finish_reason) == (0, "second", Reason.LENGTH)
    job.on_done(Usage())
    assert drawing.rest() == []


def test_the_node_gets_the_question_as_it_is(pool: NodePool, engine: ScriptedEngine) -> None:
    asked = Question(
        kind=QuestionKind.REPAIR,
        stub_id="shop:Cart.total",
        system="system",
        user="user \ud800",
        assistant_prefix="```python\n",
        max_new_tokens=77,
        temperature=0.25,
        top_p=0.5,
        stop=("```",),
        seed=9,
        priority=Priority.REPAIR,
    )
    drawing = Drawing(draw(pool, asked, samples=3, first_sample=10))
    job = engine.next_job()
    (prompt,) = job.prompts
    assert [(turn.role, turn.text) for turn in prompt.messages] == [("system", "system"), ("user", "user ?")]
    assert (prompt.assistant_prefix, prompt.kind, prompt.subject) == ("```python\n", "repair", "shop:Cart.total")
    assert job.priority == 1
    params = job.params
    assert (params.max_new_tokens, params.temperature, params.top_p, params.stop, params.seed) == (
        77,
        0.25,
        0.5,
        ("```",),
        9,
    )
    assert (job.first_sample_index, job.num_samples) == (10, 3)
    finish(job)
    assert indices(drawing.rest()) == [10, 11, 12]


def test_answers_name_their_question(pool: NodePool, engine: ScriptedEngine) -> None:
    drawing = Drawing(draw(pool, question(stub="m:f"), question(stub="m:g"), samples=1))
    for _ in range(2):
        job = engine.next_job()
        job.on_sample(sample(0, job.prompts[0].subject))
        job.on_done(Usage())
    assert sorted((index, answer.text) for index, answer in drawing.rest()) == [(0, "m:f"), (1, "m:g")]


def test_leaving_the_loop_cancels_the_rest_on_the_node(pool: NodePool, engine: ScriptedEngine) -> None:
    answers = draw(pool, question(stub="m:f"), question(stub="m:g"), samples=2)
    first = Drawing(itertools.islice(answers, 1))
    jobs = [engine.next_job(), engine.next_job()]
    jobs[0].on_sample(sample(0))
    first.next()
    answers.close()
    assert {engine.cancelled.get(timeout=PATIENCE) for _ in jobs} == {job.request_id for job in jobs}


def test_a_cancel_from_another_thread_ends_an_iteration_that_waits(pool: NodePool, engine: ScriptedEngine) -> None:
    answers = draw(pool, samples=2)
    drawing = Drawing(answers)
    job = engine.next_job()
    answers.cancel()
    assert drawing.rest() == []
    assert engine.cancelled.get(timeout=PATIENCE) == job.request_id


def test_a_cancel_before_the_first_answer_is_asked_for_asks_nothing(pool: NodePool) -> None:
    answers = draw(pool, samples=2)
    answers.cancel()
    assert list(answers) == []


def test_a_node_is_not_left_alone_for_a_call_we_cancelled() -> None:
    engines = alike()
    with RunningNode(engines[0]) as one, RunningNode(engines[1]) as two, NodePool([one.address, two.address]) as pool:
        first = draw(pool, samples=1)
        drawing = Drawing(first)
        engines[0].next_job()
        first.cancel()
        drawing.rest()
        again = Drawing(draw(pool, samples=1))
        finish(engines[0].next_job())
        assert indices(again.rest()) == [0]


def test_a_deadline_that_passes_ends_the_answers_and_the_work(pool: NodePool, engine: ScriptedEngine) -> None:
    drawing = Drawing(draw(pool, samples=2, seconds=0.5))
    job = engine.next_job()
    job.on_sample(sample(0))
    assert indices(drawing.rest()) == [0]
    assert engine.cancelled.get(timeout=PATIENCE) == job.request_id


def test_nothing_is_asked_after_the_deadline(pool: NodePool) -> None:
    assert list(draw(pool, samples=2, seconds=0.0)) == []


def test_samples_are_spread_over_the_nodes() -> None:
    engines = alike()
    with RunningNode(engines[0]) as one, RunningNode(engines[1]) as two, NodePool([one.address, two.address]) as pool:
        drawing = Drawing(draw(pool, samples=10))
        jobs = [engine.next_job() for engine in engines]
        assert sorted((job.first_sample_index, job.num_samples) for job in jobs) == [(0, 5), (5, 5)]
        for job in jobs:
            finish(job)
        assert indices(drawing.rest()) == list(range(10))


def test_tests_are_asked_of_another_model_than_codes() -> None:
    engines = {name: ScriptedEngine(name=name) for name in ("one", "two")}
    nodes = [RunningNode(engine) for engine in engines.values()]
    with nodes[0], nodes[1], NodePool([node.address for node in nodes]) as pool:
        assert pool.model == "one (scripted), two (scripted)"
        assert pool.models == {"digest-of-one": "one (scripted)", "digest-of-two": "two (scripted)"}
        got = {}
        for kind in (QuestionKind.CODE, QuestionKind.TEST, QuestionKind.REPAIR):
            model = policy.preferred("shop:total", kind.value, pool.identities)
            drawing = Drawing(draw(pool, question(kind), samples=1))
            finish(engines[model.removeprefix("digest-of-")].next_job())
            ((_, answer),) = drawing.rest()
            got[kind] = answer.model
        assert got[QuestionKind.CODE] == got[QuestionKind.REPAIR] != got[QuestionKind.TEST]


def test_a_node_that_dies_leaves_only_its_missing_samples_to_another() -> None:
    engines = alike()
    with RunningNode(engines[0]) as one, RunningNode(engines[1]) as two, NodePool([one.address, two.address]) as pool:
        drawing = Drawing(draw(pool, samples=4))  # one chunk: all of it goes to the first node
        job = engines[0].next_job()
        for index in (0, 2):
            job.on_sample(sample(index))
        got = [drawing.next(), drawing.next()]
        one.kill()
        asked = []
        for _ in range(2):  # the hole, then the tail
            job = engines[1].next_job()
            asked.append((job.first_sample_index, job.num_samples))
            finish(job)
        assert sorted(asked) == [(1, 1), (3, 1)]
        assert indices(got + drawing.rest()) == [0, 1, 2, 3]
        again = Drawing(draw(pool, samples=4))  # the dead one is left alone for a while
        finish(engines[1].next_job())
        assert indices(again.rest()) == [0, 1, 2, 3]


def test_the_last_node_that_dies_is_an_error_that_names_it(engine: ScriptedEngine) -> None:
    with RunningNode(engine) as node, NodePool([node.address], tuning=Tuning(patience=0.1)) as pool:
        drawing = Drawing(draw(pool, samples=1))
        engine.next_job()
        node.kill()
        (error,) = drawing.rest()
        assert isinstance(error, NodeError)
        assert str(error).startswith(f"model node {node.address} ")


def test_an_engine_that_breaks_once_is_asked_again(pool: NodePool, engine: ScriptedEngine) -> None:
    drawing = Drawing(draw(pool, samples=2))
    job = engine.next_job()
    job.on_sample(sample(0))
    job.on_done(EngineError(ErrorKind.FAILED, "out of memory"))
    job = engine.next_job()
    assert (job.first_sample_index, job.num_samples) == (1, 1)
    job.on_done(EngineError(ErrorKind.FAILED, "out of memory again"))
    (_, answer), error = drawing.rest()
    assert answer.sample_index == 0
    assert isinstance(error, NodeError)
    assert "answered INTERNAL: out of memory again" in str(error)


def test_torsos_and_repeated_samples_are_not_answers(pool: NodePool, engine: ScriptedEngine) -> None:
    drawing = Drawing(draw(pool, samples=2))
    job = engine.next_job()
    job.on_sample(sample(0, "whole"))
    job.on_sample(sample(0, "twice"))
    job.on_sample(sample(1, "torso", reason=FinishReason.CANCELLED))
    job.on_done(Usage())
    job = engine.next_job()
    assert (job.first_sample_index, job.num_samples) == (1, 1)
    finish(job)
    assert sorted(answer.text for _, answer in drawing.rest()) == ["answer 1", "whole"]


def test_a_full_queue_is_waited_for(pool: NodePool, engine: ScriptedEngine) -> None:
    engine.refusals.extend(EngineError(ErrorKind.EXHAUSTED, "full") for _ in range(2))
    drawing = Drawing(draw(pool, samples=1))
    finish(engine.next_job())
    assert indices(drawing.rest()) == [0]


def test_a_queue_that_stays_full_ends_with_the_deadline(pool: NodePool, engine: ScriptedEngine) -> None:
    engine.refusals.extend(EngineError(ErrorKind.EXHAUSTED, "full") for _ in range(100))
    assert list(draw(pool, samples=1, seconds=0.6)) == []


def test_a_node_is_not_asked_for_more_than_its_queue_holds(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"kind": "code", "stub": "*", "text": "x"}\n{"kind": "judge", "stub": "*", "score": 0.5}\n')
    with RunningNode(ReplayEngine(file, max_queued=3)) as node, NodePool([node.address]) as pool:
        assert indices(list(draw(pool, samples=8))) == [*range(8)]
        assert pool.judge([question()] * 5, deadline_seconds=PATIENCE) == [0.5] * 5


def test_a_request_the_node_refuses_is_an_error_at_once(pool: NodePool, engine: ScriptedEngine) -> None:
    engine.refusals.append(EngineError(ErrorKind.INVALID, "the prompt has 2000 tokens; shorten it"))
    with pytest.raises(NodeError, match="answered INVALID_ARGUMENT: the prompt has 2000 tokens; shorten it"):
        list(draw(pool, samples=1))


def test_a_question_without_a_line_yields_nothing_and_is_noted(replay: NodePool) -> None:
    known, unknown = question(), question(stub="shop:other")
    got = list(draw(replay, known, unknown, samples=2))
    assert sorted((index, answer.text) for index, answer in got) == [(0, "```\nreturn 1"), (0, "```\nreturn 2")]
    assert replay.exhausted(unknown)
    assert not replay.exhausted(known)


def test_a_question_is_exhausted_only_when_every_node_has_declined(pool: NodePool, engine: ScriptedEngine) -> None:
    other = ScriptedEngine(name="other")
    with RunningNode(engine) as one, RunningNode(other) as two, NodePool([one.address, two.address]) as both:
        engine.refusals.append(EngineError(ErrorKind.NOT_FOUND, "no line"))
        drawing = Drawing(draw(both, samples=1))
        finish(other.next_job())
        assert indices(drawing.rest()) == [0]
        assert not both.exhausted(question())


def test_judge_gives_a_score_a_question(replay: NodePool) -> None:
    asked = [question(QuestionKind.JUDGE), question(QuestionKind.JUDGE, "m:g")]
    assert replay.judge(asked, deadline_seconds=PATIENCE) == [0.75, 0.75]


def test_judge_moves_on_to_another_node(engine: ScriptedEngine) -> None:
    other = ScriptedEngine(name="other")
    with RunningNode(engine) as one, RunningNode(other) as two, NodePool([one.address, two.address]) as pool:
        engine.refusals.append(EngineError(ErrorKind.FAILED, "broke"))
        scores: queue.Queue[Any] = queue.Queue()
        asked = [question(QuestionKind.JUDGE)]
        threading.Thread(target=lambda: scores.put(pool.judge(asked, deadline_seconds=PATIENCE)), daemon=True).start()
        other.next_job().on_done(((Judgement(score=0.5, answer_mass=1.0),), Usage()))
        assert scores.get(timeout=PATIENCE) == [0.5]


def test_judge_without_a_line_says_so(pool: NodePool, engine: ScriptedEngine) -> None:
    engine.refusals.append(EngineError(ErrorKind.NOT_FOUND, "no line"))
    with pytest.raises(NoAnswer, match="kind 'judge' for shop:total"):
        pool.judge([question(QuestionKind.JUDGE)], deadline_seconds=PATIENCE)


def test_judge_out_of_time_says_so(pool: NodePool) -> None:
    with pytest.raises(NodeError, match="does not answer in time"):
        pool.judge([question(QuestionKind.JUDGE)], deadline_seconds=0.2)


def test_many_threads_share_one_pool(replay: NodePool) -> None:
    got: queue.Queue[list[int]] = queue.Queue()
    threads = [threading.Thread(target=lambda: got.put(indices(list(draw(replay, samples=9))))) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert [got.get(timeout=PATIENCE) for _ in threads] == [list(range(9))] * 8


def test_the_context_is_that_of_the_smallest_node(pool: NodePool) -> None:
    assert pool.max_context_tokens == 1000
    assert pool.model == "scripted (scripted)"


def test_a_node_that_is_down_is_told_with_the_command_that_starts_it() -> None:
    node = RunningNode(ScriptedEngine())
    node.open()
    node.kill()
    with pytest.raises(NodeError) as caught, NodePool([node.address]):
        pass
    assert str(caught.value) == f'model node {node.address} is not reachable; start it with "supercharger-node"'


def test_a_node_that_still_loads_says_so(engine: ScriptedEngine) -> None:
    node = RunningNode(engine)
    node.open()
    with pytest.raises(NodeError, match=f"^model node {node.address} is loading its model; "), NodePool([node.address]):
        pass
    node.kill()


def test_the_token_is_sent_and_a_wrong_one_is_told(engine: ScriptedEngine) -> None:
    with RunningNode(engine, token="secret") as node:
        with NodePool([node.address], token="secret") as pool:
            assert pool.model == "scripted (scripted)"
        with pytest.raises(NodeError, match="refuses the token; set SUPERCHARGER_NODE_TOKEN"), NodePool([node.address]):
            pass


def test_mutual_tls_works_and_plain_text_does_not(engine: ScriptedEngine) -> None:
    identity = NodeTls(
        certificate=(CASES / "node.pem").read_bytes(),
        key=(CASES / "node.key").read_bytes(),
        client_ca=(CASES / "ca.pem").read_bytes(),
    )
    mine = Tls(ca=CASES / "ca.pem", certificate=CASES / "client.pem", key=CASES / "client.key")
    with RunningNode(engine, tls=identity) as node:
        with NodePool([node.address], tls=mine) as pool:
            assert pool.max_context_tokens == 1000
        stranger = NodePool([node.address])
        with pytest.raises(NodeError, match="hangs up before it answers; where it asks for TLS"):
            stranger.connect()
        stranger.close()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"ca": "other-ca.pem"}, "shows a certificate of an unknown authority; set SUPERCHARGER_NODE_CA"),
        ({"ca": "ca.pem"}, "hangs up before it answers; .* SUPERCHARGER_NODE_CERT and SUPERCHARGER_NODE_KEY"),
        (
            {"ca": "ca.pem", "certificate": "other-client.pem", "key": "other-client.key"},
            "hangs up before it answers; .* signed by the authority that it knows",
        ),
    ],
)
def test_a_wrong_certificate_is_told(engine: ScriptedEngine, files: dict[str, str], words: str) -> None:
    certificate, key, ca = ((CASES / name).read_bytes() for name in ("node.pem", "node.key", "ca.pem"))
    tls = Tls(**{name: CASES / file for name, file in files.items()})
    with RunningNode(engine, tls=NodeTls(certificate=certificate, key=key, client_ca=ca)) as node:
        pool = NodePool([node.address], tls=tls)
        with pytest.raises(NodeError, match=f"^model node {node.address} {words}"):
            pool.connect()
        pool.close()


def test_tls_with_a_node_that_has_none_is_told(engine: ScriptedEngine) -> None:
    with RunningNode(engine) as node:
        stranger = NodePool([node.address], tls=Tls(ca=CASES / "ca.pem"))
        with pytest.raises(NodeError, match="answers without TLS; unset SUPERCHARGER_NODE_CA"):
            stranger.connect()
        stranger.close()


def test_a_question_of_100_megabytes_is_told(pool: NodePool) -> None:
    asked = replace(question(), user="x" * 100_000_000)
    with pytest.raises(NodeError, match=r"takes messages of at most 16 MiB .*; shorten the code"):
        list(draw(pool, asked, samples=1))


def come_back(node: RunningNode, engine: ScriptedEngine, **settings: Any) -> RunningNode:
    """Another node at the same address."""
    node.kill()
    return RunningNode(engine, port=node.port, **settings)


def test_a_token_that_is_no_longer_good_is_told_and_ends_the_question(engine: ScriptedEngine) -> None:
    tuning = Tuning(pause=0.01, patience=PATIENCE)
    with RunningNode(engine, token="old") as node, NodePool([node.address], token="old", tuning=tuning) as pool:
        drawing = Drawing(draw(pool, samples=1))
        engine.next_job()
        with come_back(node, ScriptedEngine(), token="new"):
            (error,) = drawing.rest()
    assert str(error) == (
        f"model node {node.address} refuses the token; set SUPERCHARGER_NODE_TOKEN to the one the node was started with"
    )


def test_a_node_that_comes_back_with_another_model_is_asked_nothing(engine: ScriptedEngine) -> None:
    other = ScriptedEngine(name="other")
    tuning = Tuning(pause=0.01, patience=PATIENCE)
    with RunningNode(engine) as node, NodePool([node.address], tuning=tuning) as pool:
        drawing = Drawing(draw(pool, samples=1))
        engine.next_job()
        with come_back(node, other):
            (error,) = drawing.rest()
            assert other._jobs.empty()
    said = f"model node {node.address} has the model digest-of-ot (other (scripted)), this run has digest-of-sc; "
    assert str(error) == said + "start it with that model, or start a run of its own"


def test_a_node_that_comes_back_with_the_same_model_goes_on(engine: ScriptedEngine) -> None:
    tuning = Tuning(pause=0.01, patience=PATIENCE)
    with RunningNode(engine) as node, NodePool([node.address], tuning=tuning) as pool:
        drawing = Drawing(draw(pool, samples=2))
        engine.next_job().on_sample(sample(0))
        got = [drawing.next()]
        again = ScriptedEngine()
        with come_back(node, again):
            finish(again.next_job())
            assert indices(got + drawing.rest()) == [0, 1]


def test_a_node_of_another_protocol_is_refused_with_both_numbers(
    engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "_PROTOCOL", 2)
    with (
        RunningNode(engine) as node,
        pytest.raises(
            NodeError, match=f"^model node {node.address} speaks protocol 2, this plugin 1; upgrade the plug"
        ),
        NodePool([node.address]),
    ):
        pass


def test_one_node_of_several_that_cannot_be_used_is_a_remark(pool: NodePool, engine: ScriptedEngine) -> None:
    with RunningNode(engine) as node, NodePool([node.address, "127.0.0.1:1"]) as both:
        assert both.problems == ['model node 127.0.0.1:1 is not reachable; start it with "supercharger-node"']
        drawing = Drawing(draw(both, samples=1))
        finish(engine.next_job())
        assert indices(drawing.rest()) == [0]


@pytest.mark.parametrize(
    "address", ["", "localhost", "localhost:", ":50051", "host:0", "host:70000", "http://a:1", "a b:1"]
)
def test_an_address_that_is_none_is_told(address: str) -> None:
    with pytest.raises(SettingsError, match=r"is not HOST:PORT; write it like 127\.0\.0\.1:50051"):
        NodePool([address])


@pytest.mark.parametrize("address", ["localhost:50051", "127.0.0.1:1", "[::1]:50051", "node-1.lan:65535", "my_node:5"])
def test_an_address_that_is_one_is_taken(address: str) -> None:
    NodePool([address]).close()


def test_no_address_at_all_is_told() -> None:
    with pytest.raises(SettingsError, match="--supercharge-node HOST:PORT"):
        NodePool([])


def test_a_tls_file_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nope\.pem cannot be read"):
        NodePool(["localhost:1"], tls=Tls(ca=tmp_path / "nope.pem"))
    with pytest.raises(SettingsError, match="give both"):
        NodePool(["localhost:1"], tls=Tls(key=CASES / "client.key"))


def test_a_judge_question_to_a_closed_pool_ends(engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_supercharger.client._SLACK_SECONDS", 0.0)
    with RunningNode(engine) as node:
        pool = NodePool([node.address])
        pool.connect()
        pool.close()
        with pytest.raises(NodeError, match="the pool of model nodes is closed"):
            pool.judge([question()], deadline_seconds=0.1)
