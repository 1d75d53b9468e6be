"""Turns as traces of OpenTelemetry, sent by OTLP over HTTP."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import orjson
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from lmos.core.protocols.trace_context import TraceContext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, Tracer

    from lmos.ports.tracing import Attributes

SERVICE = "lmos-runtime"
"""What the traces say that they come from, unless `OTEL_SERVICE_NAME` says otherwise."""

CLOSE_SECONDS = 2.0
"""How long it is tried again to export the last spans when the process ends."""

INPUT, OUTPUT = "gen_ai.input.messages", "gen_ai.output.messages"
"""What was said, in the JSON of the semantic conventions for generative AI."""

_W3C = TraceContextTextMapPropagator()


class OtelTraces:
    """
    `Traces` that are exported in batches from a thread of their own.

    Endpoint, headers, sampler and limits are read from the environment, as OpenTelemetry's own variables say.
    Spans are handed from stage to stage by hand: none is ever the current one of a thread or task.

    Args:
        with_content: Whether the words of users and Agents are exported too.
        exporter: Where spans go; by OTLP over HTTP if absent.
    """

    def __init__(self, *, with_content: bool = False, exporter: SpanExporter | None = None) -> None:
        resource = Resource.create({"service.name": SERVICE}).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._exporter = exporter or OTLPSpanExporter()
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("lmos")
        self._with_content = with_content

    def turn(self, caller: TraceContext | None) -> OtelSpan:
        """The trace of a new Turn, a child of its caller's span."""
        parent = _W3C.extract(caller.headers, Context()) if caller else Context()
        span = self._tracer.start_span("turn", parent, SpanKind.SERVER)
        return OtelSpan(span, self._tracer, with_content=self._with_content)

    def close(self) -> None:
        """Export what has ended; a collector that does not answer is left after CLOSE_SECONDS."""
        patience = threading.Timer(CLOSE_SECONDS, self._exporter.shutdown)
        patience.start()
        try:
            self._provider.shutdown()
        finally:
            patience.cancel()


class OtelSpan:
    """A span; that of a Turn holds the others."""

    __slots__ = ("_span", "_tracer", "_with_content")

    def __init__(self, span: Span, tracer: Tracer, *, with_content: bool) -> None:
        self._span = span
        self._tracer = tracer
        self._with_content = with_content

    @property
    def trace_id(self) -> str:
        """The trace's id."""
        return f"{self._span.get_span_context().trace_id:032x}"

    @property
    def is_recording(self) -> bool:
        """Whether it was sampled."""
        return self._span.is_recording()

    @property
    def headers(self) -> Mapping[str, str]:
        """What another process goes on with."""
        context = self._span.get_span_context()
        return TraceContext(
            f"{context.trace_id:032x}",
            f"{context.span_id:016x}",
            context.trace_flags.sampled,
            context.trace_state.to_header(),
        ).headers

    def begin(self, stage: str, *, is_call: bool = False) -> OtelSpan:
        """A span below this one."""
        kind = SpanKind.CLIENT if is_call else SpanKind.INTERNAL
        below = self._tracer.start_span(stage, set_span_in_context(self._span, Context()), kind)
        return OtelSpan(below, self._tracer, with_content=self._with_content)

    def note(self, attributes: Attributes) -> None:
        """Say more about it."""
        self._span.set_attributes(attributes)

    def said(self, question: str, answer: str) -> None:
        """The words of the Turn, where they were asked for."""
        if self._with_content and self._span.is_recording():
            answered = _message("assistant", answer) | {"finish_reason": "stop"}
            self._span.set_attribute(INPUT, orjson.dumps([_message("user", question)]).decode())
            self._span.set_attribute(OUTPUT, orjson.dumps([answered]).decode())

    def end(self, error: str = "") -> None:
        """It is over."""
        if error:
            self._span.set_attribute("error.type", error)
            self._span.set_status(Status(StatusCode.ERROR, error))
        self._span.end()


def _message(role: str, text: str) -> dict[str, object]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}
