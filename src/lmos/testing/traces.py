"""Traces that are kept in memory, to be looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lmos.core.protocols.trace_context import TraceContext

if TYPE_CHECKING:
    from lmos.ports.tracing import Attributes


@dataclass
class SeenSpan:
    """
    A span, of a Turn or below one.

    Attributes:
        context: By which another process goes on with it.
        attributes: What was noted.
        words: The question and the answer, if they were said.
        error: The code that it ended with, None until it has ended.
        below: The spans that were begun below it.
    """

    name: str
    context: TraceContext
    is_call: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)
    words: tuple[str, str] | None = None
    error: str | None = None
    below: list[SeenSpan] = field(default_factory=list)

    is_recording = True

    @property
    def trace_id(self) -> str:
        """The trace's id."""
        return self.context.trace_id

    @property
    def headers(self) -> dict[str, str]:
        """What another process goes on with."""
        return self.context.headers

    def begin(self, stage: str, *, is_call: bool = False) -> SeenSpan:
        """A span below this one; its id tells its place."""
        number = int(self.context.span_id, 16) * 16 + len(self.below) + 1
        context = TraceContext(self.trace_id, f"{number:016x}", self.context.is_sampled, self.context.state)
        self.below.append(SeenSpan(stage, context, is_call))
        return self.below[-1]

    def note(self, attributes: Attributes) -> None:
        """Keep it."""
        self.attributes |= attributes

    def said(self, question: str, answer: str) -> None:
        """Keep the words."""
        self.words = question, answer

    def end(self, error: str = "") -> None:
        """Keep how it ended."""
        self.error = error


class SeenTraces:
    """`Traces` in memory: `turns` in their order, each new one's id its number."""

    def __init__(self) -> None:
        self.turns: list[SeenSpan] = []

    def turn(self, caller: TraceContext | None) -> SeenSpan:
        """The trace of a new Turn."""
        number = len(self.turns) + 1
        trace_id, state = (caller.trace_id, caller.state) if caller else (f"{number:032x}", "")
        self.turns.append(SeenSpan("turn", TraceContext(trace_id, f"{number:016x}", state=state)))
        return self.turns[-1]

    def close(self) -> None:
        """Nothing is exported."""
