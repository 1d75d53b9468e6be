"""An Agent's own log lines and spans go on with the trace of whoever asked it."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from websockets.asyncio.client import connect

from lmos.arc import Agent, Turn
from lmos.arc.testing import served
from lmos.arc.trace import TraceOfRecord
from lmos.core.protocols.agent_api import result_in, subscribe_payload
from lmos.core.protocols.graphql_ws.frames import frame
from lmos.core.protocols.trace_context import TraceContext
from tests.adapters.agents.wayward import request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

FIRST, SECOND = TraceContext("a" * 32, "1" * 16, state="vendor=1"), TraceContext("b" * 32, "2" * 16)


async def asked_together(answer: Callable[[Turn], str], *callers: TraceContext | None) -> list[str]:
    """The answers of an Agent that is asked as many Turns on one socket, all under way at once."""
    agent, together = Agent("traced-agent", channels=["web"]), asyncio.Barrier(len(callers))

    @agent.handler
    async def handler(turn: Turn) -> AsyncIterator[str]:
        await together.wait()
        yield answer(turn)

    answers: dict[int, str] = {}
    async with served(agent) as port, connect(f"ws://127.0.0.1:{port}/subscriptions") as socket:
        await socket.send('{"type":"connection_init"}')
        for number, caller in enumerate(callers):
            payload = subscribe_payload(request(), trace=caller.headers if caller else None)
            await socket.send(frame("subscribe", str(number), payload))
        while len(answers) < len(callers):
            said = json.loads(await socket.recv())
            if said["type"] == "next":
                answers[int(said["id"])] = result_in(said["payload"]).text
    return [answers[number] for number in sorted(answers)]


async def test_two_turns_on_one_socket_have_a_trace_each() -> None:
    def seen(turn: Turn) -> str:
        return f"{turn.trace.get('traceparent')} {turn.trace.get('tracestate')}"

    answers = await asked_together(seen, FIRST, SECOND, None)

    assert answers == [
        f"{FIRST.headers['traceparent']} vendor=1",
        f"{SECOND.headers['traceparent']} None",
        "None None",
    ]


async def test_what_a_handler_records_is_part_of_the_callers_trace() -> None:
    spans, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    tracer = provider.get_tracer("test")

    def work(turn: Turn) -> str:
        with tracer.start_as_current_span("look up"):
            return turn.text

    await asked_together(work, FIRST, SECOND)

    parents = {
        (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}")
        for span in spans.get_finished_spans()
        if span.parent
    }
    assert parents == {(each.trace_id, each.span_id) for each in (FIRST, SECOND)}


async def test_what_a_handler_logs_names_the_trace() -> None:
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Kept()
    handler.addFilter(TraceOfRecord())
    handler.setFormatter(logging.Formatter("%(message)s%(trace)s"))
    log = logging.getLogger("tests.traced-agent")
    log.addHandler(handler)

    def work(turn: Turn) -> str:
        log.warning("working")
        return turn.text

    await asked_together(work, FIRST, None)

    assert f"working trace_id={FIRST.trace_id}" in lines
    assert "working" in lines
    assert not trace.get_current_span().get_span_context().is_valid
