"""Turns whose traces nobody exports: they have ids all the same, so that logs and Agents can be joined."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from lmos.core.protocols.trace_context import TraceContext

if TYPE_CHECKING:
    from lmos.ports.tracing import Attributes

_TRACE_DIGITS = 32
_ID_BYTES = 24


class Untraced:
    """
    `Traces` that end nowhere.

    A Turn without a caller's trace gets a new one. It says that it may be sampled, so that Agents which
    record do as they would without us.
    """

    def turn(self, caller: TraceContext | None) -> UntracedTurn:
        """The caller's trace as it came, or the id of a new one."""
        if caller is None:
            digits = secrets.token_hex(_ID_BYTES)
            caller = TraceContext(digits[:_TRACE_DIGITS], digits[_TRACE_DIGITS:])
        return UntracedTurn(caller)

    def close(self) -> None:
        """There is nothing to export."""


class UntracedTurn:
    """A Turn's trace, and each of its spans."""

    __slots__ = ("headers", "trace_id")

    is_recording = False

    def __init__(self, context: TraceContext) -> None:
        self.trace_id = context.trace_id
        self.headers = context.headers

    def begin(self, _stage: str, *, is_call: bool = False) -> UntracedTurn:  # noqa: ARG002 - nobody will see it
        """Nothing new."""
        return self

    def note(self, attributes: Attributes) -> None:
        """Nobody will see it."""

    def said(self, question: str, answer: str) -> None:
        """Nobody will see it."""

    def end(self, error: str = "") -> None:
        """Nobody waits for it."""
