"""Traces exported by OpenTelemetry (`lmos[otel]`)."""

from __future__ import annotations

from lmos.adapters.otel.traces import OtelTraces

__all__ = ["OtelTraces"]
