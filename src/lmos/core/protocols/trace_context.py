"""W3C Trace Context: by which one trace goes on from process to process."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"
TRACE_HEADERS = (TRACEPARENT, TRACESTATE)

MOST_MEMBERS = 32
LONGEST_STATE = 512
"""Characters of a `tracestate`; a longer one may be dropped, and is."""

SAMPLED = 0x01

_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
# A value holds printable characters but comma and equals sign, and ends with no space.
_MEMBER = re.compile(
    r"[ \t]*([a-z0-9][a-z0-9_*/@-]{0,255})="
    r"[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e][ \t]*"
)
_FIRST_VERSION = "00"
_NO_VERSION = "ff"


@dataclass(frozen=True, slots=True)
class TraceContext:
    """
    Where in which trace a caller stands.

    Attributes:
        trace_id: 32 hexadecimal digits in lower case, not all zero.
        span_id: 16 of them: the caller's span, of which ours become children.
        is_sampled: Whether the caller may have recorded it.
        state: What tracing systems say to themselves, as it came; empty where there is none.

    Source:
        https://www.w3.org/TR/trace-context/
    """

    trace_id: str
    span_id: str
    is_sampled: bool = True
    state: str = ""

    @classmethod
    def parse(cls, traceparent: str, tracestate: str = "") -> Self | None:
        """
        What the two headers say; None where the first is invalid and the trace begins anew.

        A `tracestate` that is invalid or too long is dropped, and the trace goes on without it.
        """
        found = _PARENT.fullmatch(traceparent)
        if found is None:
            return None
        version, trace_id, span_id, flags, more = found.groups()
        if version == _NO_VERSION or (version == _FIRST_VERSION and more):
            return None
        if not (trace_id.strip("0") and span_id.strip("0")):
            return None
        is_sampled = bool(int(flags, 16) & SAMPLED)
        return cls(trace_id, span_id, is_sampled, tracestate if _is_state(tracestate) else "")

    @property
    def headers(self) -> dict[str, str]:
        """The headers that say it."""
        parent = f"{_FIRST_VERSION}-{self.trace_id}-{self.span_id}-{int(self.is_sampled):02x}"
        return {TRACEPARENT: parent, TRACESTATE: self.state} if self.state else {TRACEPARENT: parent}


def _is_state(text: str) -> bool:
    if not text or len(text) > LONGEST_STATE:
        return False
    members = [member for member in text.split(",") if member.strip(" \t")]
    found = [_MEMBER.fullmatch(member) for member in members]
    keys = {each.group(1) for each in found if each}
    return 0 < len(members) <= MOST_MEMBERS and len(keys) == len(members)
