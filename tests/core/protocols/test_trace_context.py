"""W3C Trace Context: what is taken, and what is not there as it is invalid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmos.core.protocols.trace_context import LONGEST_STATE, MOST_MEMBERS, TraceContext

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize(
    ("traceparent", "is_sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-03", True),
        (f"cc-{TRACE}-{SPAN}-01", True),
        (f"cc-{TRACE}-{SPAN}-00-what-the-future-is-like", False),
    ],
)
def test_a_valid_traceparent_is_understood(traceparent: str, is_sampled: bool) -> None:
    assert TraceContext.parse(traceparent) == TraceContext(TRACE, SPAN, is_sampled)


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "00",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-01-more",
        f"cc-{TRACE}-{SPAN}-01.more",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f" 00-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
        f"00-{TRACE}-{SPAN}-\N{ARABIC-INDIC DIGIT ZERO}1",
    ],
)
def test_an_invalid_traceparent_is_not_there(traceparent: str) -> None:
    assert TraceContext.parse(traceparent, "vendor=1") is None


@pytest.mark.parametrize(
    "tracestate",
    [
        "vendor=1",
        "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
        "tenant@system=a b , other=1",
        "a=1,,b=2",
        ",".join(f"k{number}=v" for number in range(MOST_MEMBERS)),
    ],
)
def test_a_tracestate_goes_on_as_it_came(tracestate: str) -> None:
    context = TraceContext.parse(f"00-{TRACE}-{SPAN}-01", tracestate)

    assert context is not None
    assert context.headers == {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": tracestate}


@pytest.mark.parametrize(
    "tracestate",
    [
        "",
        " ",
        "novalue",
        "Upper=1",
        "a=1,a=2",
        "a=b=c",
        "a=ü",
        "a=1\r\nx-admin: 1",
        ",".join(f"k{number}=v" for number in range(MOST_MEMBERS + 1)),
        f"a={'v' * LONGEST_STATE}",
    ],
)
def test_an_invalid_tracestate_is_dropped_and_the_trace_goes_on(tracestate: str) -> None:
    assert TraceContext.parse(f"00-{TRACE}-{SPAN}-01", tracestate) == TraceContext(TRACE, SPAN)


@given(st.text(), st.text())
def test_whatever_comes_what_goes_on_is_valid(traceparent: str, tracestate: str) -> None:
    context = TraceContext.parse(traceparent, tracestate)

    if context is not None:
        assert TraceContext.parse(context.headers["traceparent"], context.state) == context
