"""The traces of Turns: one a Turn, with a span for each stage, gone on with by the Agents that are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lmos.core.protocols.trace_context import TraceContext

    Attributes = Mapping[str, str | int | float | bool]


class Span(Protocol):
    """One stage of a Turn, open until its `end`."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The W3C headers (`traceparent`, `tracestate`) by which another process goes on with it."""
        ...

    def note(self, attributes: Attributes) -> None:
        """Say more about it."""
        ...

    def said(self, question: str, answer: str) -> None:
        """The words of the Turn; they are kept only where somebody asked for them."""
        ...

    def end(self, error: str = "") -> None:
        """It is over, with the code of an error where it failed."""
        ...


class TurnTrace(Span, Protocol):
    """The trace of a Turn, itself the span that holds all others."""

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits, also where nothing is exported."""
        ...

    @property
    def is_recording(self) -> bool:
        """Whether anybody will see it; where not, nothing needs to be noted."""
        ...

    def begin(self, stage: str, *, is_call: bool = False) -> Span:
        """Open a span below it; `is_call` where another process is asked."""
        ...


class Traces(Protocol):
    """Begins traces."""

    def turn(self, caller: TraceContext | None) -> TurnTrace:
        """The trace of a new Turn: its caller's, where it has one."""
        ...

    def close(self) -> None:
        """Export what has ended; nothing begins afterwards."""
        ...
