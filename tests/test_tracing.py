"""Traces of a run: one trace through plugin and node, in figures only, and no run that they change."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from contextlib import closing
from pathlib import Path

import grpc
import pytest
from collector import Collector, figures
from fakes import CODES, STUB, TESTS, agreeable
from nodes import RunningNode, question
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from model_node.engine.replay import ReplayEngine
from model_node.traces import Traces
from model_node.v1.model_node_pb2 import JudgeRequest
from model_node.v1.model_node_pb2_grpc import ModelNodeStub
from pytest_supercharger import tracing
from pytest_supercharger.client import NodePool
from pytest_supercharger.domain import GeneratedTest
from pytest_supercharger.errors import NodeError
from pytest_supercharger.localnode import LocalNode
from pytest_supercharger.sandbox.traced import Traced
from pytest_supercharger.telemetry import Telemetry

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def answers(tmp_path):
    """A file of answers for the stub of `fakes`."""
    lines = [{"kind": "code", "stub": "*", "text": f"```python\n{text}```\n"} for text in CODES]
    lines += [{"kind": "test", "stub": "*", "text": f"```python\n{text}```\n"} for text in TESTS]
    lines.append({"kind": "judge", "stub": "*", "score": 0.5})
    file = tmp_path / "answers.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    return file


@pytest.fixture
def replay(answers):
    """An engine that gives them."""
    return ReplayEngine(answers)


@pytest.fixture
def project(pytester, monkeypatch):
    """A project with one stub, in a sandbox that accepts; nothing is inherited from the run that runs us."""
    for name in [name for name in os.environ if name.startswith("OTEL_")] + ["PYTEST_SUPERCHARGE_FILLED"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pytest_supercharger.run.Run._sandbox", lambda self, project: agreeable())
    (pytester.path / "calc.py").write_text(STUB)
    return pytester


def run(project, monkeypatch, answers, collector):
    """A run with one node in a process of its own, both traced by this collector."""
    for name, value in collector.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    command = [sys.executable, "-m", "model_node", "--engine", "replay", "--replay", str(answers), "--port", "0"]
    with LocalNode(command, report=print) as node:
        return project.runpytest("--supercharge", "--supercharge-node", node.address)


def test_a_run_is_one_trace_through_plugin_node_and_sandbox_without_a_word_of_any_code(project, monkeypatch, answers):
    with Collector() as collector:
        result = run(project, monkeypatch, answers, collector)
    assert result.ret == 0
    assert "traces" not in result.stdout.str().replace("test_tracing", "")
    assert len({span.trace_id for _, span in collector.spans}) == 1
    names = {span.span_id: span.name for _, span in collector.spans}
    ways = {(names.get(span.parent_span_id, ""), span.name) for _, span in collector.spans}
    assert ways == {
        ("", "pytest --supercharge"),
        ("pytest --supercharge", "gate"),
        ("pytest --supercharge", "sandbox tests"),
        ("pytest --supercharge", "stub"),
        ("pytest --supercharge", "write"),
        ("stub", "model request"),
        ("stub", "sandbox probe"),
        ("stub", "sandbox split"),
        ("stub", "sandbox tests"),
        ("model request", "generate"),
    }
    assert {service for service, _ in collector.spans} == {"pytest-supercharger", "supercharger-node"}
    (stub,) = collector.named("stub")
    assert {"stub": "calc:double", "decision": "accepted"}.items() <= figures(stub).items()
    asked, answered = (collector.named(name) for name in ("model request", "generate"))
    assert sum(figures(span)["answered"] for span in asked) == sum(figures(span)["samples"] for span in answered)
    assert figures(answered[0])["status"] == "OK"
    assert figures(answered[0])["gen_ai.usage.output_tokens"] > 0
    pairs = [figures(span) for span in collector.named("sandbox tests")]
    assert all(said["pairs"] == sum(said[key] for key in said if key.startswith("results.")) for said in pairs)
    sent = collector.raw.replace(b"telemetry.sdk.language\x12\x08\n\x06python", b"")
    assert b"calc:double" in sent
    for text in (b"return", b"assert", b"import", b"twice", b"def ", b"test_one", b"x * 2", b"python"):
        assert text not in sent  # of prompts, code and tests


def test_a_collector_that_refuses_changes_no_run(project, monkeypatch, answers):
    with Collector(status=400) as collector:
        result = run(project, monkeypatch, answers, collector)
    assert result.ret == 0
    (line,) = (line for line in result.stdout.lines if "traces" in line)
    assert line.startswith("supercharge: traces were not all sent: Failed to export")
    assert logging.getLogger("opentelemetry").propagate


def test_a_collector_that_never_answers_does_not_hold_the_end_and_is_not_heard_of_later(monkeypatch, caplog):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.1")
    with Collector(status=0) as collector:
        for name, value in collector.environment.items():
            monkeypatch.setenv(name, value)
        telemetry = Telemetry.of("plugin", os.environ, quiet=True, flush_seconds=0.01)
        with telemetry.root("run"):
            pass
        assert telemetry.close() == "traces were not all sent: the collector does not answer in time"
        logging.getLogger("opentelemetry.sdk").warning("of the user's own code")
        (closing,) = (thread for thread in threading.enumerate() if thread.name == "traces")
        closing.join(20)
    assert caplog.messages == ["of the user's own code"]  # and nothing of the threads that gave up after the run
    assert telemetry._hush.first
    assert logging.getLogger("opentelemetry").propagate


def test_what_is_left_of_a_trace_has_three_seconds_as_the_docs_say():
    assert Telemetry("test", [])._flush_seconds == 3


def test_without_the_extra_a_run_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "pytest_supercharger.telemetry")
    monkeypatch.setitem(sys.modules, "opentelemetry.context", None)
    said = []
    with tracing.run("run", {"OTEL_TRACES_EXPORTER": "otlp"}, said.append) as span:
        assert span.carrier == ()
    assert said == [
        "no traces: variables of OpenTelemetry ask for them, but opentelemetry.context is not installed; "
        'run: pip install "pytest-supercharger[traces]"'
    ]


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_SERVICE_NAME": "x"},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"},
        {"OTEL_SDK_DISABLED": "True", "OTEL_TRACES_EXPORTER": "otlp"},
    ],
)
def test_nobody_is_traced_who_does_not_ask_for_it(environment):
    assert tracing.source("x", environment, pytest.fail) is None


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({"OTEL_TRACES_EXPORTER": "pigeon"}, "'pigeon'"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "pigeon"}, "'otlp over pigeon'"),
    ],
)
def test_an_exporter_that_is_not_there_is_told(environment, wanted):
    said = []
    assert tracing.source("x", environment, said.append) is None
    assert said == [
        f"no traces: no exporter {wanted} is installed; install it, or set OTEL_TRACES_EXPORTER to none",
    ]


def test_the_name_of_the_service_is_the_users_where_there_is_one(monkeypatch):
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=shop-ci")
    with closing(Telemetry.of("plugin", {**os.environ, "OTEL_TRACES_EXPORTER": "otlp"}, quiet=True)) as telemetry:
        assert telemetry._provider.resource.attributes["service.name"] == "shop-ci"


@pytest.fixture
def memory():
    """An exporter that keeps the spans, and what sends them there."""
    exporter = InMemorySpanExporter()
    telemetry = Telemetry("test", [exporter])
    yield exporter, telemetry
    telemetry.close()


def test_what_a_node_is_asked_belongs_to_the_stub_of_its_question(memory, replay):
    exporter, telemetry = memory
    with RunningNode(replay, traces=Traces(telemetry)) as node, NodePool([node.address]) as pool:
        with telemetry.root("run") as root, tracing.under(root), tracing.span("one"):
            assert len([*pool.generate([question()], samples=2, deadline_seconds=20)]) == 2
        with telemetry.root("other") as root, tracing.under(root):
            pool.judge([question()], deadline_seconds=20)
        pool.judge([question()], deadline_seconds=20)
    telemetry._provider.force_flush()
    spans = exporter.get_finished_spans()
    by_id = {span.context.span_id: span.name for span in spans}
    ways = sorted((by_id.get(span.parent.span_id) if span.parent else None, span.name) for span in spans if span.parent)
    assert ways == [("model request", "generate"), ("model request", "judge"), ("one", "model request"), *ways[3:]]
    assert ways[3:] == [("other", "model request"), ("run", "one")]
    assert [span.name for span in spans if span.parent is None].count("judge") == 1  # of one who is not traced
    (generate,) = (span for span in spans if span.name == "generate")
    assert generate.attributes["gen_ai.response.finish_reasons"] == ("eos", "eos")
    assert generate.attributes["supercharger.queue_seconds"] >= 0


def test_a_request_to_a_node_that_still_loads_is_a_span_as_well(memory, replay):
    exporter, telemetry = memory
    node = RunningNode(replay, traces=Traces(telemetry))
    node.open()
    node.engine.info = None  # there is nothing to say before the model is loaded
    with pytest.raises(NodeError, match="is loading its model"), NodePool([node.address]):
        pass
    with grpc.insecure_channel(node.address) as channel, pytest.raises(grpc.RpcError, match="is loading its model"):
        ModelNodeStub(channel).Judge(JudgeRequest(request_id="early"), timeout=20)
    node.kill()
    telemetry._provider.force_flush()
    (span,) = exporter.get_finished_spans()
    assert span.attributes["supercharger.status"] == "UNAVAILABLE"


def test_no_job_of_the_sandbox_knows_its_trace(memory):
    _, telemetry = memory
    sandbox = agreeable()
    test = GeneratedTest(id="t", name="test_t", source="def test_t(): ...")
    with telemetry.root("run") as root, tracing.under(root):
        Traced(sandbox).run_tests({"a.py": b""}, [test])
        _, trace, span, _ = root.carrier[0][1].split("-")
    assert trace not in repr(sandbox.calls)
    assert span not in repr(sandbox.calls)


def test_an_error_in_a_span_is_told_by_its_type_alone(memory):
    exporter, telemetry = memory
    secret = pytest.raises(ValueError, match="SECRET")
    with telemetry.root("run") as root, secret, tracing.under(root), tracing.span("inner"):
        raise ValueError("SECRET")
    telemetry._provider.force_flush()
    inner, *_ = exporter.get_finished_spans()
    assert inner.status.description == "ValueError"
    assert "SECRET" not in inner.to_json()
