"""Where the traces of Turns go, as the environment says."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar

import structlog

from lmos.adapters.untraced import Untraced
from lmos.core.errors import LmosError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lmos.ports.tracing import Traces

log = structlog.get_logger()

_NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
_TRUE = "true"


class TracesNotExported(LmosError):
    """The environment names a place for traces, and what sends them there is not installed."""

    code: ClassVar[str] = "TracesNotExported"

    def __init__(self) -> None:
        super().__init__(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: no trace is exported.",
            hint="Install it: pip install 'lmos[otel]'",
        )


def traces_of(environment: Mapping[str, str]) -> Traces:
    """Traces sent by OTLP over HTTP where `environment` says so; else Turns have ids and no more."""
    if not _are_wanted(environment):
        return Untraced()
    if missing := traces_missing(environment):
        log.warning("traces_not_exported", error=missing.message, hint=missing.hint)
        return Untraced()
    # Not loaded for those who do not export.
    from lmos.adapters.otel import OtelTraces  # noqa: PLC0415

    return OtelTraces(with_content=environment.get("LMOS_TRACE_CONTENT", "").lower() == _TRUE)


def traces_missing(environment: Mapping[str, str]) -> TracesNotExported | None:
    """What to tell a person who wants traces that cannot be exported."""
    if _are_wanted(environment) and not all(map(_is_there, _NEEDED)):
        return TracesNotExported()
    return None


def _are_wanted(environment: Mapping[str, str]) -> bool:
    endpoint = environment.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or environment.get(
        "OTEL_EXPORTER_OTLP_ENDPOINT"
    )
    return bool(endpoint) and environment.get("OTEL_SDK_DISABLED", "").lower() != _TRUE


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
