"""Traces as OpenTelemetry exports them."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from lmos.adapters.otel import OtelTraces
from lmos.core.protocols.trace_context import TraceContext

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.sdk.trace import ReadableSpan

CALLER = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", state="vendor=1")


def exported(
    caller: TraceContext | None = None, *, with_content: bool = False, error: str = ""
) -> dict[str, ReadableSpan]:
    """The spans of a Turn that asks an Agent, by their names."""
    exporter = InMemorySpanExporter()
    traces = OtelTraces(with_content=with_content, exporter=exporter)
    turn = traces.turn(caller)
    ask = turn.begin("ask", is_call=True)
    ask.note({"gen_ai.agent.name": "billing"})
    ask.said("my question", "my answer")
    ask.end(error)
    turn.end(error)
    traces.close()
    return {span.name: span for span in exporter.get_finished_spans()}


def test_a_turn_is_served_and_its_agent_is_called() -> None:
    spans = exported()

    assert (spans["turn"].kind, spans["ask"].kind) == (SpanKind.SERVER, SpanKind.CLIENT)
    assert spans["turn"].parent is None
    assert spans["ask"].parent == spans["turn"].context
    assert dict(spans["ask"].attributes or {}) == {"gen_ai.agent.name": "billing"}


def test_a_turn_goes_on_with_its_callers_trace() -> None:
    turn = exported(CALLER)["turn"]

    assert turn.parent is not None
    assert turn.parent.is_remote
    assert f"{turn.parent.span_id:016x}" == CALLER.span_id
    assert f"{turn.context.trace_id:032x}" == CALLER.trace_id


def test_an_agent_is_told_of_the_span_that_asks_it() -> None:
    traces = OtelTraces(exporter=InMemorySpanExporter())
    turn = traces.turn(CALLER)

    told = TraceContext.parse(**turn.begin("ask", is_call=True).headers)
    assert told is not None
    assert (told.trace_id, told.is_sampled, told.state) == (turn.trace_id, True, "vendor=1")
    assert told.span_id not in {CALLER.span_id, TraceContext.parse(**turn.headers)}
    traces.close()


def test_what_a_caller_does_not_sample_is_not_exported_and_goes_on_unsampled() -> None:
    exporter = InMemorySpanExporter()
    traces = OtelTraces(exporter=exporter)
    turn = traces.turn(TraceContext(CALLER.trace_id, CALLER.span_id, is_sampled=False))
    turn.end()
    traces.close()

    assert not turn.is_recording
    assert turn.trace_id == CALLER.trace_id
    assert turn.headers["traceparent"].endswith("-00")
    assert exporter.get_finished_spans() == ()


def test_an_error_is_told_by_its_code() -> None:
    turn = exported(error="AgentTimeout")["turn"]

    assert turn.status.status_code is StatusCode.ERROR
    assert (turn.attributes or {})["error.type"] == "AgentTimeout"
    assert turn.events == ()


def test_words_are_exported_only_where_they_are_asked_for() -> None:
    silent, told = exported()["ask"], exported(with_content=True)["ask"]

    assert "my" not in str(silent.attributes)
    (question,) = json.loads(str((told.attributes or {})["gen_ai.input.messages"]))
    assert question == {"role": "user", "parts": [{"type": "text", "content": "my question"}]}
    (answer,) = json.loads(str((told.attributes or {})["gen_ai.output.messages"]))
    assert answer["parts"] == [{"type": "text", "content": "my answer"}]


@contextmanager
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """A collector of OTLP over HTTP: its URL, and what it received."""
    received: list[ExportTraceServiceRequest] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding"):
                raise NotImplementedError
            received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Collector)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", received
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


@pytest.mark.parametrize("name", ["", "shop"])
def test_traces_are_sent_by_otlp_over_http(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with collector() as (url, received):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        monkeypatch.setenv("OTEL_SERVICE_NAME", name)
        traces = OtelTraces()
        traces.turn(CALLER).end()
        traces.close()

    (resource,) = received[0].resource_spans
    told = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert told["service.name"] == (name or "lmos-runtime")
    (span,) = resource.scope_spans[0].spans
    assert span.trace_id.hex() == CALLER.trace_id
    assert span.name == "turn"
