"""The headers of a Turn: those that an Agent is sent, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmos.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

SUBSET_HEADER = "x-subset"
TRACE_HEADERS = ("traceparent", "tracestate")


def sendable(headers: Mapping[str, str]) -> dict[str, str]:
    """
    The headers by their names in lower case.

    Raises:
        InvalidInput: One holds what HTTP cannot carry; a line break in a value would begin another header.
    """
    for name, value in headers.items():
        if not (name + value).isascii() or not (name + value).isprintable():
            raise InvalidInput(
                f"Header {name!r} cannot be {value!r}.", hint="Use printable ASCII characters."
            )
    return {name.lower(): value for name, value in headers.items()}
