"""A real Ray Serve with two replicas, started once as a user starts it; what they answer is in the test's hand."""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from commands import Process, environment
from nodes import PATIENCE, question
from openai_server import Answer, Body, OpenAIServer, stream, whole
from replay import AREA, GOOD, TESTS, decisions, fenced

from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc
from pytest_supercharger.client import NodePool

pytestmark = pytest.mark.ray

TOKEN = "ray-secret"


class Serve:
    """The command, the server behind its engines, and a stub of the ingress."""

    def __init__(self, process: Process, server: OpenAIServer, channel: Any, address: str) -> None:
        self.process, self.server, self.channel, self.address = process, server, channel, address
        self.stub = pb_grpc.ModelNodeStub(channel)
        self.token = (("authorization", f"Bearer {TOKEN}"),)

    def generate(self, name: str, samples: int = 2, **more: Any) -> Any:
        chat = pb.Chat(messages=[pb.ChatMessage(role=pb.ROLE_USER, text="Write total.")])
        prompts = [pb.Prompt(chat=chat, kind="code", subject="shop:total")]
        seconds = more.pop("timeout", PATIENCE)
        params = pb.SamplingParams(max_new_tokens=8)
        request = pb.GenerateRequest(request_id=name, prompts=prompts, num_samples=samples, params=params, **more)
        return self.stub.Generate(request, timeout=seconds, metadata=self.token)

    def hang(self, *answered: str) -> None:
        """Let the next request give these samples and then say no more."""
        self.server.reached.clear()
        self.server.left.clear()
        events = ((place, text, "stop") for place, text in enumerate(answered))
        self.server.script.append(stream(*events, hangs=True))


@pytest.fixture(scope="module")
def serve() -> Iterator[Serve]:
    flags = ["--ray", "--replicas", "2", "--insecure", "--port", "0", "--grace", "1", "--engine", "openai"]
    env = environment() | {"SUPERCHARGER_NODE_TOKEN": TOKEN}
    with OpenAIServer() as server:
        command = [sys.executable, "-u", "-m", "model_node", *flags, "--base-url", server.url, "--model", "tiny"]
        with Process(command, env=env) as process:
            address = process.until("listening on").split()[-1]
            reader = threading.Thread(target=process.end, daemon=True)  # a full pipe would stop Ray
            reader.start()
            with grpc.insecure_channel(address) as channel:
                yield Serve(process, server, channel, address)
            started = descendants(process.pid)
            process.signal(signal.SIGTERM)
            reader.join(PATIENCE)
    assert len(started) > 5
    assert [name for pid, name in started.items() if name_of(pid) == name] == []  # nothing of Ray is left behind


def name_of(pid: int) -> str:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # A process that has ended and waits for its parent to notice is no process any more.
    return "" if text.rpartition(")")[2].split()[0] == "Z" else text[text.index("(") + 1 : text.rindex(")")]


def descendants(pid: int) -> dict[int, str]:
    """The processes below one, by id, with their names."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and name_of(int(entry.name)):
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found, todo = {}, [pid]
    while todo:
        parent = todo.pop()
        children = [child for child, its in parents.items() if its == parent]
        found |= {child: name_of(child) for child in children}
        todo += children
    return found


def owner_of(port: int, pids: dict[int, str]) -> int:
    """The process that holds the connection from this port."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{fields[9]}]" for fields in lines if fields[1].endswith(f":{port:04X}")}
    return next(pid for pid in pids if any(link in sockets for link in links_of(pid)))


def links_of(pid: int) -> Iterator[str]:
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            yield str(entry.readlink())
        except OSError:
            continue  # closed meanwhile


def test_every_method_answers_as_on_a_node_of_its_own(serve: Serve) -> None:
    events = [event.WhichOneof("event") for event in serve.generate("stream")]
    assert events == ["sample", "sample", "usage"]
    info = serve.stub.GetInfo(pb.GetInfoRequest(), metadata=serve.token)
    assert (info.model_id, info.backend) == ("tiny", "openai")
    assert serve.stub.GetLoad(pb.GetLoadRequest(), metadata=serve.token).free_samples > 0
    top = [{"token": token, "logprob": math.log(p)} for token, p in (("Yes", 0.6), ("No", 0.2))]
    serve.server.script.append(whole("x", logprobs={"content": [{"token": "x", "logprob": 0, "top_logprobs": top}]}))
    chat = pb.Chat(messages=[pb.ChatMessage(role=pb.ROLE_USER, text="Is it?")])
    request = pb.JudgeRequest(request_id="judge", prompts=[pb.Prompt(chat=chat)], binary=pb.BinaryScale())
    assert serve.stub.Judge(request, metadata=serve.token).judgements[0].score == pytest.approx(0.75)


def test_each_replica_has_its_share_of_the_cores(serve: Serve) -> None:
    share = max(1, len(os.sched_getaffinity(0)) // 2)
    replicas = [pid for pid, name in descendants(serve.process.pid).items() if name.startswith("ray::ServeRep")]
    assert len(replicas) == 2
    for pid in replicas:
        assert f"OMP_NUM_THREADS={share}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")


@pytest.mark.parametrize("metadata", [(), (("authorization", "Bearer wrong"),)])
def test_nobody_is_answered_without_the_token(serve: Serve, metadata: Any) -> None:
    for call in (
        lambda: serve.stub.GetInfo(pb.GetInfoRequest(), metadata=metadata),
        lambda: list(serve.stub.Generate(pb.GenerateRequest(request_id="x"), metadata=metadata)),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            call()
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_wrong_request_is_told_what_is_wrong_with_it(serve: Serve) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        list(serve.generate("none", samples=0))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "num_samples is 0" in caught.value.details()


def test_a_deadline_ends_the_work_in_the_replica_too(serve: Serve) -> None:
    serve.hang()
    with pytest.raises(grpc.RpcError) as caught:
        list(serve.generate("late", samples=1, timeout=1.0))
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert serve.server.left.wait(PATIENCE)


def test_a_cancelled_request_is_bounded_by_its_budget(serve: Serve) -> None:
    serve.hang("first")
    request = {"budget": {"seconds": 2}}
    call = serve.generate("cancelled", **request)
    assert next(call).sample.text == "first"
    call.cancel()  # just after a message, where Ray may lose it
    assert serve.server.left.wait(PATIENCE)


def test_a_replica_that_is_killed_loses_nothing(serve: Serve) -> None:
    serve.hang("first")
    with NodePool([serve.address], token=TOKEN) as pool:
        answers = pool.generate([question()], samples=3, deadline_seconds=PATIENCE)
        found = [next(answers)[1]]
        assert serve.server.reached.wait(PATIENCE)
        os.kill(owner_of(serve.server.hanging, descendants(serve.process.pid)), signal.SIGKILL)
        found += [answer for _, answer in answers]
    assert sorted(answer.sample_index for answer in found) == [0, 1, 2]
    assert found[0].text == "first"


@pytest.mark.docker
def test_a_run_through_it_ends_like_any_other(serve: Serve, pytester: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPERCHARGER_NODE_TOKEN", TOKEN)
    monkeypatch.setattr(serve.server, "default", written())
    (pytester.path / "shapes.py").write_text(AREA)
    report = pytester.path / "decisions.json"
    result = pytester.runpytest_subprocess(
        "--supercharge", "--supercharge-node", serve.address, f"--supercharge-json={report}"
    )
    assert result.ret == 0, result.stdout.str()
    assert decisions(report)["shapes:area"]["decision"] == "accepted"


def written() -> Any:
    """What a good model writes: codes and tests, each kind round and round."""
    counts = {"code": 0, "test": 0}

    def answer(body: Body) -> Answer:
        kind, texts = ("test", TESTS) if "def test_" in json.dumps(body["messages"]) else ("code", GOOD)
        first, count = counts[kind], body.get("n", 1)
        counts[kind] += count
        return whole(*(fenced(texts[place % len(texts)]) for place in range(first, first + count)))

    return answer
