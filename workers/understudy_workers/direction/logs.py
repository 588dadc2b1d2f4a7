"""Logs of the pool's processes: one JSON object a line on standard error, where Ray keeps them by process."""

from __future__ import annotations

import sys

import structlog


def write_json_logs() -> None:
    """Makes every logger of this process write JSON. Tracebacks are told without local variables: those hold tokens."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
