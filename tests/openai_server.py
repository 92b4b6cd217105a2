"""A small OpenAI-compatible server on a free port: each request gets the next answer of a script."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One HTTP answer; `hangs` never comes to an end."""

    status: int = 200
    content: bytes = b""
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False


def whole(*texts: str, reason: str | None = "stop", **more: Any) -> Answer:
    """All choices in one JSON object."""
    choices = [
        {"index": place, "message": {"role": "assistant", "content": text}, "finish_reason": reason, **more}
        for place, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 10, "completion_tokens": 4 * len(texts)}
    return Answer(content=json.dumps({"choices": choices, "usage": usage}, ensure_ascii=False).encode())


def stream(*pieces: tuple[int, str | None, str | None], hangs: bool = False) -> Answer:
    """Events of (choice index, piece of text, finish reason)."""
    events = [
        {"choices": [{"index": index, "delta": {"content": text}, "finish_reason": reason}]}
        for index, text, reason in pieces
    ]
    events.append({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": len(pieces)}})
    lines = [f"data: {json.dumps(event, ensure_ascii=False)}\n\n" for event in events]
    end = [] if hangs else ["data: [DONE]\n\n"]
    return Answer(content="".join(lines + end).encode(), kind="text/event-stream", hangs=hangs)


def error(status: int, message: str, *, headers: dict[str, str] | None = None, **more: Any) -> Answer:
    content = json.dumps({"error": {"message": message, **more}}).encode()
    return Answer(status=status, content=content, headers=headers or {})


class OpenAIServer:
    """Serves `script` in order, then `default`; keeps what it was asked."""

    def __init__(self, default: Callable[[Body], Answer] | None = None) -> None:
        self.script: deque[Answer | Callable[[Body], Answer]] = deque()
        self.default = default or (lambda body: whole(*(f"answer {place}" for place in range(body.get("n", 1)))))
        self.models: Sequence[Body] = ({"id": "tiny", "max_model_len": 4096},)
        self.asked: list[tuple[str, Body]] = []
        self.keys: list[str | None] = []
        self.reached = threading.Event()  # a request hangs
        self.hanging = 0  # the client's port of the last request that hung
        self.left = threading.Event()  # the client of a request that hangs has gone
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> OpenAIServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, body: Body) -> Answer:
        with self._lock:
            self.asked.append((path.removeprefix("/v1/"), body))
            found = self.script.popleft() if self.script else self.default
        return found if isinstance(found, Answer) else found(body)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.keys.append(self.headers["authorization"])
                self._send(Answer(content=json.dumps({"data": outer.models}).encode()))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                self._send(outer.answer(self.path, body))

            def _send(self, answer: Answer) -> None:
                if answer.content or not answer.hangs:
                    self.send_response(answer.status)
                    self.send_header("content-type", answer.kind)
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    if not answer.hangs:
                        self.send_header("content-length", str(len(answer.content)))
                    self.end_headers()
                    self.wfile.write(answer.content)
                if answer.hangs:
                    outer.hanging = self.client_address[1]
                    outer.reached.set()
                    with contextlib.suppress(ConnectionResetError):
                        self.rfile.read(1)  # nothing more is sent: this ends with the connection
                    outer.left.set()
                    self.close_connection = True

            def log_message(self, format: str, *args: Any) -> None: ...

        return Handler
