"""The caller's trace in the Agent's process, where its spans and its log lines go on with it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.context import attach
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from lmos.core.protocols.trace_context import TRACEPARENT, TRACESTATE, TraceContext

if TYPE_CHECKING:
    from collections.abc import Mapping

_W3C = TraceContextTextMapPropagator()


def caller_of(*sources: Mapping[str, str]) -> TraceContext | None:
    """The place in a trace that the first of `sources` with a `traceparent` tells of, if that is valid."""
    for source in sources:
        if TRACEPARENT in source:
            return TraceContext.parse(source[TRACEPARENT], source.get(TRACESTATE, ""))
    return None


def go_on_with(caller: TraceContext) -> None:
    """
    Make the caller's span the current one of this task, and of what it begins from now on.

    Whatever records by OpenTelemetry in a handler (a model, an HTTP client, the handler itself) is then part
    of the caller's trace, exported as the process was told to.
    """
    # Each Turn is a task of its own, with which this ends.
    attach(_W3C.extract(caller.headers))


class TraceOfRecord(logging.Filter):
    """Gives each log record a `trace`: ` trace_id=…` where its Turn has one, else nothing."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through."""
        context = trace.get_current_span().get_span_context()
        record.trace = f" trace_id={context.trace_id:032x}" if context.is_valid else ""
        return True
