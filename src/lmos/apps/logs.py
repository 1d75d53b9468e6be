"""What the services say while they work: events with fields."""

from __future__ import annotations

import logging
import os
import sys
from typing import TextIO

import orjson
import structlog


def configure_logging(stream: TextIO | None = None) -> None:
    """
    Log events with fields: readable on a terminal, JSON lines anywhere else.

    `LMOS_LOG_LEVEL` (debug, info, warning, error) sets the level; info if unset.
    """
    output = stream or sys.stderr
    level = logging.getLevelNamesMapping().get(os.environ.get("LMOS_LOG_LEVEL", "info").upper(), logging.INFO)
    renderer = (
        structlog.dev.ConsoleRenderer()
        if output.isatty()
        else structlog.processors.JSONRenderer(serializer=_json_line)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # A line is one write; printed it would be two.
        logger_factory=structlog.WriteLoggerFactory(output),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=output, level=max(level, logging.WARNING))


def _json_line(event: object, **_: object) -> str:
    """One line of the log; what JSON has no word for is written as text."""
    return orjson.dumps(event, default=str).decode()
