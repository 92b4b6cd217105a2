"""The command `supercharger-node` as a user and a supervisor see it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from nodes import PATIENCE, RunningNode, ScriptedEngine

from model_node.v1 import model_node_pb2 as pb
from model_node.v1 import model_node_pb2_grpc as pb_grpc

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"kind": "code", "stub": "*", "text": "return 1"}\n')
    return file


@pytest.fixture
def start() -> Iterator[Any]:
    started = []

    def run(*arguments: str | Path, env: dict[str, str] | None = None, before: str = "") -> subprocess.Popen[str]:
        code = f"{before}\nimport sys; from model_node.__main__ import main; sys.exit(main())"
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def request() -> pb.GenerateRequest:
    prompt = pb.Prompt(text="SECRET", kind="code", subject="shop:total")
    params = pb.SamplingParams(max_new_tokens=1)
    return pb.GenerateRequest(request_id="r", prompts=[prompt], num_samples=1, params=params)


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    match = re.fullmatch(r"listening on (127\.0\.0\.1:\d+)\n", process.stdout.readline())
    assert match is not None
    return match[1]


def failure(process: subprocess.Popen[str]) -> str:
    """The one line of a command that cannot start."""
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2, err
    assert out == ""
    assert err.startswith("supercharger-node: ")
    assert err.count("\n") == 1
    return err.strip()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_serves_and_ends_in_order(start: Any, answers: Path, number: signal.Signals) -> None:
    process = start("--engine", "replay", "--replay", answers, "--port", "0")
    with grpc.insecure_channel(address_of(process)) as channel:
        info = pb_grpc.ModelNodeStub(channel).GetInfo(pb.GetInfoRequest(), timeout=PATIENCE)
    assert info.backend == "replay"
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (0, "", "")


def test_requests_are_logged_on_stderr(start: Any, answers: Path) -> None:
    process = start("--engine", "replay", "--replay", answers, "--port", "0")
    with grpc.insecure_channel(address_of(process)) as channel:
        list(pb_grpc.ModelNodeStub(channel).Generate(request(), timeout=PATIENCE))
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE)
    assert "generate kind=code subject=shop:total prompts=1 samples=1/1 tokens=2" in err
    assert "SECRET" not in err


def test_the_replay_engine_needs_no_torch(start: Any, answers: Path) -> None:
    block = "import sys; sys.modules.update(dict.fromkeys(('torch', 'transformers', 'numpy')))"
    process = start("--engine", "replay", "--replay", answers, "--port", "0", before=block)
    assert address_of(process)


def test_a_closed_stdin_ends_it_where_it_was_asked_to(start: Any, answers: Path) -> None:
    process = start("--engine", "replay", "--replay", answers, "--port", "0", "--exit-with-parent")
    address_of(process)
    process.communicate(timeout=PATIENCE)  # closes stdin first
    assert process.returncode == 0


def test_the_token_comes_from_the_environment_or_a_file(start: Any, answers: Path, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from-file\n")
    env = {"SUPERCHARGER_NODE_TOKEN": "from-environment"}
    for more, token in (((), "from-environment"), (("--token-file", file), "from-file")):
        process = start("--engine", "replay", "--replay", answers, "--port", "0", *more, env=env)
        with grpc.insecure_channel(address_of(process)) as channel:
            metadata = (("authorization", f"Bearer {token}"),)
            assert pb_grpc.ModelNodeStub(channel).GetInfo(pb.GetInfoRequest(), timeout=PATIENCE, metadata=metadata)


def test_a_port_that_is_taken_is_told(start: Any, answers: Path) -> None:
    with RunningNode(ScriptedEngine()) as node:
        said = failure(start("--engine", "replay", "--replay", answers, "--port", str(node.port)))
    assert f"address 127.0.0.1:{node.port} cannot be bound" in said


FETCHES_NOTHING = "import model_node.models as models; models.resolve = lambda *_: sys.exit('asked for the model')"


def test_a_port_that_is_taken_is_told_before_a_model_is_fetched(start: Any) -> None:
    with RunningNode(ScriptedEngine()) as node:
        said = failure(start("--port", str(node.port), before=f"import sys; {FETCHES_NOTHING}"))
    assert f"address 127.0.0.1:{node.port} cannot be bound: Address already in use" in said


def test_fetch_prints_the_folder_of_the_model_and_ends(start: Any, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"")
    with RunningNode(ScriptedEngine()) as node:  # a taken port is of no interest
        process = start("--fetch", "--model", tmp_path, "--port", str(node.port))
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (0, f"{tmp_path}\n", "")


def test_fetch_brings_the_default_model_into_the_cache(start: Any, tmp_path: Path) -> None:
    build = (
        "import model_node.models as models\n"
        "def build(folder, downloads, report):\n"
        "    folder.mkdir()\n"
        "    report('building')\n"
        "    (folder / 'source.json').write_text('{}')\n"
        "models._build = build"
    )
    process = start("--fetch", env={"SUPERCHARGER_CACHE": str(tmp_path)}, before=build)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "building\n")
    assert Path(out.strip()).parent == tmp_path / "models"
    assert (Path(out.strip()) / "source.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--engine", "oracle"), "invalid choice: 'oracle'"),
        (("--engine", "replay"), "--engine replay and --replay FILE go together"),
        (("--replay", "answers.jsonl"), "--engine replay and --replay FILE go together"),
        (("--engine", "replay", "--replay", "nope.jsonl"), "replay file nope.jsonl cannot be read: No such file"),
        (("--engine", "replay", "--replay", "."), "replay file . cannot be read: Is a directory"),
        (("--port", "70000"), "port 70000 does not exist"),
        (("--port", "http"), "invalid int value: 'http'"),
        (("--max-batch", "0"), "'0' is not a number above 0"),
        (("--token-file", "nope"), "file nope cannot be read"),
        (("--tls-cert", "cert.pem"), "give both --tls-cert and --tls-key"),
        (("--host", "0.0.0.0"), "host 0.0.0.0 can be reached from other machines"),
        (("--host", "::"), "host :: can be reached from other machines"),
        (("--host", "192.0.2.1", "--insecure"), "address 192.0.2.1:0 cannot be bound"),
        (("--host", "no.such.invalid", "--insecure"), "host no.such.invalid is unknown"),
        (("--fetch", "--model", "nope"), 'model "nope" is neither a folder nor a hub id'),
        (("--model", "/no/such/folder"), 'model folder "/no/such/folder" does not exist; give --model'),
        (("--model", "no/such.gguf"), 'model file "no/such.gguf" does not exist; give --model'),
        (("--model", "qwen2.5-coder-99b"), 'model "qwen2.5-coder-99b" is neither a folder nor a hub id; use "auto"'),
        (("--model", "no-such-owner/model"), 'model "no-such-owner/model" cannot be had'),
        (("--fetch", "--engine", "replay", "--replay", "x"), "--fetch brings a model and --engine replay needs none"),
        (("--engine", "openai"), "--engine openai and --base-url URL go together"),
        (("--engine", "openai", "--base-url", "ftp://x"), "base URL 'ftp://x' is no http address"),
        (("--engine", "openai", "--base-url", "http://a:b@x/v1"), "base URL of x holds a password"),
        (("--engine", "openai", "--base-url", "http://127.0.0.1:1/v1"), "the node cannot reach http://127.0.0.1:1/v1"),
    ],
)
def test_a_wrong_command_line_is_told_in_one_line(start: Any, arguments: tuple[str, ...], words: str) -> None:
    assert words in failure(start("--port", "0", *arguments, env={"HF_HUB_OFFLINE": "1"}))


def test_a_bad_line_of_the_replay_file_is_told_with_its_number(start: Any, answers: Path) -> None:
    answers.write_text(answers.read_text() + '{"kind": "code"}\n')
    said = failure(start("--engine", "replay", "--replay", answers, "--port", "0"))
    assert f'replay file {answers}:2: "stub" is None' in said


@pytest.mark.parametrize("missing", ["grpc_health", "torch"])
def test_a_missing_extra_is_told_with_the_command_that_brings_it(start: Any, answers: Path, missing: str) -> None:
    hook = (
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] == {missing!r}:\n"
        f"            raise ModuleNotFoundError('No module', name={missing!r})\n"
        "sys.meta_path.insert(0, Missing())"
    )
    arguments = ("--engine", "replay", "--replay", answers) if missing == "grpc_health" else ()
    said = failure(start("--port", "0", *arguments, before=hook))
    assert said == f'supercharger-node: {missing} is not installed; run: pip install "pytest-supercharger[node]"'


def test_a_node_that_still_loads_ends_at_once(start: Any, answers: Path) -> None:
    # The model never gets loaded: the load says so and waits for ever.
    slow = (
        "import threading, model_node.engine.replay as replay\n"
        "def load(engine):\n"
        "    print('loading', flush=True)\n"
        "    threading.Event().wait()\n"
        "replay.ReplayEngine.start = load"
    )
    process = start("--engine", "replay", "--replay", answers, "--port", "0", before=slow)
    assert process.stdout.readline() == "loading\n"
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (0, "", "")


# An engine that ends on the first request that it gets.
ENDS = """
import threading
from model_node.engine import replay
from model_node.engine.failures import fatal

def submit(engine, job):
    threading.Thread(target=lambda: engine.on_failure(fatal(RuntimeError("the driver is gone")))).start()

replay.ReplayEngine.submit = submit
"""


def test_a_node_whose_engine_has_ended_says_so_and_ends(start: Any, answers: Path) -> None:
    node = start("--engine", "replay", "--replay", answers, "--port", "0", "--grace", "0", before=ENDS)
    with grpc.insecure_channel(address_of(node)) as channel, pytest.raises(grpc.RpcError) as ended:
        list(pb_grpc.ModelNodeStub(channel).Generate(request(), timeout=PATIENCE))
    assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
    _, said = node.communicate(timeout=PATIENCE)
    assert node.returncode == 1
    assert said.splitlines()[-1] == (
        "supercharger-node: the node has lost its engine (RuntimeError) and stops; "
        "see its log, start it again or ask another node"
    )
