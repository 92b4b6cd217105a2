"""A real collector of traces on a free port: OTLP over HTTP, whose answers the test chooses."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# requests: here and not in the run of a test, as pytester would forget what is imported there, and half of it stays.
import requests  # noqa: F401
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """Keeps the spans that it gets, and their bytes."""

    def __init__(self, status=200):
        self.raw = b""
        self.spans = []  # (service, span), in order of arrival
        self.release = threading.Event()  # of one with status 0, which answers nothing before
        self._status = status
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def environment(self):
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self._server.server_port}"}

    def named(self, name):
        return [span for _, span in self.spans if span.name == name]

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.release.set()
        self._server.shutdown()
        self._server.server_close()

    def _take(self, path, body):
        assert path == "/v1/traces"
        self.raw += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            (service,) = (a.value.string_value for a in resource.resource.attributes if a.key == "service.name")
            self.spans += [(service, span) for scope in resource.scope_spans for span in scope.spans]

    def _handler(collector):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                if collector._status == 0:
                    collector.release.wait()
                    return
                collector._take(self.path, body)
                self.send_response(collector._status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler


def figures(span):
    """What a span says, without the names' first part."""
    return {a.key.removeprefix("supercharger."): getattr(a.value, a.value.WhichOneof("value")) for a in span.attributes}
