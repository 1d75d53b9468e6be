"""Where traces go is said by the environment."""

from __future__ import annotations

import pytest

from lmos.adapters.otel import OtelTraces
from lmos.adapters.untraced import Untraced
from lmos.apps import traces
from lmos.apps.traces import traces_missing, traces_of
from lmos.core.protocols.trace_context import TraceContext

NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("environment", "is_exported"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": NOWHERE}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": NOWHERE}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": NOWHERE, "OTEL_SDK_DISABLED": "true"}, False),
        ({"LMOS_TRACE_CONTENT": "true"}, False),
    ],
)
def test_traces_are_exported_where_an_endpoint_is_named(
    environment: dict[str, str], is_exported: bool
) -> None:
    made = traces_of(environment)
    made.close()

    assert isinstance(made, OtelTraces if is_exported else Untraced)


def test_what_is_not_installed_is_told_and_turns_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(traces, "_NEEDED", ("nowhere_to_be_found.sdk",))
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": NOWHERE}

    missing = traces_missing(environment)
    assert missing is not None
    assert "lmos[otel]" in missing.hint
    assert isinstance(traces_of(environment), Untraced)
    assert "traces_not_exported" in capsys.readouterr().out
    assert traces_missing({}) is None


def test_a_turn_that_nobody_exports_has_a_trace_id_of_its_own() -> None:
    first, second = (Untraced().turn(None) for _ in range(2))

    told = TraceContext.parse(first.headers["traceparent"])
    assert told is not None
    assert (told.trace_id, told.is_sampled) == (first.trace_id, True)
    assert first.trace_id != second.trace_id


def test_where_nothing_is_exported_a_callers_trace_goes_on_as_it_came() -> None:
    caller = TraceContext("a" * 32, "1" * 16, is_sampled=False, state="vendor=1")
    turn = Untraced().turn(caller)

    assert turn.trace_id == caller.trace_id
    assert turn.begin("ask", is_call=True).headers == caller.headers
